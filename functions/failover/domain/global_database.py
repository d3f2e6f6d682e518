"""What does an Aurora global database say of one of its clusters: its source, its status, and what stands in its way?

As DescribeGlobalClusters and DescribeDBClusters tell it:
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_GlobalCluster.html
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_GlobalClusterMember.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class GlobalDatabase:
    """`members` are the clusters' ARNs, and whether each is the writer; `synchronization` is how each of them follows.

    `moving` is the status of a failover or switchover.

    A failover is told of for longer than it takes: Aurora rebuilds the old cluster as a secondary behind it.
    """

    identifier: str
    engine_version: str | None
    members: Mapping[str, bool]
    moving: str | None
    synchronization: Mapping[str, str] = field(default_factory=dict)

    def has(self, cluster_arn: str) -> bool:
        return cluster_arn in self.members

    def source_of(self, cluster_arn: str) -> str | None:
        """The writer that `cluster_arn` follows, or the database where none is named; None when it is the writer itself."""
        if self.members.get(cluster_arn):
            return None
        return next((arn for arn, writes in self.members.items() if writes), self.identifier)

    def status_of(self, cluster_arn: str, own: str) -> str:
        """The cluster's `own` status, unless it is about to become the writer, or to stop being it."""
        if self.moving is None or self.members.get(cluster_arn):
            return own
        return self.moving


def why_not_promotable(cluster: str, version: str | None, instances: int, database: GlobalDatabase) -> str | None:
    """Why AWS would not make `cluster` the writer, or nothing could write in it; None when it would.

    Major and minor versions must be the same; of patches that is not always so, and AWS is left to say it:
    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-upgrade.html
    """
    if instances < 1:
        return f"{cluster} has no instance that could become the writer: add one."
    theirs = database.engine_version
    if version and theirs and _release(version) != _release(theirs):
        return (
            f"{cluster} runs {version} and the global database {theirs}: AWS fails over between equal versions alone."
        )
    return None


def _release(version: str) -> tuple[str, ...]:
    """Major and minor: 16.11 of 16.11.2."""
    return tuple(version.split(".")[:2])
