"""What does RDS say of an instance, and how is it asked to promote, make or rename one?

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_PromoteReadReplica.html
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstanceReadReplica.html
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from botocore.exceptions import ClientError

from failover.adapters.aws_errors import code_of, told_in_a_sentence
from failover.application.ports import DatabaseInstance
from failover.domain.leader_record import Refusal

NOT_FOUND = ("DBInstanceNotFound", "DBInstanceNotFoundFault")
WRONG_STATE = ("InvalidDBInstanceState", "InvalidDBInstanceStateFault")
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstanceReadReplica.html
NO_ROOM = ("InsufficientDBInstanceCapacity", "InsufficientDBInstanceCapacityFault")
THERE_ALREADY = ("DBInstanceAlreadyExists", "DBInstanceAlreadyExistsFault")
NO_TAGS: Mapping[str, str] = MappingProxyType({})
# Named alike by what RDS tells and by what it is asked for.
SAME = (
    *("AutoMinorVersionUpgrade", "CACertificateIdentifier", "CopyTagsToSnapshot", "DBInstanceClass", "KmsKeyId"),
    *("MaxAllocatedStorage", "MultiAZ", "PubliclyAccessible", "StorageType"),
)


@dataclass(frozen=True)
class Rds:
    """RDS in the client's Region."""

    client: Any

    def describe(self, identifier: str) -> DatabaseInstance | None:
        """The instance, None when there is none. Raises TransientFailure or RunRefused."""
        with told_in_a_sentence(f"Describing database instance {identifier}"):
            try:
                found = self.client.describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"]
            except ClientError as error:
                if code_of(error) in NOT_FOUND:
                    return None
                raise
        return _instance(found[0]) if found else None

    def promote(self, identifier: str, backup_retention_days: int) -> Refusal | None:
        """None when AWS accepted. Raises TransientFailure or RunRefused."""
        with told_in_a_sentence(f"Promoting database instance {identifier}"):
            try:
                self.client.promote_read_replica(
                    DBInstanceIdentifier=identifier, BackupRetentionPeriod=backup_retention_days
                )
            except ClientError as error:
                if code_of(error) in WRONG_STATE:
                    return Refusal(f"AWS does not promote {identifier} in its present state.")
                raise
        return None

    def create_replica(
        self, identifier: str, source_arn: str, like: str, tags: Mapping[str, str] = NO_TAGS
    ) -> Refusal | None:
        """None when AWS accepted. Raises TransientFailure or RunRefused.

        boto3 signs the request for the source's Region by itself where it is told SourceRegion.
        """
        with told_in_a_sentence(f"Creating database instance {identifier}"):
            model = self.client.describe_db_instances(DBInstanceIdentifier=like)["DBInstances"][0]
            try:
                self.client.create_db_instance_read_replica(
                    DBInstanceIdentifier=identifier,
                    SourceDBInstanceIdentifier=source_arn,
                    SourceRegion=source_arn.split(":")[3],
                    **({"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]} if tags else {}),
                    **_make_of(model),
                )
            except ClientError as error:
                if code_of(error) in (*WRONG_STATE, *THERE_ALREADY, *NO_ROOM):
                    return Refusal(f"AWS does not make {identifier} now: {code_of(error)}.")
                raise
        return None

    def go_by(self, identifier: str, parameter_group: str) -> Refusal | None:
        """None when AWS accepted. Raises TransientFailure or RunRefused."""
        with told_in_a_sentence(f"Changing the parameter group of database instance {identifier}"):
            try:
                self.client.modify_db_instance(
                    DBInstanceIdentifier=identifier, DBParameterGroupName=parameter_group, ApplyImmediately=True
                )
            except ClientError as error:
                if code_of(error) in WRONG_STATE:
                    return Refusal(f"AWS does not change {identifier} now: {code_of(error)}.")
                raise
        return None

    def rename(self, identifier: str, to: str, backup_retention_days: int | None = None) -> Refusal | None:
        """None when AWS accepted. Raises TransientFailure or RunRefused."""
        days = {} if backup_retention_days is None else {"BackupRetentionPeriod": backup_retention_days}
        with told_in_a_sentence(f"Renaming database instance {identifier}"):
            try:
                self.client.modify_db_instance(
                    DBInstanceIdentifier=identifier,
                    NewDBInstanceIdentifier=to,
                    DeletionProtection=True,
                    ApplyImmediately=True,
                    **days,
                )
            except ClientError as error:
                if code_of(error) in (*WRONG_STATE, *THERE_ALREADY, *NOT_FOUND):
                    return Refusal(f"AWS does not rename {identifier} now: {code_of(error)}.")
                raise
        return None

    def release(self, identifier: str) -> str:
        """Delete it, protected as it is; the name of the snapshot that stays. Raises TransientFailure or RunRefused."""
        snapshot = f"{identifier}-final"
        with told_in_a_sentence(f"Deleting database instance {identifier}"):
            self.client.modify_db_instance(
                DBInstanceIdentifier=identifier, DeletionProtection=False, ApplyImmediately=True
            )
            self.client.delete_db_instance(DBInstanceIdentifier=identifier, FinalDBSnapshotIdentifier=snapshot)
        return snapshot


def _make_of(model: dict[str, Any]) -> dict[str, Any]:
    """What a replica takes after an instance of its own Region: place, key, class and what is watched of it.

    Its storage, engine and users are the source's. Its parameter group is given to it later: "A parameter group can't be
    specified during Read Replica creation for the following DB engine: postgres"
    (https://github.com/hashicorp/terraform-provider-aws/issues/38056, and DBParameterGroupName in
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstanceReadReplica.html).
    """
    subnets = model.get("DBSubnetGroup") or {}
    insights = bool(model.get("PerformanceInsightsEnabled"))
    made = {
        "DBSubnetGroupName": subnets.get("DBSubnetGroupName"),
        "VpcSecurityGroupIds": [one["VpcSecurityGroupId"] for one in model.get("VpcSecurityGroups") or []],
        "EnableIAMDatabaseAuthentication": model.get("IAMDatabaseAuthenticationEnabled"),
        "EnableCloudwatchLogsExports": model.get("EnabledCloudwatchLogsExports"),
        "EnablePerformanceInsights": insights or None,
        "PerformanceInsightsKMSKeyId": model.get("PerformanceInsightsKMSKeyId") if insights else None,
        **{name: model.get(name) for name in SAME},
    }
    return {name: value for name, value in made.items() if value not in (None, [])}


def _instance(found: dict[str, Any]) -> DatabaseInstance:
    endpoint = found.get("Endpoint") or {}
    return DatabaseInstance(
        identifier=found["DBInstanceIdentifier"],
        status=found["DBInstanceStatus"],
        source=found.get("ReadReplicaSourceDBInstanceIdentifier") or None,
        host=endpoint.get("Address"),
        port=endpoint.get("Port"),
        backup_retention_days=found.get("BackupRetentionPeriod") or 0,
        instance_class=found.get("DBInstanceClass"),
        tags={tag["Key"]: tag["Value"] for tag in found.get("TagList", [])},
        replicas=tuple(found.get("ReadReplicaDBInstanceIdentifiers") or ()),
        made_at=found.get("InstanceCreateTime"),
        parameter_group=next((one["DBParameterGroupName"] for one in found.get("DBParameterGroups") or ()), None),
    )
