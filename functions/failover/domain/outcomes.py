"""How did a run end, of whichever workflow?"""

from __future__ import annotations

from failover.domain import outcome, rebuild_outcome, rehearsal_outcome
from failover.domain.leader_record import LeaderRecord
from failover.domain.outcome import Outcome
from failover.domain.run import Run


def derive(run: Run, service: str, record: LeaderRecord | None = None) -> Outcome:
    """The outcome of `run` for `service`, from its state, and from the leader record where that is known."""
    if run.rehearsing:
        return rehearsal_outcome.derive_rehearsal(run, service, record)
    if run.rebuilding:
        return rebuild_outcome.derive_rebuild(run, service, record)
    return outcome.derive(run, service, record)
