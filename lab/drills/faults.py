"""Which faults can a drill inject, and what does each one break?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from lab.data_plane import database_instance
from lab.region.postgresql_replication import eventually
from lab.region.postgresql_session import PostgreSQLError
from lab.settings import PRIMARY_REGION, SECONDARY_REGION, SERVICE, WITNESS_REGION, FaultName

if TYPE_CHECKING:
    from lab.laboratory import Laboratory

BACKUPS = "DBInstanceAutomatedBackups"
FIRST_BACKUP_WITHIN = timedelta(seconds=20)
FORWARDING_RULE = f"drlab-{SERVICE}-forward-health-check"


@dataclass(frozen=True)
class Fault:
    """`inject` breaks the primary Region of a running laboratory; all of them must end in a failover."""

    name: FaultName
    description: str
    inject: Callable[[Laboratory], None]


def lose_control_plane(lab: Laboratory) -> None:
    """In the Region that would take over: the workflow and every function are gone, and whatever would call them finds none."""
    lab.client("stepfunctions", SECONDARY_REGION).delete_state_machine(stateMachineArn=lab.state_machine_arn)
    functions = lab.client("lambda", SECONDARY_REGION)
    for page in functions.get_paginator("list_functions").paginate():
        for one in page["Functions"]:
            functions.delete_function(FunctionName=one["FunctionName"])


def _region_dark(lab: Laboratory) -> None:
    """Links first, as the outside would see it; then the API; then every process of the Region."""
    lab.cut_region_links(PRIMARY_REGION)
    lab.cloud.set_dark(PRIMARY_REGION, dark=True)
    lab.tasks[PRIMARY_REGION].kill_all()
    lab.servers[PRIMARY_REGION].kill()


def _database_killed(lab: Laboratory) -> None:
    lab.servers[PRIMARY_REGION].kill()


def _database_frozen(lab: Laboratory) -> None:
    lab.servers[PRIMARY_REGION].freeze()


def _link_cut(lab: Laboratory) -> None:
    """The Region goes on by itself: its processes live, and nothing gets in or out."""
    lab.cut_region_links(PRIMARY_REGION)


def _service_down(lab: Laboratory) -> None:
    lab.tasks[PRIMARY_REGION].kill_all()


def _alarm_lost(lab: Laboratory) -> None:
    lab.client("events", WITNESS_REGION).disable_rule(Name=FORWARDING_RULE)
    _region_dark(lab)


def _replica_lost(lab: Laboratory) -> None:
    """The replica first, by the API as a person would: then there is nothing to promote when the Region is lost."""
    rds, name = lab.client("rds", SECONDARY_REGION), database_instance(SECONDARY_REGION)
    if not eventually(lambda: bool(rds.describe_db_instance_automated_backups()[BACKUPS]), FIRST_BACKUP_WITHIN):
        raise PostgreSQLError(f"Nothing was backed up to {SECONDARY_REGION} within {FIRST_BACKUP_WITHIN}.")
    rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False, ApplyImmediately=True)
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    _region_dark(lab)


FAULTS: dict[FaultName, Fault] = {
    fault.name: fault
    for fault in (
        Fault(
            "region-dark",
            "the primary Region goes dark: its processes die, its API stops answering, its links are cut",
            _region_dark,
        ),
        Fault("database-killed", "the primary database server dies at once", _database_killed),
        Fault("database-frozen", "the primary database server stops running but keeps its sockets", _database_frozen),
        Fault("link-cut", "the primary Region lives on, cut off from everything outside it", _link_cut),
        Fault("service-down", "every task of the primary Region dies and cannot be started again", _service_down),
        Fault(
            "alarm-lost",
            "the primary Region goes dark, and the rule that forwards its alarm has been disabled",
            _alarm_lost,
        ),
        Fault(
            "replica-lost",
            "the replica is deleted, and the primary Region goes dark: there is a backup, and nothing to promote",
            _replica_lost,
        ),
    )
}
