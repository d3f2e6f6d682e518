"""Is nothing left of the rehearsal?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from failover.application.polling import Waiting, poll
from failover.application.ports import Clock, Databases
from failover.application.rehearsed_instance import RehearsedInstance
from failover.application.restore_ports import Restores
from failover.domain.plan import Plan
from failover.domain.run import Run


@dataclass(frozen=True)
class DeleteRehearsedInstance:
    """Answers `{gone}`, always true: anything else is a failure."""

    plan: Plan
    databases: Databases
    restores: Restores
    clock: Clock

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises StillInProgress until RDS has none of that name any more; TransientFailure or RunRefused."""
        instance = RehearsedInstance(run.text("check", "instance"), self.databases, self.restores)
        poll(self.clock, self.plan.timing, lambda: self._look(instance))
        return {"gone": True}

    @staticmethod
    def _look(instance: RehearsedInstance) -> bool | Waiting:
        found = instance.find()
        return True if found is None else instance.discard(found)
