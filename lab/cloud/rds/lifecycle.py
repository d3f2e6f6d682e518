"""How does a DB instance come to be, take another name, and go, as RDS reports it?

Where the lab makes real servers, an instance that was made through the API is `creating` until its own one runs, however
long that takes. Not emulated: that RDS shows the old name until a new one is in effect, and maintenance windows.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from moto.rds.exceptions import DBInstanceAlreadyExists, DBInstanceNotFoundError, RDSClientError
from moto.rds.models import rds_backends

from lab.cloud.context import CloudContext
from lab.settings import ACCOUNT_ID

# "The new DNS name for the renamed DB instance becomes effective in about 10 minutes. The renamed DB instance is not
# available until the new name becomes effective", and it is restarted. A fifth of that is our figure.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_RenameInstance.html
RENAMING, REBOOTING = timedelta(minutes=1), timedelta(minutes=1)

SetStatus = Callable[..., None]


class Lifecycle:
    """The instances of all Regions. `set_status(database, status, ...)` tells the API, the lab and the journal."""

    def __init__(self, context: CloudContext, set_status: SetStatus) -> None:
        self._context = context
        self._set_status = set_status
        context.desired.on_database_report(self._reported)

    def created(self, database: Any, made_from: Mapping[str, Any]) -> Any:
        """`made_from` says by its `kind` what the real server is to be: new, or replica with its `source`."""
        name, region = database.db_instance_identifier, database.region
        has_server = bool(self._context.desired.database(region, name).get("host"))
        if self._context.desired.makes_servers and not has_server:
            database.status = "creating"
        self._context.desired.set_database(
            region,
            name,
            status=database.status,
            source=database.source_db_instance_identifier,
            promotion_requested=False,
            made_from=dict(made_from),
        )
        return database

    def modify(self, database: Any, wanted: Mapping[str, Any], change: Callable[[], Any]) -> Any:
        """`change` is moto's own way to do it, which renames too. Raises what the API answers to a wrong request.

        https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html
        """
        name = str(wanted.get("new_db_instance_identifier") or "")
        old = database.db_instance_identifier
        if not name or name == old:
            return change()
        if name in rds_backends[ACCOUNT_ID][database.region].databases:
            raise DBInstanceAlreadyExists()
        if database.status != "available":
            raise RDSClientError(
                "InvalidDBInstanceState", f"DB Instance {old} is not in available state; it is {database.status}."
            )
        if wanted.get("apply_immediately") is not True:
            raise RDSClientError(
                "InvalidParameterCombination", "The lab has no maintenance window: ask for ApplyImmediately."
            )
        before = database.db_instance_arn
        changed = change()
        _follow_the_name(changed, before)
        self._context.desired.rename_database(database.region, old, name)
        self._set_status(changed, "renaming", renamed_from=old)
        self._later(RENAMING, changed, "rebooting", lambda: self._later(REBOOTING, changed, "available"))
        return changed

    def deleted(self, database: Any) -> Any:
        """Its server ends and its data goes."""
        self._context.desired.forget_database(database.region, database.db_instance_identifier)
        self._context.journal.add(
            "database", region=database.region, instance=database.db_instance_identifier, status="deleting"
        )
        return database

    def _reported(self, region: str, name: str, report: Mapping[str, Any]) -> None:
        """The real server runs, or could not be made. One whose instance is gone by now is nobody's."""
        database = rds_backends[ACCOUNT_ID][region].databases.get(name)
        if database is None:
            return
        if report["event"] == "created":
            self._context.desired.set_database(region, name, host=report["host"], port=report["port"])
            self._set_status(database, "available")
        elif report["event"] == "creation-failed":
            self._set_status(database, "failed", reason=str(report.get("reason", "")))

    def _later(self, delay: timedelta, database: Any, status: str, then: Callable[[], None] | None = None) -> None:
        def show() -> None:
            self._set_status(database, status)
            if then is not None:
                then()

        timer = threading.Timer(self._context.scaled(delay), show)
        timer.daemon = True
        timer.start()


def find(backend: Any, identifier: str) -> Any:
    """The instance, by its name in whatever case. Raises DBInstanceNotFoundError."""
    database = backend.databases.get(identifier.lower())
    if database is None:
        raise DBInstanceNotFoundError(identifier)
    return database


def _follow_the_name(database: Any, before: str) -> None:
    """Its source lists it, and its replicas name it, under the new name.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_RenameInstance.html
    """
    old, new = (before, before.split(":")[6]), (database.db_instance_arn, database.db_instance_identifier)
    for backend in rds_backends[ACCOUNT_ID].values():
        for other in backend.databases.values():
            other.replicas = [new[old.index(one)] if one in old else one for one in other.replicas]
            if other.source_db_instance_identifier == before:
                other.source_db_instance_identifier = database.db_instance_arn
