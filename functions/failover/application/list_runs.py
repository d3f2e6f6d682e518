"""Which runs were there in this Region, those that Step Functions knows and the newest that a person drove?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from failover.application.by_hand_runs import ByHandRuns
from failover.application.leader_register import NoMajority
from failover.application.ports import Register
from failover.application.run_ports import KnownRun, RunBook
from failover.domain.abandoned_run import driven_by_hand


@dataclass(frozen=True)
class ListRuns:
    """One Region's. A person's run is found by the leader record, which names whoever changed it last."""

    book: RunBook
    by_hand: ByHandRuns
    register: Register

    def __call__(self, count: int) -> Sequence[KnownRun]:
        """The newest first. Raises TransientFailure or RunRefused."""
        found = [*self._by_hand(), *self.book.newest(count)]
        return sorted(found, key=lambda one: one.started_at, reverse=True)[:count]

    def _by_hand(self) -> list[KnownRun]:
        try:
            run = self.register.read().run
        except NoMajority:
            return []
        found = self.by_hand.find(run) if run is not None and driven_by_hand(run) else None
        return [found] if found is not None else []
