"""Which class do the instances of an Aurora cluster have?

A cluster has none of its own: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBCluster.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from failover.adapters.aurora import Aurora
from failover.adapters.aws_errors import told_in_a_sentence
from failover.application.errors import RunRefused, TransientFailure
from failover.application.ports import DatabaseInstance


@dataclass(frozen=True)
class ClassedAurora(Aurora):
    """As Aurora, and with the class of the cluster's instances, which is looked at for readiness alone."""

    def describe(self, identifier: str) -> DatabaseInstance | None:
        """Raises TransientFailure or RunRefused. A class that is not told leaves the rest as it is."""
        found = super().describe(identifier)
        if found is None:
            return None
        try:
            return replace(found, instance_class=self._classes(identifier))
        except (TransientFailure, RunRefused):
            return found

    def _classes(self, identifier: str) -> str | None:
        cluster = self._cluster(identifier) or {}
        names = [one["DBInstanceIdentifier"] for one in cluster.get("DBClusterMembers") or ()]
        with told_in_a_sentence(f"Describing the instances of {identifier}"):
            found = [self.client.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0] for name in names]
        return ", ".join(sorted({one["DBInstanceClass"] for one in found})) or None
