"""Is this Region's Aurora cluster the writer of the global database, now that the old writer is given up?

FailoverGlobalCluster with AllowDataLoss. The one-way step: what the old writer had not replicated is not in this one, and
Aurora itself makes the old cluster a secondary of this one again, once its Region is back. It keeps the old volume as a
snapshot where it can.
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-disaster-recovery.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from failover.application.becoming_primary import BecomingPrimary
from failover.application.errors import RunRefused
from failover.application.global_cluster_ports import GlobalClusters
from failover.application.ports import Clock, DatabaseInstance, DatabaseSessions, Register, Secrets
from failover.domain.leader_record import Refusal
from failover.domain.plan import Plan
from failover.domain.run import Run


@dataclass(frozen=True)
class FailoverGlobalCluster:
    """For a leader that is down. Answers as BecomingPrimary does."""

    plan: Plan
    region: str
    register: Register
    databases: GlobalClusters
    secrets: Secrets
    sessions: DatabaseSessions
    clock: Clock

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises StillInProgress until it is proven; TransientFailure; RunRefused without the fence, or when planned."""
        if run.planned:
            raise RunRefused("A planned run loses nothing, so it takes no failover that allows data loss.")
        becoming = BecomingPrimary(
            self.plan,
            self.region,
            self.register,
            self.databases,
            self.secrets,
            self.sessions,
            self.clock,
            self._ask,
        )
        return becoming(run)

    def _ask(self, found: DatabaseInstance) -> Refusal | None:
        return self.databases.fail_over(found.identifier)
