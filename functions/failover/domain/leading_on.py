"""Who leads as a run ends that moves no leadership? What it saw as it began proves nothing of now."""

from __future__ import annotations

from dataclasses import dataclass

from failover.domain.leader_record import LeaderRecord, State
from failover.domain.run import Run


@dataclass(frozen=True)
class LeadingOn:
    """`leader` None: nobody leads, or it is not known who does. `told` is the part of a sentence that says so."""

    leader: str | None
    epoch: int | None
    told: str


def leading_on(run: Run, record: LeaderRecord | None) -> LeadingOn:
    """From the leader that the run's `check` saw, and from `record`, as it is now; None: not known."""
    first = run.value("check", "leader")
    if record is None:
        return LeadingOn(None, None, f"{first} led when it began" if first else "who leads was not seen")
    if record.state is State.FENCED:
        return LeadingOn(None, record.epoch, f"{record.leader} is fenced by {record.run}, so that nobody leads")
    since = "leads as before" if first in (None, record.leader) else f"leads since epoch {record.epoch}"
    return LeadingOn(record.leader, record.epoch, f"{record.leader} {since}")
