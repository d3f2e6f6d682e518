"""Have the two clusters of the Aurora global database changed roles, without losing a write?

SwitchoverGlobalCluster: Aurora synchronizes the clusters first, and then changes their roles. The one-way step all the same:
the way back is a run in the other direction.
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_SwitchoverGlobalCluster.html
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
class SwitchoverGlobalCluster(BecomingPrimary):
    """For a leader that is healthy. Answers as BecomingPrimary does."""

    databases: GlobalClusters

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises StillInProgress until it is proven; TransientFailure; RunRefused without the fence, or when unplanned."""
        if not run.planned:
            raise RunRefused("A switchover needs the old writer to take part, and an unplanned run cannot count on it.")
        return super().__call__(run)

    def _ask(self, found: DatabaseInstance) -> Refusal | None:
        return self.databases.switch_over(found.identifier)
