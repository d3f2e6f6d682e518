"""What does RDS say of a cluster of an Aurora global database, and how is it asked to make it the writer?

Asked in this Region alone, since a global database answers in each of its Regions; but a switchover is asked for where the
writer is. "--region - Specify the AWS Region where the primary DB cluster of the Aurora global database is running":
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-disaster-recovery.html
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_FailoverGlobalCluster.html
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_SwitchoverGlobalCluster.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from failover.adapters.aws_errors import code_of, told_in_a_sentence
from failover.application.errors import RunRefused
from failover.application.ports import DatabaseInstance
from failover.domain.global_database import GlobalDatabase, why_not_promotable
from failover.domain.leader_record import Refusal

NO_CLUSTER = ("DBClusterNotFound", "DBClusterNotFoundFault")
NO_GLOBAL_CLUSTER = ("GlobalClusterNotFound", "GlobalClusterNotFoundFault")
WRONG_STATE = (
    *("InvalidDBClusterState", "InvalidDBClusterStateFault"),
    *("InvalidGlobalClusterState", "InvalidGlobalClusterStateFault"),
)


@dataclass(frozen=True)
class Aurora:
    """The clusters in the client's Region that belong to the global database `global_cluster`.

    `client_in` is needed for a switchover alone.
    """

    client: Any
    global_cluster: str
    client_in: Callable[[str], Any] | None = None

    def describe(self, identifier: str) -> DatabaseInstance | None:
        """The cluster, None when there is none. Its source is the global database's writer.

        The host is the cluster's own writer endpoint where it is the writer, and else its reader endpoint: "the secondary
        Regions also have writer endpoints, but they're inactive"
        (https://aws.amazon.com/blogs/database/introducing-aurora-global-database-failover/). Raises TransientFailure, or
        RunRefused also where the cluster belongs to no such global database: then nothing is known of its source.
        """
        found = self._cluster(identifier)
        if found is None:
            return None
        database, arn = self._database(), str(found["DBClusterArn"])
        if not database.has(arn):
            raise RunRefused(f"{identifier} is no member of the global database {self.global_cluster}.")
        source = database.source_of(arn)
        members = found.get("DBClusterMembers") or ()
        return DatabaseInstance(
            identifier=found["DBClusterIdentifier"],
            status=database.status_of(arn, found["Status"]),
            source=source,
            host=found.get("Endpoint" if source is None else "ReaderEndpoint"),
            port=found.get("Port"),
            backup_retention_days=found.get("BackupRetentionPeriod") or 0,
            obstacle=why_not_promotable(identifier, found.get("EngineVersion"), len(members), database),
            synchronization=database.synchronization.get(arn),
        )

    def fail_over(self, identifier: str) -> Refusal | None:
        """None when AWS accepted. Raises TransientFailure or RunRefused."""
        return self._ask(
            identifier,
            lambda target: self.client.failover_global_cluster(
                GlobalClusterIdentifier=self.global_cluster, TargetDbClusterIdentifier=target, AllowDataLoss=True
            ),
        )

    def switch_over(self, identifier: str) -> Refusal | None:
        """None when AWS accepted, in the writer's Region. Raises TransientFailure or RunRefused."""
        writer = next((arn for arn, writes in self._database().members.items() if writes), None)
        if writer is None:
            return Refusal(f"{self.global_cluster} names no writer now.")
        there = self.client if self.client_in is None else self.client_in(writer.split(":")[3])
        return self._ask(
            identifier,
            lambda target: there.switchover_global_cluster(
                GlobalClusterIdentifier=self.global_cluster, TargetDbClusterIdentifier=target
            ),
        )

    def _ask(self, identifier: str, call: Callable[[str], object]) -> Refusal | None:
        """The target is named by its ARN, "so that Aurora can locate the cluster in its AWS Region"."""
        found = self._cluster(identifier)
        if found is None:
            raise RunRefused(f"There is no Aurora cluster {identifier}.")
        with told_in_a_sentence(f"Making {identifier} the writer of {self.global_cluster}"):
            try:
                call(found["DBClusterArn"])
            except ClientError as error:
                if code_of(error) in WRONG_STATE:
                    return Refusal(f"AWS does not make {identifier} the writer in its present state.")
                raise
        return None

    def _cluster(self, identifier: str) -> dict[str, Any] | None:
        with told_in_a_sentence(f"Describing database cluster {identifier}"):
            try:
                found = self.client.describe_db_clusters(DBClusterIdentifier=identifier)["DBClusters"]
            except ClientError as error:
                if code_of(error) in NO_CLUSTER:
                    return None
                raise
        return found[0] if found else None

    def _database(self) -> GlobalDatabase:
        name = self.global_cluster
        with told_in_a_sentence(f"Describing global database {name}"):
            try:
                found = self.client.describe_global_clusters(GlobalClusterIdentifier=name)["GlobalClusters"]
            except ClientError as error:
                if code_of(error) not in NO_GLOBAL_CLUSTER:
                    raise
                found = []
        one = next((each for each in found if each["GlobalClusterIdentifier"] == name), None)
        if one is None:
            raise RunRefused(f"There is no global database {name}.")
        members = one.get("GlobalClusterMembers") or ()
        return GlobalDatabase(
            identifier=name,
            engine_version=one.get("EngineVersion"),
            members={each["DBClusterArn"]: bool(each["IsWriter"]) for each in members},
            moving=(one.get("FailoverState") or {}).get("Status") or None,
            synchronization={
                each["DBClusterArn"]: each["SynchronizationStatus"]
                for each in members
                if each.get("SynchronizationStatus")
            },
        )
