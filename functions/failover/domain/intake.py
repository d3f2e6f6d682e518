"""May a run be started, or go on, given what the leader record says?"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from failover.domain.alarm_event import AlarmEvent
from failover.domain.leader_record import LeaderRecord, Refusal, State
from failover.domain.plan import Plan
from failover.domain.withheld import Withheld


class TriggerKind(StrEnum):
    """A person may start a run in the time after a failover in which no alarm may, nor a probe.

    By schedule nothing is started but rehearsals, which move no leadership.
    """

    ALARM = "alarm"
    PROBE = "probe"
    MANUAL = "manual"
    SCHEDULE = "schedule"


@dataclass(frozen=True)
class Start:
    """Start the workflow under `name`: the same alarm change always gives the same name and the same input."""

    name: str
    input: dict[str, Any]


@dataclass(frozen=True)
class Duplicate:
    """The run of this very alarm change is on its way already."""

    name: str
    reason: str


def execution_name(epoch: int, alarm_arn: str, timestamp: str) -> str:
    """At most 80 characters, and none of those that Step Functions refuses.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
    """
    digest = hashlib.sha256((alarm_arn + timestamp).encode()).hexdigest()[:8]
    return f"failover-e{epoch}-{digest}"


def decide(
    event: AlarmEvent, plan: Plan, region: str, record: LeaderRecord, running: Collection[str], now: datetime
) -> Start | Duplicate | Withheld | Refusal:
    """Whether `event` starts a run in `region`; `running` are the names of the runs in progress there."""
    name = execution_name(record.epoch, event.alarm.arn, event.timestamp)
    if reason := not_here(region, plan, record):
        return Refusal(reason)
    # A run changes the epoch when it fences, and with it the name that a late copy of its alarm would get.
    suffix = name.rpartition("-")[2]
    for other in (*running, *([record.run] if record.run else [])):
        if other.startswith("failover-e") and other.endswith(f"-{suffix}"):
            return Duplicate(other, f"This is a duplicate: the same alarm change started {other}.")
    if event.alarm.watches != record.leader:
        return Refusal(f"{event.alarm.name} watches {event.alarm.watches}, but {record.leader} leads.")
    if event.withheld:
        return event.withheld
    if reason := held_back(record, name, TriggerKind.ALARM, now):
        return Refusal(reason)
    if running:
        return Refusal(f"Another run is in progress: {sorted(running)[0]}.")
    return Start(
        name,
        {
            "trigger": {
                "kind": TriggerKind.ALARM.value,
                "reason": event.reason,
                "alarm_arn": event.alarm.arn,
                "observed_at": event.observed_at.isoformat(),
            },
            "expected_epoch": record.epoch,
        },
    )


def not_here(region: str, plan: Plan, record: LeaderRecord) -> str | None:
    """Why `region` cannot take over from the record's leader, or None when it can."""
    if region not in plan.regions:
        return f"{region} is not a Region of the plan that can lead."
    if record.leader not in plan.regions:
        return f"The leader record names {record.leader}, which the plan does not know."
    if record.leader == region:
        return f"{region} already leads, in epoch {record.epoch}."
    return None


def held_back(record: LeaderRecord, run: str, kind: TriggerKind, now: datetime) -> str | None:
    """Why the record lets no run `run` begin now, or None. A run that holds the fence itself is not held back."""
    if record.state is State.FENCED:
        if record.run == run:
            return None
        return (
            f"{record.run} holds the fence in epoch {record.epoch}, "
            f"since {record.changed_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC."
        )
    if kind is TriggerKind.MANUAL:
        return None
    if record.disarmed is not None and now < record.disarmed.until:
        return (
            f"Disarmed by {record.disarmed.by} until {record.disarmed.until.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC: "
            f"{record.disarmed.reason}"
        )
    if record.hold_until is not None and now < record.hold_until:
        return (
            f"After the last failover no alarm starts a run before "
            f"{record.hold_until.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC."
        )
    if not record.acknowledged:
        return "The last failover has not been acknowledged by a person yet."
    return None
