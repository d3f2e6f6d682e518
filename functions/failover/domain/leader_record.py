"""Which Region may accept writes, and which change of that is allowed next?

The leader record is lock, fence, traffic switch and latch at once. A change is a pure function of the record
that answers with the next record, or with a Refusal whose reason is one sentence. Every change is idempotent by run: a
run whose answer was lost asks again and is told the same thing, without a new epoch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from failover.domain.instants import aware


class State(StrEnum):
    """open: the leader accepts writes. fenced: nobody does, and `run` alone may change that."""

    OPEN = "open"
    FENCED = "fenced"


@dataclass(frozen=True)
class Disarmed:
    """Until then neither an alarm nor a probe starts a run: who wanted that, and why."""

    until: datetime
    by: str
    reason: str

    def to_dict(self) -> dict[str, Any]:
        return {"until": self.until.isoformat(), "by": self.by, "reason": self.reason}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Disarmed:
        """Raises KeyError, TypeError or ValueError on anything that `to_dict` could not have written."""
        by, reason = data["by"], data["reason"]
        if not isinstance(by, str) or not isinstance(reason, str):
            raise TypeError("disarmed.by and disarmed.reason must be text")
        return Disarmed(aware(data["until"]), by, reason)


@dataclass(frozen=True)
class LeaderRecord:
    """`epoch` counts the changes; `run` made the last one, None for the first record. Instants are aware UTC."""

    epoch: int
    leader: str
    state: State
    run: str | None
    changed_at: datetime
    hold_until: datetime | None = None
    acknowledged: bool = True
    disarmed: Disarmed | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "epoch": self.epoch,
            "leader": self.leader,
            "state": self.state.value,
            "run": self.run,
            "changed_at": self.changed_at.isoformat(),
            "hold_until": self.hold_until.isoformat() if self.hold_until else None,
            "acknowledged": self.acknowledged,
            "disarmed": self.disarmed.to_dict() if self.disarmed else None,
        }

    @staticmethod
    def from_dict(data: dict[str, Any]) -> LeaderRecord:
        """Raises KeyError, TypeError or ValueError on anything that `to_dict` could not have written."""
        hold, disarmed = data["hold_until"], data.get("disarmed")
        epoch, leader, run = data["epoch"], data["leader"], data["run"]
        if type(epoch) is not int or not isinstance(leader, str) or not isinstance(run, str | None):
            raise TypeError("epoch must be a whole number, leader and run text")
        if type(data["acknowledged"]) is not bool:
            raise TypeError("acknowledged must be true or false")
        return LeaderRecord(
            epoch=epoch,
            leader=leader,
            state=State(data["state"]),
            run=run,
            changed_at=aware(data["changed_at"]),
            hold_until=aware(hold) if hold is not None else None,
            acknowledged=data["acknowledged"],
            disarmed=Disarmed.from_dict(disarmed) if disarmed is not None else None,
        )


@dataclass(frozen=True)
class Refusal:
    """Nothing was changed, and why, in one sentence."""

    reason: str


Change = Callable[[LeaderRecord], LeaderRecord | Refusal]


def genesis(leader: str, now: datetime) -> LeaderRecord:
    """The first record: open, epoch 1, nothing held back."""
    return LeaderRecord(epoch=1, leader=leader, state=State.OPEN, run=None, changed_at=now)


def fence(run: str, now: datetime) -> Change:
    """Claim the run: nobody accepts writes once the lease has run out. Refused while another run holds the fence."""

    def change(record: LeaderRecord) -> LeaderRecord | Refusal:
        if record.state is State.OPEN:
            if record.run == run:
                return Refusal(f"{run} has already ended: it left {record.leader} open in epoch {record.epoch}.")
            return _next(record, state=State.FENCED, run=run, changed_at=now)
        if record.run == run:
            return record
        return Refusal(f"{record.run} holds the fence since {record.changed_at:%H:%M:%S} UTC, epoch {record.epoch}.")

    return change


def reopen(run: str, now: datetime) -> Change:
    """Give the same leader back its writes. Only the run that holds the fence may."""

    def change(record: LeaderRecord) -> LeaderRecord | Refusal:
        if record.run != run:
            return Refusal(_not_held(record, run))
        if record.state is State.OPEN:
            return record
        return _next(record, state=State.OPEN, changed_at=now)

    return change


def hand_over(run: str, to: str, now: datetime, hold_until: datetime) -> Change:
    """Make `to` the leader and open it; no automatic run until `hold_until`, and until a person acknowledged."""

    def change(record: LeaderRecord) -> LeaderRecord | Refusal:
        if record.run != run:
            return Refusal(_not_held(record, run))
        if record.state is State.OPEN:
            if record.leader == to:
                return record
            return Refusal(f"{run} has already reopened {record.leader} in epoch {record.epoch}.")
        return _next(record, leader=to, state=State.OPEN, changed_at=now, hold_until=hold_until, acknowledged=False)

    return change


def take_over(run: str, of: str, now: datetime) -> Change:
    """Hand the fence on from the run `of`, which nothing drives any more: from here on it can change nothing."""

    def change(record: LeaderRecord) -> LeaderRecord | Refusal:
        if record.state is State.FENCED and record.run == run:
            return record
        if record.state is not State.FENCED or record.run != of:
            return Refusal(_not_held(record, of))
        return _next(record, run=run, changed_at=now)

    return change


def acknowledge(now: datetime) -> Change:
    """A person has seen the last failover; the next automatic run is allowed once `hold_until` has passed."""

    def change(record: LeaderRecord) -> LeaderRecord | Refusal:
        if record.state is State.FENCED:
            return Refusal(f"{record.run} is not over: it holds the fence in epoch {record.epoch}.")
        if record.acknowledged:
            return record
        return _kept(record, acknowledged=True, changed_at=now)

    return change


def nothing_to_acknowledge(record: LeaderRecord, now: datetime) -> str | None:
    """Why `acknowledge(now)`, which left `record`, had nothing to change; None: it was that change.

    By the instant, for the register may have to make one change twice. Only a new leader brings a hold.
    """
    if record.hold_until is None:
        return "No failover or switchover has made another Region the leader yet: there is nothing to acknowledge."
    if record.changed_at != now:
        return "The last failover was acknowledged before: nothing is changed."
    return None


def disarm(until: datetime, by: str, reason: str, now: datetime) -> Change:
    """Neither an alarm nor a probe starts a run until then. A run that is under way goes on."""

    def change(record: LeaderRecord) -> LeaderRecord | Refusal:
        if until <= now:
            return Refusal(f"{until:%Y-%m-%d %H:%M:%S} UTC is over already.")
        wanted = Disarmed(until, by, reason)
        return record if record.disarmed == wanted else _kept(record, disarmed=wanted)

    return change


def arm() -> Change:
    """Alarms and probes may start runs again."""

    def change(record: LeaderRecord) -> LeaderRecord | Refusal:
        return record if record.disarmed is None else _kept(record, disarmed=None)

    return change


def _kept(record: LeaderRecord, **changes: Any) -> LeaderRecord:
    """The same epoch: who leads, and what a run has judged or fenced, is not touched by it."""
    return replace(record, **changes)


def _next(record: LeaderRecord, **changes: Any) -> LeaderRecord:
    return replace(record, epoch=record.epoch + 1, **changes)


def _not_held(record: LeaderRecord, run: str) -> str:
    if record.state is State.FENCED:
        return f"{run} does not hold the fence: {record.run} does, in epoch {record.epoch}."
    return f"{run} does not hold the fence: {record.leader} is open in epoch {record.epoch}."
