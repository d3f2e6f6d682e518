"""How is a rehearsal remembered, so that readiness knows when a backup was last proven?"""

from __future__ import annotations

import json
from dataclasses import dataclass

from failover.application.ports import Clock, Journal
from failover.application.remembering import remember
from failover.application.restore_ports import KeptRehearsals
from failover.domain.journal import Event
from failover.domain.rehearsal import Rehearsed


@dataclass(frozen=True)
class KeepRehearsal:
    """For `by`, a person as AWS knows them."""

    kept: KeptRehearsals
    journal: Journal
    clock: Clock
    by: str

    def __call__(self, found: Rehearsed) -> bool:
        """Whether it is in the journal. Only one that passed counts as the newest. Raises TransientFailure or RunRefused."""
        at, tried = self.clock.now(), found.tried
        seconds = None if tried.restore is None else tried.restore.total_seconds()
        if found.passed:
            told = f"{tried.restored_from} was restored in {seconds:.1f} s, and production did not notice."
            self.kept.write(json.dumps({"at": at.isoformat(), "by": self.by, "seconds": seconds, "reason": told}))
            return remember(self.journal, Event("restore-rehearsed", self.by, told))
        told = "The newest backup was not restored, or something else is not as it was before."
        return remember(self.journal, Event("restore-rehearsal-failed", self.by, told, data=found.to_dict()))
