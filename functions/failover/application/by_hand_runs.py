"""What is known of a run that a person drives from a terminal, and that no Step Functions knows of?

Its steps are in the control bucket of the Region that is to lead, and every minute in which its terminal is there has an
object of its own, which nobody needs to overwrite or to delete.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from failover.application.kept_steps import steps_of
from failover.application.ports import Clock, Outcomes
from failover.application.run_ports import KnownRun, VisitedState
from failover.application.under_way import FAILOVER, UnderWay
from failover.domain.abandoned_run import SILENT_MINUTES, DrivenRun, driven_by_hand
from failover.domain.instants import aware

# By its last state, the status that Step Functions would give it.
ENDS = {"FailedOver": "SUCCEEDED", "StoodDown": "SUCCEEDED", "Held": "FAILED"}
RUNNING, ABANDONED = "RUNNING", "ABANDONED"


def heard_key(run: str, at: datetime) -> str:
    """Of the minute of `at`."""
    return f"runs/{run}/heard/{at.astimezone(UTC):%Y%m%dT%H%MZ}.json"


@dataclass(frozen=True)
class ByHandRuns:
    """Of one Region's control bucket. Every method raises TransientFailure or RunRefused."""

    outcomes: Outcomes
    clock: Clock

    def driven(self, run: str) -> DrivenRun:
        steps = steps_of(self.outcomes, run)
        last = steps[-1] if steps else None
        return DrivenRun(
            last.state if last else None,
            last.at if last else None,
            any(one.promotes for one in steps),
            self._heard(run),
            last is not None and last.state in ENDS,
        )

    def find(self, run: str) -> KnownRun | None:
        """None for a run that is none of a person's, or of which no step was kept here."""
        steps = steps_of(self.outcomes, run) if driven_by_hand(run) else []
        if not steps:
            return None
        last = steps[-1]
        if last.state in ENDS:
            return KnownRun(run, ENDS[last.state], aware(last.started_at), last.at)
        return KnownRun(run, RUNNING if self._heard(run) else ABANDONED, aware(last.started_at), None)

    def states(self, run: str) -> Sequence[VisitedState]:
        """In the order in which they were entered; each was left when the next was entered."""
        entered = [(one.state, one.at) for one in steps_of(self.outcomes, run) if one.at is not None]
        left = [*(at for _, at in entered[1:]), None]
        return [VisitedState(state, at, until) for (state, at), until in zip(entered, left, strict=True)]

    def under_way(self, run: str, since: datetime) -> UnderWay:
        """`run`, which has held the fence since then."""
        driven = self.driven(run)
        silent = "" if driven.heard or driven.ended else " (its terminal is silent)"
        return UnderWay(FAILOVER, run, since, f"{driven.state or 'no step'}{silent}")

    def _heard(self, run: str) -> bool:
        now = self.clock.now()
        minutes = (now - timedelta(minutes=ago) for ago in range(SILENT_MINUTES))
        return any(self.outcomes.read(heard_key(run, at)) is not None for at in minutes)
