"""What does RDS in the standby's Region do in a case: to a replica, to the instances of a restore or a rebuild, to Aurora?

It answers as moto does, and changes what moto shows after a while of the case's own time. How long anything takes is our
figure; that it shows later than it is accepted, and is accepted once, is AWS's.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import DBInstanceAlreadyExists, DBInstanceNotFoundError, RDSClientError
from moto.rds.models import RDSBackend, rds_backends
from moto.rds.responses import RDSResponse

from chaos.case import Situation
from chaos.clock import CaseClock
from chaos.installation import ACCOUNT, GLOBAL_CLUSTER, PRIMARY, STANDBY, database_of
from failover.application.rehearse_restore import ASKED_TAG
from failover.domain.instants import aware

SOON, LATER, DONE = (timedelta(seconds=seconds) for seconds in (1, 2, 3))
# How old the newest backup is, and the next one.
AUTOMATED, SNAPSHOT = timedelta(seconds=60), timedelta(seconds=90)
BACKUP_ARN = f"arn:aws:rds:{STANDBY}:{ACCOUNT}:auto-backup:ab-app"
OWN = database_of(STANDBY)
# What RDS takes on that somebody must hear of.
ONE_WAY, RENAMED = "a one-way step", "another name for the first instance"
# Where AWS keeps the list of global databases, for moto.
GLOBAL_REGION = "us-east-1"


class Rds:
    """`accepted` hears of what RDS takes on."""

    def __init__(self, clock: CaseClock) -> None:
        self._clock = clock
        self._listed, self.first = dict(self._instances), self._instances[OWN]
        changeable = (self.first, self._database, *self._database.members)
        self._at_first = [(one, dict(vars(one))) for one in changeable]
        self.accepted: Callable[[str], object] = lambda _: None
        self.begin(Situation.CUT_OFF)

    def begin(self, situation: Situation) -> None:
        """As before the fault."""
        for one, values in self._at_first:
            vars(one).clear()
            vars(one).update(values)
        self._instances.clear()
        self._instances.update(self._listed)
        self.made: dict[str, str] = {}
        self.deleted: list[str] = []
        self._due: list[tuple[datetime, Callable[[], None]]] = []
        self._moving: set[str] = set()
        self._replicas: set[str] = set()
        self._made_at: dict[str, datetime] = {}
        self._began, self._aurora = self._clock.now(), situation.aurora
        self._restoring = situation is Situation.RESTORE
        self._damaged = situation in (Situation.RESTORE, Situation.REHEARSAL_OF_DAMAGE)
        if situation in (Situation.RESTORE, Situation.REBUILD):
            self.first.is_replica, self.first.source_db_instance_identifier = False, None

    def settle(self) -> None:
        """What is due by now has happened."""
        due = [one for one in self._due if one[0] <= self._clock.now()]
        self._due = [one for one in self._due if one not in due]
        for _, happen in sorted(due, key=lambda one: one[0]):
            happen()

    @property
    def takes_writes(self) -> bool:
        """Whether the server under the plan's name is a primary that a run made of it."""
        if self._aurora:
            return bool(self._cluster.is_writer)
        own = self._instances.get(OWN)
        made = own is not None and own.status == "available" and not own.is_replica
        return made and (own is not self.first or not self._restoring)

    @property
    def endpoint(self) -> tuple[str, int]:
        """Of the database under the plan's name."""
        if self._aurora:
            cluster = self._cluster
            return str(cluster.endpoint if cluster.is_writer else cluster.reader_endpoint), int(cluster.port)
        own = self._instances.get(OWN)
        return ("nowhere.example", 0) if own is None else address(own)

    @property
    def restored_to(self) -> datetime | None:
        """The moment of what was restored; None: it is damaged, or nothing was."""
        return self.moment_of(OWN)

    def moment_of(self, name: str) -> datetime | None:
        """Of the backup that an instance was made of; None: it is damaged, or there is no such instance."""
        damaged = ("automated",) if self._damaged else ()
        ages = {kind: age for kind, age in (("automated", AUTOMATED), ("snapshot", SNAPSHOT)) if kind not in damaged}
        age = ages.get(self.made.get(name, ""))
        return None if age is None else self._began - age

    def instance(self, name: str) -> Any:
        """None when there is none."""
        return self._instances.get(name)

    def at(self, where: tuple[str, int]) -> Any:
        """The available instance that listens there, or None."""
        known = self._instances.values()
        return next((one for one in known if one.status == "available" and address(one) == where), None)

    def replaced(self) -> list[tuple[Any, str, Any]]:
        """What stands in moto's place."""
        return [
            (RDSBackend, "promote_read_replica", lambda _, wanted: self.promote(wanted["db_instance_identifier"])),
            (RDSBackend, "modify_db_instance", lambda _, name, wanted: self.modify(name, wanted)),
            (
                RDSBackend,
                "delete_db_instance",
                lambda _, db_instance_identifier, **__: self.delete(db_instance_identifier),
            ),
            (RDSBackend, "create_db_instance_read_replica", lambda _, wanted: self.create_replica(wanted)),
            (
                RDSBackend,
                "restore_db_instance_to_point_in_time",
                self._restore("automated", "target_db_instance_identifier"),
            ),
            (RDSBackend, "restore_db_instance_from_db_snapshot", self._restore("snapshot", "db_instance_identifier")),
            (RDSBackend, "describe_db_instance_automated_backups", lambda *_, **__: [self._automated()]),
            (RDSBackend, "describe_db_snapshots", lambda _, name, *__: [self._snapshot()] if name == OWN else []),
            (RDSResponse, "failover_global_cluster", lambda _: self.change_writer("failing-over")),
            (RDSResponse, "switchover_global_cluster", lambda _: self.change_writer("switching-over")),
        ]

    def promote(self, name: str) -> Any:
        """For an available read replica, and once: at first it is still available, then modifying, then through.

        https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_PromoteReadReplica.html
        """
        own = self._find(name)
        if name in self._moving or not own.is_replica or own.status != "available":
            raise RDSClientError("InvalidDBInstanceState", f"{name} is not a read replica that can be promoted now.")
        self._moving.add(name)
        self._later(SOON, lambda: setattr(own, "status", "modifying"))
        self._later(DONE, lambda: self._promoted(own))
        self.accepted(ONE_WAY)
        return own

    def modify(self, name: str, wanted: Mapping[str, Any]) -> Any:
        """Another parameter group shows at once, and is in effect with the next restart."""
        if "new_db_instance_identifier" in wanted:
            return self.rename(name, wanted)
        own = self._find(name)
        if own.status != "available":
            raise RDSClientError("InvalidDBInstanceState", f"{name} is {own.status}.")
        own.db_parameter_group_name = str(wanted["db_parameter_group_name"])
        return own

    def rename(self, name: str, wanted: Mapping[str, Any]) -> Any:
        """Renaming, then rebooting under its new name, then available: for an available instance.

        https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_RenameInstance.html
        """
        own, new = self._find(name), str(wanted["new_db_instance_identifier"])
        if new in self._instances:
            raise DBInstanceAlreadyExists()
        if own.status != "available":
            raise RDSClientError("InvalidDBInstanceState", f"{name} is {own.status}.")
        if own is self.first:
            self.accepted(RENAMED)
        own.status = "renaming"
        own.deletion_protection = bool(wanted.get("deletion_protection", own.deletion_protection))
        own.backup_retention_period = wanted.get("backup_retention_period", own.backup_retention_period)
        self._later(SOON, lambda: self._renamed(own, new))
        self._later(LATER, lambda: setattr(own, "status", "available"))
        return own

    def delete(self, name: str) -> Any:
        own = self._find(name)
        if own.deletion_protection or own.status == "deleting":
            raise RDSClientError("InvalidDBInstanceState", f"{name} cannot be deleted now.")
        own.status = "deleting"
        self.deleted.append(f"{self.made.get(name, 'nothing of this run')} {name}")
        self._later(SOON, lambda: self._instances.pop(name))
        return own

    def create_replica(self, wanted: Mapping[str, Any]) -> Any:
        """Of each name once: a request is denied that comes minutes late, and to make an instance and rename it takes longer.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-signing.html
        """
        name, source = str(wanted["db_instance_identifier"]), str(wanted["source_db_instance_identifier"])
        if name in self._replicas:
            raise DBInstanceAlreadyExists()
        made = self._make(name, "replica", source, ())
        # https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstanceReadReplica.html
        made.db_parameter_group_name = None
        self._replicas.add(name)
        return made

    def change_writer(self, moving: str) -> Any:
        """The writer changes in the middle of it; while it is under way AWS refuses another.

        https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_FailoverState.html
        """
        database = self._database
        if getattr(database, "failover_state", None) or self._cluster.is_writer:
            raise RDSClientError("InvalidGlobalClusterStateFault", "The global cluster is not in a valid state.")
        database.failover_state = {"Status": "pending"}
        self._later(SOON, lambda: setattr(database, "failover_state", {"Status": moving}))
        self._later(LATER, self._writes)
        self._later(DONE, lambda: setattr(self._cluster, "status", "available"))
        self.accepted(ONE_WAY)
        return ActionResult({"GlobalCluster": database})

    def _make(self, name: str, kind: str, source: str | None, tags: Any) -> Any:
        if name in self._instances:
            raise DBInstanceAlreadyExists()
        made = copy.copy(self.first)
        made.db_instance_identifier, made.tags = name, list(tags)
        made.is_replica, made.source_db_instance_identifier = source is not None, source
        made.status, made.deletion_protection = "creating", False
        made.backup_retention_period = 0 if source else 7
        self._instances[name], self.made[name] = made, kind
        self._later(LATER, lambda: setattr(made, "status", "available"))
        return made

    def _restore(self, kind: str, key: str) -> Callable[..., Any]:
        """What a rehearsal asked for before an instance of that name was made comes minutes late: see `create_replica`."""

        def restore(*given: Any) -> Any:
            name, tags = str(given[-1][key]), given[-1]["tags"]
            asked = next((aware(one["Value"]) for one in tags if one["Key"] == ASKED_TAG), self._clock.now())
            if asked < self._made_at.get(name, asked):
                raise DBInstanceAlreadyExists()
            made = self._make(name, kind, None, tags)
            self._made_at[name] = self._clock.now()
            return made

        return restore

    def _promoted(self, own: Any) -> None:
        own.status, own.is_replica, own.source_db_instance_identifier = "available", False, None
        self._moving.discard(own.db_instance_identifier)

    def _renamed(self, own: Any, new: str) -> None:
        old = own.db_instance_identifier
        self._instances[new] = self._instances.pop(old)
        own.db_instance_identifier, own.status = new, "rebooting"
        if old in self.made:
            self.made[new] = self.made.pop(old)

    def _writes(self) -> None:
        for member in self._database.members:
            member.is_writer = member is self._cluster
        self._cluster.status, self._database.failover_state = "promoting", None

    def _automated(self) -> Any:
        """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstanceAutomatedBackup.html"""
        window = SimpleNamespace(earliest_time=self._began - timedelta(hours=1), latest_time=self._began - AUTOMATED)
        return SimpleNamespace(
            db_instance_automated_backups_arn=BACKUP_ARN,
            db_instance_identifier=database_of(PRIMARY),
            dbi_resource_id="db-APP",
            region=PRIMARY,
            status="active",
            restore_window=window,
        )

    def _snapshot(self) -> Any:
        return SimpleNamespace(
            db_snapshot_identifier="app-snapshot",
            db_instance_identifier=OWN,
            status="available",
            original_snapshot_create_time=self._began - SNAPSHOT,
        )

    def _later(self, delay: timedelta, happen: Callable[[], Any]) -> None:
        self._due.append((self._clock.now() + delay, happen))

    def _find(self, name: str) -> Any:
        self.settle()
        if name not in self._instances:
            raise DBInstanceNotFoundError(name)
        return self._instances[name]

    @property
    def _instances(self) -> dict[str, Any]:
        found: dict[str, Any] = rds_backends[ACCOUNT][STANDBY].databases
        return found

    @property
    def _cluster(self) -> Any:
        return rds_backends[ACCOUNT][STANDBY].clusters[OWN]

    @property
    def _database(self) -> Any:
        return rds_backends[ACCOUNT][GLOBAL_REGION].global_clusters[GLOBAL_CLUSTER]


def address(instance: Any) -> tuple[str, int]:
    """Where an instance listens: its name is in it."""
    endpoint = instance.endpoint
    return str(endpoint["Address"]), int(endpoint["Port"])
