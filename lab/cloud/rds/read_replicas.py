"""How does a read replica become a primary, as RDS reports it?

Not emulated: replication lag is not reported, and promotion is not followed by a backup.
"""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

from moto.rds.exceptions import RDSClientError
from moto.rds.models import DBInstance, RDSBackend, rds_backends

from lab.cloud.context import CloudContext
from lab.cloud.rds import backups
from lab.cloud.rds.lifecycle import Lifecycle, find
from lab.cloud.rds.promotion import Promotion
from lab.settings import ACCOUNT_ID

# Our figure: a snapshot takes as long as the changes since the last one ask for.
BACKING_UP = timedelta(minutes=1)
# PromoteReadReplica's default:
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_PromoteReadReplica.html
RETENTION_AFTER_PROMOTION_DAYS = 1
# "RDS creates read replicas with backups disabled."
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstanceReadReplica.html
RETENTION_OF_REPLICA_DAYS = 0


class Databases:
    """What RDS does to the DB instances of all Regions, and what their real servers report."""

    def __init__(self, context: CloudContext) -> None:
        self._context = context
        self._promotions: dict[tuple[str, str], Promotion] = {}
        self._lock = threading.Lock()
        context.desired.on_database_report(self.reported)

    def set_status(self, database: Any, status: str, **fields: Any) -> None:
        """From now on DescribeDBInstances says `status`; the lab's control loop and the journal hear of it."""
        database.status = status
        self._context.desired.set_database(database.region, database.db_instance_identifier, status=status)
        self._context.journal.add(
            "database", region=database.region, instance=database.db_instance_identifier, status=status, **fields
        )

    def endpoint(self, database: Any, default: dict[str, Any]) -> dict[str, Any] | None:
        """Where the real server listens, once the lab has said so; none while it is being made, as on AWS.

        https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html (Endpoint)
        """
        known = self._context.desired.database(database.region, database.db_instance_identifier)
        if database.status == "creating":
            return None
        return {"Address": known["host"], "Port": int(known["port"])} if known.get("host") else default

    def promote(self, backend: Any, wanted: dict[str, Any]) -> Any:
        """Accepted for an available read replica only, and once.

        https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_PromoteReadReplica.html
        """
        name = str(wanted["db_instance_identifier"]).lower()
        database = find(backend, name)
        with self._lock:
            refusal = self._refusal(database, name)
            if refusal:
                raise RDSClientError("InvalidDBInstanceState", refusal)
            retention = wanted.get("backup_retention_period")
            days = RETENTION_AFTER_PROMOTION_DAYS if retention is None else int(retention)
            promotion = Promotion(
                self._context,
                on_status=lambda status: self.set_status(database, status),
                on_done=lambda: self._promoted(database, name, days, wanted.get("preferred_backup_window")),
            )
            self._promotions[database.region, name] = promotion
        self._context.desired.set_database(database.region, name, promotion_requested=True)
        promotion.start()
        return database

    def reported(self, region: str, name: str, report: dict[str, Any]) -> None:
        """The real server was promoted, or could not be. Raises KeyError when no promotion is under way.

        One that failed is an available read replica again, which may be promoted once more: its data and its
        source are as they were.
        """
        if report["event"] not in ("promoted", "promotion-failed") or name in rds_backends[ACCOUNT_ID][region].clusters:
            return
        with self._lock:
            promotion = self._promotions[region, name]
        database = rds_backends[ACCOUNT_ID][region].databases[name]
        if report["event"] == "promoted":
            _detach(database)
            self._context.desired.set_database(region, name, promotion_requested=False, source=None)
            promotion.server_is_promoted()
            return
        promotion.cancel()
        self._forget(region, name)
        self._context.desired.set_database(region, name, promotion_requested=False)
        self.set_status(database, "available", reason=f"promotion failed: {report.get('reason', '')}")

    def back_up(self, database: Any) -> None:
        """An available instance is backing-up for a while.

        https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html
        """
        if database.status != "available":
            return
        self.set_status(database, "backing-up")
        timer = threading.Timer(self._context.scaled(BACKING_UP), self.set_status, (database, "available"))
        timer.daemon = True
        timer.start()

    def _refusal(self, database: Any, name: str) -> str | None:
        if (database.region, name) in self._promotions:
            return f"DB Instance {name} is already being promoted."
        if not database.is_replica:
            return f"DB Instance {name} is not a read replica."
        if database.status != "available":
            return f"DB Instance {name} is not in available state; it is {database.status}."
        return None

    def _promoted(self, database: Any, name: str, retention_days: int, window: str | None) -> None:
        database.backup_retention_period = retention_days
        if window:
            database.preferred_backup_window = window
        self._forget(database.region, name)
        self.set_status(database, "available")

    def _forget(self, region: str, name: str) -> None:
        with self._lock:
            self._promotions.pop((region, name), None)


