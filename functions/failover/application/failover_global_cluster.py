"""Is this Region's Aurora cluster the writer of the global database, now that the old writer is given up?

FailoverGlobalCluster with AllowDataLoss. The one-way step: what the old writer had not replicated is not in this one. What
becomes of the old cluster is Aurora's to do:
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-disaster-recovery.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from failover.application.becoming_primary import BecomingPrimary
from failover.application.errors import RunRefused
from failover.application.global_cluster_ports import GlobalClusters
from failover.application.ports import DatabaseInstance
from failover.domain.leader_record import Refusal
from failover.domain.run import Run


@dataclass(frozen=True)
class FailoverGlobalCluster(BecomingPrimary):
    """For a leader that is down. Answers as BecomingPrimary does."""

    databases: GlobalClusters

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises StillInProgress until it is proven; TransientFailure; RunRefused without the fence, or when planned."""
        if run.planned:
            raise RunRefused("A planned run loses nothing, so it takes no failover that allows data loss.")
        return super().__call__(run)

    def _ask(self, found: DatabaseInstance) -> Refusal | None:
        return self.databases.fail_over(found.identifier)
