"""May a person start a run in a Region now, in which mode, and if not, what to do instead?

Neither a disarm nor the time after a failover holds a person back; a fence and a run in progress do.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from failover.domain.intake import Start, TriggerKind, held_back
from failover.domain.leader_record import LeaderRecord, Refusal
from failover.domain.plan import Plan
from failover.domain.run import Mode

LONGEST_REASON = 300
WAIT_FOR_ITS_END = "Wait for its end; `drlab status` shows it."


def decide(
    mode: Mode,
    name: str,
    region: str,
    plan: Plan,
    record: LeaderRecord,
    running: Collection[str],
    reason: str,
    now: datetime,
) -> Start | Refusal:
    """The run `name` to start in `region`, or why none is. `running` are the names of the runs in progress there."""
    said = said_plainly(reason)
    if isinstance(said, Refusal):
        return said
    if obstacle := why_not(region, plan, record, name, now):
        return Refusal(obstacle)
    if running:
        return Refusal(f"Another run is in progress: {sorted(running)[0]}. {WAIT_FOR_ITS_END}")
    return Start(name, {"mode": mode.value, **asked_for(said, record, now)})


def said_plainly(reason: str) -> str | Refusal:
    """On one line, and of a length that every message has room for."""
    said = " ".join(reason.split())
    return (
        said
        if 1 <= len(said) <= LONGEST_REASON
        else Refusal(f"A reason of 1 to {LONGEST_REASON} characters is needed.")
    )


def asked_for(said: str, record: LeaderRecord, now: datetime) -> dict[str, Any]:
    """What the input of every run says that a person asked for against this record; against another it does nothing."""
    trigger = {
        "kind": TriggerKind.MANUAL.value,
        "reason": said,
        "alarm_arn": None,
        "observed_at": now.astimezone(UTC).isoformat(),
    }
    return {"trigger": trigger, "expected_epoch": record.epoch}


def why_not(region: str, plan: Plan, record: LeaderRecord, run: str, now: datetime) -> str | None:
    """Why a person's run `run` to `region` may not begin, with what to do instead; None when it may."""
    names = " or ".join(plan.regions)
    if region not in plan.regions:
        return f"{region} is not a Region of the plan that can lead: switch over to {names}."
    if record.leader not in plan.regions:
        return (
            f"The leader record names {record.leader}, which the plan does not know: publish a plan with {names} first."
        )
    if record.leader == region:
        return (
            f"{region} already leads, in epoch {record.epoch}, so nothing was changed. To move the leadership away from it,"
            f" switch over to {plan.standby_of(region)}."
        )
    if reason := held_back(record, run, TriggerKind.MANUAL, now):
        return f"{reason} {WAIT_FOR_ITS_END}"
    return None
