"""Is the leader down for so long that the standby should have heard of it, and has not?

Alarms start runs. This is for the day on which no alarm arrives: the event was lost, the rule was deleted, the run that
it started stood down on a doubt that has since gone away. It waits, so that an alarm always has the first word, and it
decides no failover: the run that it starts looks again by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from failover.domain.intake import Start, TriggerKind, execution_name, held_back, not_here
from failover.domain.leader_record import LeaderRecord, Refusal
from failover.domain.plan import Plan
from failover.domain.signals import Observation

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_PAUSE = timedelta(hours=1)


def may_open(record: LeaderRecord, plan: Plan, region: str, now: datetime) -> Refusal | None:
    """Why `region` need not even look, or None."""
    reason = not_here(region, plan, record) or held_back(record, "", TriggerKind.PROBE, now)
    return Refusal(reason) if reason else None


def down_since(seen: Sequence[Observation]) -> datetime | None:
    """The oldest evidence against the leader, None when no vantage point tells since when."""
    return min((one.since for one in seen if one.speaks_against and one.since is not None), default=None)


def open_incident(
    seen: Sequence[Observation], record: LeaderRecord, plan: Plan, now: datetime, ended: Sequence[datetime]
) -> Start | Refusal:
    """The run to start, or why none is. A single look is enough, since the evidence itself is old.

    `ended` are the ends of this outage's earlier runs. Each fenced the leader and stood down for a reason that time alone
    may not mend, so the next waits twice as long.
    """
    against = [one for one in seen if one.speaks_against]
    alive = [one for one in seen if one.speaks_for and one.outside]
    told = "; ".join(f"{one.vantage_point}: {one.health}, {one.detail}" for one in seen)
    if alive or len(against) < plan.signals_required:
        return Refusal(f"{len(against)} of {plan.signals_required} vantage points find {record.leader} down ({told}).")
    since = down_since(seen)
    if since is None:
        return Refusal(f"No vantage point tells since when {record.leader} is down ({told}).")
    lasted, patience = now - since, plan.timing.probe_after
    if ended:
        pause = min(patience * 2 ** (len(ended) - 1), LONGEST_PAUSE)
        if now - max(ended) < pause:
            return Refusal(
                f"{len(ended)} runs of this outage have stood down; "
                f"the next begins {pause.total_seconds():.0f} s after the last ({told})."
            )
    elif lasted < patience:
        return Refusal(
            f"{record.leader} is down for {lasted.total_seconds():.0f} s; "
            f"an alarm has {patience.total_seconds():.0f} s to arrive first ({told})."
        )
    return Start(
        execution_name(record.epoch, "probe", str(_period(now, patience))),
        {
            "trigger": {
                "kind": TriggerKind.PROBE.value,
                "reason": (
                    f"No alarm and no earlier run ended it: {record.leader} is down for"
                    f" {lasted.total_seconds():.0f} s ({told})."
                ),
                "alarm_arn": None,
                "observed_at": now.astimezone(UTC).isoformat(),
            },
            "expected_epoch": record.epoch,
        },
    )


def _period(now: datetime, length: timedelta) -> int:
    return (now - EPOCH) // length
