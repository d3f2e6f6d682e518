"""How does a read replica become a primary, as RDS reports it?

PromoteReadReplica is accepted for an available replica only; the instance then stays `available` for a moment, is
`modifying` and `rebooting` while the server promotes, and only afterwards `available` without a source.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReadRepl.Promote.html
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_PromoteReadReplica.html (InvalidDBInstanceState)
The moment of staying `available` is what AWS's own sample waits 60 seconds for: aws-samples/aws-cross-region-dr-databases.
"""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

from moto.rds.exceptions import DBInstanceNotFoundError, RDSClientError
from moto.rds.models import DBInstance, RDSBackend, rds_backends

from lab.cloud.context import CloudContext
from lab.settings import ACCOUNT_ID

# How long DescribeDBInstances still says `available` after the call, on AWS; our figure, nobody publishes one.
STATUS_DELAY = timedelta(seconds=6)


def install(context: CloudContext) -> None:
    """Promotions take as long as the real server takes, and endpoints are where the real servers listen."""
    create_replica, plain_endpoint = RDSBackend.create_db_instance_read_replica, DBInstance.endpoint

    def promote(self: Any, db_kwargs: dict[str, Any]) -> Any:
        return _promote(context, self, db_kwargs["db_instance_identifier"])

    def create(self: Any, db_kwargs: dict[str, Any]) -> Any:
        replica = create_replica(self, db_kwargs)
        # A replica does not inherit its source's retention: automated backups are off until someone turns them on.
        replica.backup_retention_period = db_kwargs.get("backup_retention_period") or 0
        return replica

    def endpoint(self: Any) -> dict[str, Any]:
        known = context.desired.database(self.region_name, self.db_instance_identifier)
        if "host" in known:
            return {"Address": known["host"], "Port": known["port"]}
        default: dict[str, Any] = plain_endpoint.fget(self)
        return default

    RDSBackend.promote_read_replica = promote
    RDSBackend.create_db_instance_read_replica = create
    DBInstance.endpoint = property(endpoint)
    context.desired.on_database_report(lambda region, name, report: _reported(context, region, name, report))


def _promote(context: CloudContext, backend: Any, name: str) -> Any:
    database = backend.databases.get(name)
    if database is None:
        raise DBInstanceNotFoundError(name)
    if not database.is_replica or database.status != "available" or _is_promoting(context, backend.region_name, name):
        why = f"is {database.status}" if database.is_replica else "is not a read replica"
        raise RDSClientError("InvalidDBInstanceState", f"DB Instance {name} {why}.")
    context.desired.set_database(backend.region_name, name, promotion_requested=True)
    timer = threading.Timer(context.scaled(STATUS_DELAY), _set_status, (context, database, "modifying"))
    timer.daemon = True
    timer.start()
    return database


def _is_promoting(context: CloudContext, region: str, name: str) -> bool:
    return bool(context.desired.database(region, name).get("promotion_requested"))


def _set_status(context: CloudContext, database: Any, status: str) -> None:
    """Promotion may have been quicker than the delay: then there is nothing left to show."""
    if status == "modifying" and not database.is_replica:
        return
    database.status = status
    context.journal.add("database", region=database.region_name, instance=database.db_instance_identifier, status=status)


def _reported(context: CloudContext, region: str, name: str, report: dict[str, Any]) -> None:
    database = rds_backends[ACCOUNT_ID][region].databases[name]
    if report["event"] == "promoted":
        _set_status(context, database, "rebooting")
        _forget_source(database, name)
    context.desired.set_database(region, name, promotion_requested=False, source=None)
    _set_status(context, database, "available")


def _forget_source(database: Any, name: str) -> None:
    """Neither side lists the other any more."""
    source = database.source_db_instance_identifier or ""
    parts = source.split(":")
    region, source_name = (parts[3], parts[6]) if len(parts) == 7 else (database.region_name, source)
    primary = rds_backends[ACCOUNT_ID][region].databases.get(source_name)
    if primary is not None:
        primary.replicas = [one for one in primary.replicas if one not in (name, database.db_instance_arn)]
    database.is_replica = False
    database.source_db_instance_identifier = None
