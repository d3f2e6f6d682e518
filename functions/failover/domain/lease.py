"""May a task accept writes at this moment?

A lease runs from before the first copy was asked, on the task's own monotonic clock. That is safe because two majorities
meet: once a fence is accepted by a majority, every later read shows it, and every lease granted by an earlier read has
run out `duration` after that read began. The clock has to count while the task's host is suspended.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from failover.domain.leader_record import LeaderRecord, Refusal, State


@dataclass(frozen=True)
class Lease:
    """The right to accept writes in `record.epoch` until `valid_until_seconds` of the task's monotonic clock."""

    record: LeaderRecord
    valid_until_seconds: float

    def holds_at(self, monotonic_seconds: float) -> bool:
        return monotonic_seconds < self.valid_until_seconds


def grant(record: LeaderRecord, region: str, asked_at_seconds: float, duration: timedelta) -> Lease | Refusal:
    """A lease for a task in `region`, from a record that a majority held when it was asked at `asked_at_seconds`."""
    if record.state is State.FENCED:
        return Refusal(f"{record.run} has fenced {record.leader} in epoch {record.epoch}.")
    if record.leader != region:
        return Refusal(f"{record.leader} is the leader in epoch {record.epoch}, not {region}.")
    return Lease(record, asked_at_seconds + duration.total_seconds())