def install(context: CloudContext) -> None:
    """Promotions take as long as the real server takes, and endpoints are where the real servers listen."""
    databases = Databases(context)
    lifecycle = Lifecycle(context, databases.set_status)
    create, create_replica = RDSBackend.create_db_instance, RDSBackend.create_db_instance_read_replica
    kept = backups.install(context, lifecycle, create)
    modify, delete = RDSBackend.modify_db_instance, RDSBackend.delete_db_instance
    snapshot, plain_endpoint = RDSBackend.create_db_snapshot, DBInstance.endpoint

    def create_db_instance_read_replica(self: Any, db_kwargs: dict[str, Any]) -> Any:
        source = self.find_db_from_id(db_kwargs["source_db_instance_identifier"])
        if not int(source.backup_retention_period or 0):
            raise RDSClientError(
                "InvalidDBInstanceState",
                f"Automated backups are not enabled for {source.db_instance_identifier}; a source needs them.",
            )
        if db_kwargs.get("db_parameter_group_name"):
            # https://github.com/hashicorp/terraform-provider-aws/issues/38056
            raise RDSClientError(
                "InvalidParameterCombination",
                "A parameter group can't be specified during Read Replica creation for the following DB engine: postgres",
            )
        # Its own Region first: moto would look for its subnet group in the source's.
        replica = create_replica(self, {"backend": self, **db_kwargs})
        replica.backup_retention_period = RETENTION_OF_REPLICA_DAYS
        # moto copies the source, which may be backing up at this moment, and is protected: a replica is not of itself.
        replica.status = "available"
        if source.region != replica.region:
            # "... or the default DBParameterGroup for the specified DB engine for a cross-Region read replica."
            # https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstanceReadReplica.html
            replica.db_parameter_group_name = None
        replica.deletion_protection = bool(db_kwargs.get("deletion_protection"))
        return lifecycle.created(replica, {"kind": "replica", "source": db_kwargs["source_db_instance_identifier"]})

    def modify_db_instance(self: Any, db_instance_identifier: str, db_kwargs: Any) -> Any:
        database = find(self, db_instance_identifier)
        return lifecycle.modify(database, db_kwargs, lambda: modify(self, db_instance_identifier, db_kwargs))

    def create_db_snapshot(self: Any, db_instance_identifier: str, *arguments: Any, **named: Any) -> Any:
        made = snapshot(self, db_instance_identifier, *arguments, **named)
        databases.back_up(self.databases[db_instance_identifier])
        return kept.snapshot(self.databases[db_instance_identifier], made)

    def create_db_instance(self: Any, db_kwargs: dict[str, Any]) -> Any:
        made = create(self, db_kwargs)
        # The server is the cluster's: see global_clusters.
        return made if made.db_cluster_identifier else lifecycle.created(made, {"kind": "new"})

    RDSBackend.create_db_instance = create_db_instance
    RDSBackend.modify_db_instance = modify_db_instance
    RDSBackend.delete_db_instance = lambda self, *given, **named: lifecycle.deleted(delete(self, *given, **named))
    RDSBackend.create_db_instance_read_replica = create_db_instance_read_replica
    RDSBackend.create_db_snapshot = create_db_snapshot
    RDSBackend.promote_read_replica = lambda self, db_kwargs: databases.promote(self, db_kwargs)
    DBInstance.endpoint = property(lambda self: databases.endpoint(self, plain_endpoint.fget(self)))
    DBInstance.remove_replica = _remove_replica


def _detach(replica: Any) -> None:
    """Source and replica no longer list each other."""
    source = replica.source_db_instance_identifier
    replica.is_replica = False
    replica.source_db_instance_identifier = None
    if source:
        region, name = (source.split(":")[3], source.split(":")[6]) if ":" in source else (replica.region, source)
        primary = rds_backends[ACCOUNT_ID][region].databases.get(name)
        if primary is not None:
            _remove_replica(primary, replica)


def _remove_replica(self: Any, replica: Any) -> None:
    """moto lists a replica of another Region by its ARN, and looks only for its name when it removes one."""
    gone = (replica.db_instance_identifier, replica.db_instance_arn)
    self.replicas = [one for one in self.replicas if one not in gone]
