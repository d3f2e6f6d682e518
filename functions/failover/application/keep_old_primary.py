"""Is the old primary out of the way, and kept with all it has?

RDS renames and restarts it, which takes some ten minutes
(https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_RenameInstance.html).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from failover.application.polling import Waiting, poll
from failover.application.ports import Clock, DatabaseInstance, Register
from failover.application.rebuild_ports import Instances
from failover.application.rebuilding import names_of, require_divergence_settled, require_leader
from failover.domain.plan import Plan
from failover.domain.run import Run


@dataclass(frozen=True)
class KeepOldPrimary:
    """Answers `{kept_as, backup_retention_days}`. Asked again, it changes nothing more."""

    plan: Plan
    region: str
    register: Register
    instances: Instances
    clock: Clock

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises StillInProgress until it has its new name; TransientFailure, RunRefused."""
        require_divergence_settled(run)
        require_leader(self.register, run)
        kept = poll(self.clock, self.plan.timing, lambda: self._look(run))
        return {"kept_as": kept.identifier, "backup_retention_days": kept.backup_retention_days}

    def _look(self, run: Run) -> DatabaseInstance | Waiting:
        names = names_of(run)
        kept = self.instances.describe(names.kept_as)
        if kept is not None:
            return kept
        refusal = self.instances.rename(names.instance, names.kept_as)
        return Waiting(refusal.reason if refusal else f"{names.instance} is asked to be {names.kept_as}.")
