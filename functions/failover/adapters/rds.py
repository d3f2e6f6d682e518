"""What does RDS say of an instance, and how is it asked to promote one?

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_PromoteReadReplica.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from failover.adapters.aws_errors import code_of, told_in_a_sentence
from failover.application.ports import DatabaseInstance
from failover.domain.leader_record import Refusal

NOT_FOUND = ("DBInstanceNotFound", "DBInstanceNotFoundFault")
WRONG_STATE = ("InvalidDBInstanceState", "InvalidDBInstanceStateFault")


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
    )
