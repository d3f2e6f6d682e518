"""What has been backed up, as RDS shows it, and how does an instance come of a backup?

The files are real, and the lab's: it says here what it has backed up and up to which moment. Not emulated: RDS's own
snapshots, one a day, beside the logs; copies of snapshots in other Regions; backups that run out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from moto.rds.exceptions import DBInstanceAlreadyExists, DBSnapshotNotFoundFault, RDSClientError
from moto.rds.models import RDSBackend, rds_backends

from lab.cloud.context import CloudContext
from lab.cloud.rds.lifecycle import Lifecycle, find
from lab.settings import ACCOUNT_ID

# What a restored instance takes after its source where the request says nothing else.
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceToPointInTime.html
INHERITED = (
    *("allocated_storage", "backup_retention_period", "db_name", "engine", "engine_version", "kms_key_id"),
    *("master_username", "port", "storage_encrypted", "storage_type", "enable_iam_database_authentication"),
)
ASKED = (
    *("backup_retention_period", "copy_tags_to_snapshot", "db_instance_class", "db_parameter_group_name"),
    *("db_subnet_group_name", "publicly_accessible", "tags", "vpc_security_group_ids"),
)


class Backups:
    """Those of all Regions."""

    def __init__(self, context: CloudContext, lifecycle: Lifecycle, create: Any) -> None:
        self._desired = context.desired
        self._lifecycle = lifecycle
        self._create = create
        context.desired.on_database_report(self._reported)

    def automated(self, region: str) -> list[SimpleNamespace]:
        """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstanceAutomatedBackup.html"""
        return [
            SimpleNamespace(
                db_instance_automated_backups_arn=one["arn"],
                db_instance_identifier=one["instance"],
                dbi_resource_id=one["resource_id"],
                region=one["source_region"],
                engine="postgres",
                status="active",
                restore_window=SimpleNamespace(
                    earliest_time=datetime.fromisoformat(one["earliest"]),
                    latest_time=datetime.fromisoformat(one["latest"]),
                ),
            )
            for one in self._desired.backups(region)
        ]

    def to_point_in_time(self, backend: Any, wanted: Mapping[str, Any]) -> Any:
        """Of replicated automated backups, to their end or to a moment in their window."""
        arn = wanted.get("source_db_instance_automated_backups_arn")
        kept = next((one for one in self._desired.backups(backend.region_name) if one["arn"] == arn), None)
        if kept is None:
            raise RDSClientError("DBInstanceAutomatedBackupNotFound", f"There are no automated backups {arn}.")
        to = None if wanted.get("use_latest_restorable_time") else wanted.get("restore_time")
        if to is not None:
            to = to if isinstance(to, datetime) else datetime.fromisoformat(str(to))
            to = to if to.tzinfo else to.replace(tzinfo=UTC)
            if not datetime.fromisoformat(kept["earliest"]) <= to <= datetime.fromisoformat(kept["latest"]):
                raise RDSClientError("InvalidRestoreFault", f"{to.isoformat()} cannot be restored.")
        source = rds_backends[ACCOUNT_ID][kept["source_region"]].databases.get(kept["instance"])
        made_from = {"kind": "backup", "source": arn, "to": to.isoformat() if to else None}
        return self._restored(backend, source, str(wanted["target_db_instance_identifier"]), wanted, made_from)

    def from_snapshot(self, backend: Any, name: str, wanted: Mapping[str, Any]) -> Any:
        snapshot = backend.database_snapshots.get(name.rpartition(":snapshot:")[2])
        if snapshot is None:
            raise DBSnapshotNotFoundFault(name)
        if snapshot.status != "available":
            raise RDSClientError("InvalidDBSnapshotState", f"{name} is {snapshot.status}.")
        made_from = {"kind": "backup", "source": f"{backend.region_name}/{snapshot.db_snapshot_identifier}", "to": None}
        return self._restored(backend, snapshot.database, str(wanted["db_instance_identifier"]), wanted, made_from)

    def snapshot(self, database: Any, made: Any) -> Any:
        """Where the lab makes servers it is `creating` until its files are there."""
        if self._desired.makes_servers:
            made.status = "creating"
            self._desired.set_database(
                database.region, database.db_instance_identifier, snapshot=made.db_snapshot_identifier
            )
        return made

    def _restored(
        self, backend: Any, source: Any, name: str, wanted: Mapping[str, Any], made_from: Mapping[str, Any]
    ) -> Any:
        if name in backend.databases:
            raise DBInstanceAlreadyExists()
        given = {key: getattr(source, key) for key in INHERITED if getattr(source, key, None) is not None}
        given |= {key: wanted[key] for key in ASKED if wanted.get(key) is not None}
        made = self._create(backend, {**given, "db_instance_identifier": name, "master_user_password": "of the source"})
        return self._lifecycle.created(made, made_from)

    def _reported(self, region: str, name: str, report: Mapping[str, Any]) -> None:
        """The files of a snapshot are there, or could not be had."""
        if report["event"] not in ("backed-up", "backup-failed"):
            return
        backend = rds_backends[ACCOUNT_ID][region]
        snapshot = backend.database_snapshots.get(str(report["snapshot"]))
        if snapshot is not None:
            snapshot.status = "available" if report["event"] == "backed-up" else "failed"
            if report.get("at"):
                snapshot.original_snapshot_create_time = datetime.fromisoformat(str(report["at"]))
        if name in backend.databases:
            self._desired.set_database(region, find(backend, name).db_instance_identifier, snapshot=None)


def install(context: CloudContext, lifecycle: Lifecycle, create: Any) -> Backups:
    """What is backed up is what the lab says; `create` is moto's own way to make an instance."""
    backups = Backups(context, lifecycle, create)
    RDSBackend.describe_db_instance_automated_backups = lambda self, **_: backups.automated(self.region_name)
    RDSBackend.restore_db_instance_to_point_in_time = lambda self, _source, _target, wanted: backups.to_point_in_time(
        self, wanted
    )
    RDSBackend.restore_db_instance_from_db_snapshot = lambda self, name, wanted: backups.from_snapshot(
        self, name, wanted
    )
    # moto takes one of every instance that it creates, in no time and of nothing.
    RDSBackend.create_auto_snapshot = lambda *_, **__: None
    return backups
