"""What has RDS backed up, and how is an instance made of it?

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBInstanceAutomatedBackups.html
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceToPointInTime.html
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceFromDBSnapshot.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from failover.adapters.aws_errors import code_of, message_of, told_in_a_sentence
from failover.adapters.rds import NO_ROOM, NOT_FOUND, WRONG_STATE
from failover.application.errors import NoCapacity
from failover.application.restore_ports import Placement
from failover.domain.leader_record import Refusal
from failover.domain.recovery_point import REPLICATED, SNAPSHOT, AutomatedBackup, Backups, RecoveryPoint, Snapshot

# Restoring this very point again would end alike, and another one need not: RDS does not say of which instances' backups
# it makes one, a read replica's own among them, and by which code it refuses the others.
UNUSABLE = (
    *("InvalidParameterCombination", "InvalidParameterValue"),
    *("DBInstanceAutomatedBackupNotFound", "DBInstanceAutomatedBackupNotFoundFault", "DBSnapshotNotFound"),
    *("DBSnapshotNotFoundFault", "InvalidDBSnapshotState", "InvalidDBSnapshotStateFault", "InvalidRestoreFault"),
    *("KMSKeyNotAccessibleFault", "PointInTimeRestoreNotEnabled", "PointInTimeRestoreNotEnabledFault"),
    *(*NOT_FOUND, *WRONG_STATE),
)
ASKED_BEFORE = ("DBInstanceAlreadyExists", "DBInstanceAlreadyExistsFault")


@dataclass(frozen=True)
class RdsBackups:
    """RDS in the client's Region."""

    client: Any

    def find(self, instances: Collection[str]) -> Backups:
        """Raises TransientFailure or RunRefused."""
        with told_in_a_sentence("Looking for recovery points"):
            return Backups(tuple(self._automated(instances)), tuple(self._snapshots(instances)))

    def restore(
        self, point: RecoveryPoint, identifier: str, placement: Placement, tags: Mapping[str, str]
    ) -> Refusal | None:
        """None when AWS accepted, now or before. Raises NoCapacity, TransientFailure or RunRefused."""
        common = {
            "DBInstanceClass": placement.instance_class,
            "DBSubnetGroupName": placement.subnet_group,
            "DBParameterGroupName": placement.parameter_group,
            "VpcSecurityGroupIds": list(placement.security_groups),
            "PubliclyAccessible": False,
            "CopyTagsToSnapshot": True,
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        }
        with told_in_a_sentence(f"Restoring {identifier} from {point}"):
            try:
                self._ask(point, identifier, common)
            except ClientError as error:
                if code_of(error) in ASKED_BEFORE:
                    return None
                if code_of(error) in NO_ROOM:
                    raise NoCapacity(f"AWS has no room for {identifier} now: {code_of(error)}.") from error
                if code_of(error) not in UNUSABLE:
                    raise
                return Refusal(f"AWS refused with {code_of(error)}: {message_of(error)}")
        return None

    def rename(self, identifier: str, new: str) -> Refusal | None:
        """None when AWS accepted; it is protected from deletion then. Raises TransientFailure or RunRefused."""
        return self._change(
            f"Renaming {identifier}",
            identifier,
            lambda: self.client.modify_db_instance(
                DBInstanceIdentifier=identifier,
                NewDBInstanceIdentifier=new,
                DeletionProtection=True,
                ApplyImmediately=True,
            ),
        )

    def delete(self, identifier: str) -> Refusal | None:
        """None when AWS accepted, or there is none. Raises TransientFailure or RunRefused."""
        return self._change(
            f"Deleting {identifier}",
            identifier,
            lambda: self.client.delete_db_instance(
                DBInstanceIdentifier=identifier, SkipFinalSnapshot=True, DeleteAutomatedBackups=True
            ),
        )

    def _change(self, what: str, identifier: str, ask: Any) -> Refusal | None:
        with told_in_a_sentence(what):
            try:
                ask()
            except ClientError as error:
                if code_of(error) in WRONG_STATE:
                    return Refusal(f"{what}: AWS does not do it in the present state of {identifier}.")
                if code_of(error) not in NOT_FOUND:
                    raise
        return None

    def _ask(self, point: RecoveryPoint, identifier: str, common: dict[str, Any]) -> None:
        if point.kind == SNAPSHOT:
            self.client.restore_db_instance_from_db_snapshot(
                DBInstanceIdentifier=identifier, DBSnapshotIdentifier=point.source, **common
            )
            return
        source = "SourceDBInstanceAutomatedBackupsArn" if point.kind == REPLICATED else "SourceDbiResourceId"
        moment = {"UseLatestRestorableTime": True} if point.newest else {"RestoreTime": point.at}
        self.client.restore_db_instance_to_point_in_time(
            TargetDBInstanceIdentifier=identifier,
            **{source: point.source},
            **moment,
            **common,
        )

    def _automated(self, instances: Collection[str]) -> Iterator[AutomatedBackup]:
        pages = self.client.get_paginator("describe_db_instance_automated_backups").paginate()
        for one in (one for page in pages for one in page["DBInstanceAutomatedBackups"]):
            window = one.get("RestoreWindow") or {}
            if one.get("DBInstanceIdentifier") in instances and window.get("LatestTime"):
                yield AutomatedBackup(
                    one["DBInstanceIdentifier"],
                    one["DbiResourceId"],
                    one.get("DBInstanceAutomatedBackupsArn") if self._came_from_elsewhere(one) else None,
                    window.get("EarliestTime") or window["LatestTime"],
                    window["LatestTime"],
                )

    def _came_from_elsewhere(self, one: Mapping[str, Any]) -> bool:
        """RDS tells an ARN of those that it made here, too; a restore is asked for by that of replicated ones alone.

        https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceToPointInTime.html
        """
        return bool(one.get("Region") != self.client.meta.region_name)

    def _snapshots(self, instances: Collection[str]) -> Iterator[Snapshot]:
        for instance in instances:
            pages = self.client.get_paginator("describe_db_snapshots").paginate(DBInstanceIdentifier=instance)
            for one in (one for page in pages for one in page["DBSnapshots"]):
                at = (
                    one.get("SnapshotDatabaseTime")
                    or one.get("OriginalSnapshotCreateTime")
                    or one.get("SnapshotCreateTime")
                )
                if one["Status"] == "available" and at is not None:
                    yield Snapshot(one["DBSnapshotIdentifier"], at)
