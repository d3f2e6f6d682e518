"""Can this Region take over, and with which database: its replica, or one made of a backup?

The replica goes first, since it has what no backup has. A restore is found where there is no replica that could be promoted,
or where a person asks for it, because what is wrong with the data is in the replica too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from failover.application.errors import RunRefused, TransientFailure
from failover.application.polling import Waiting, poll_until_budget
from failover.application.ports import Clock, Databases, Services, ServiceSize
from failover.application.readiness_ports import Keys
from failover.application.restore_ports import RecoveryPoints, RestoreTimes
from failover.domain.instance_status import AVAILABLE, PASSING_STATUSES, READY_STATUSES, STATUS_PAGE, not_known
from failover.domain.leader_record import Refusal
from failover.domain.plan import DatabaseMode, Plan
from failover.domain.readiness.keys import why_not_usable
from failover.domain.recovery_point import Path, RecoveryPoint, RestoreRequest, choose, requested, restore_estimate
from failover.domain.replica import why_not_the_replica
from failover.domain.run import Run

NO_RESTORE = (
    "This workflow restores RDS instances alone: restore an Aurora cluster by hand, and begin its global database anew."
)
# In others AWS does not rename an instance, and a restored one needs its name.
RENAMED_IN = READY_STATUSES | {"storage-full"}
# A replica that may well work is neither promoted nor given up for an older backup by anybody but a person.
NOT_KNOWN = f"of which this version does not know what it means: {STATUS_PAGE} tells. Ask again once it is available."
RENAME = "To restore a backup in its place, rename it first: so it keeps what it has."
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.Keys.html
NO_RESTORE_WITHOUT_KEY = "The backups here are encrypted under it, and RDS restores none while it is not enabled."


@dataclass(frozen=True)
class CheckSecondaryReadiness:
    """Changes nothing. Answers `{ready, reason, db_mode, instance, tasks, path, points, restore_seconds}`.

    `tasks` is the desired count before the run: whoever undoes the scaling goes back to it. `path` is promote or restore;
    `points` are what to restore from, the best first, and none for a promotion. `restore_seconds`: how long a restore took
    in the newest rehearsal, None where that is unknown, or nothing is restored.
    """

    plan: Plan
    region: str
    databases: Databases
    backups: RecoveryPoints
    keys: Keys
    services: Services
    rehearsals: RestoreTimes
    clock: Clock

    def __call__(self, run: Run) -> dict[str, Any]:
        """Waits a bounded time for a status that passes by itself.

        Raises TransientFailure or RunRefused, and RunStateError for a restore that makes no sense.
        """
        asked = requested(run)
        here = self.plan.region(self.region)
        leader = run.text("health", "leader")
        size = self.services.size(here.ecs_cluster, here.ecs_service)
        if size is None:
            return self._answer(False, f"{self.region} has no ECS service {here.ecs_cluster}/{here.ecs_service}.", None)
        if asked is not None:
            return self._restore("A restore was asked for.", asked, run, leader, size)
        obstacle = poll_until_budget(self.clock, self.plan.timing, lambda: self._obstacle(leader, run.planned))
        if isinstance(obstacle, Waiting):
            return self._answer(False, obstacle.reason, size)
        if obstacle:
            return self._restore(obstacle, RestoreRequest(None), run, leader, size)
        return self._answer(
            True,
            f"{here.database_instance} replicates from {leader}, and the desired count here is {size.desired}.",
            size,
        )

    def _restore(self, why: str, asked: RestoreRequest, run: Run, leader: str, size: ServiceSize) -> dict[str, Any]:
        """Whether the database can be made of a backup instead."""
        if self.plan.db_mode is DatabaseMode.AURORA:
            return self._answer(False, f"{why} {NO_RESTORE}", size)
        if run.planned:
            return self._answer(False, f"{why} A switchover loses nothing, so it restores nothing.", size)
        if reason := self._name_is_kept():
            return self._answer(False, f"{why} {reason}", size)
        own = self.plan.region(self.region).database_instance
        found = choose(self.backups.find((self.plan.region(leader).database_instance, own)), asked.to)
        if isinstance(found, Refusal):
            return self._answer(False, f"{why} {found.reason}", size)
        return self._under_key(why, found, size)

    def _under_key(self, why: str, found: tuple[RecoveryPoint, ...], size: ServiceSize) -> dict[str, Any]:
        """Whether the points that were found can be opened."""
        took = self._took()
        told, alias = f"{why} It can be made of {found[0]}. {restore_estimate(took)}", self.plan.key_alias
        try:
            state = self.keys.state(alias)
        except (RunRefused, TransientFailure) as error:
            # No reason to give up: RDS asks KMS itself, and refuses by itself.
            return self._answer(True, f"{told} Whether {alias} is enabled is not known: {error}", size, found, took)
        if reason := why_not_usable(alias, state):
            return self._answer(False, f"{why} {reason} {NO_RESTORE_WITHOUT_KEY}", size)
        return self._answer(True, told, size, found, took)

    def _took(self) -> timedelta | None:
        """An estimate that cannot be had keeps nobody from a restore."""
        try:
            return self.rehearsals.last_took()
        except (RunRefused, TransientFailure):
            return None

    def _name_is_kept(self) -> str | None:
        """Why a restored instance could not take the place of the one that is here."""
        name = self.plan.region(self.region).database_instance
        found = self.databases.describe(name)
        if found is None or found.status in RENAMED_IN:
            return None
        if not_known(found.status):
            return f"{name} is {found.status}, {NOT_KNOWN} {RENAME}"
        return (
            f"{name} is {found.status}, in which AWS does not rename it, and a restored one needs the name: delete it."
        )

    def _obstacle(self, leader: str, planned: bool) -> str | Waiting:
        """Why the replica cannot be promoted; empty when it can.

        A leader that serves is not fenced for a promotion that AWS might put off for hours. A status that RDS has added is
        waited for as one that passes, and refuses the run where it does not.
        """
        identifier = self.plan.region(self.region).database_instance
        found = self.databases.describe(identifier)
        if found is None:
            return f"{self.region} has no database instance {identifier}."
        expected = self.plan.region(leader).database_instance
        if reason := why_not_the_replica(found.identifier, found.source, self.region, leader, expected):
            return reason
        if found.status == AVAILABLE or (found.status in READY_STATUSES and not planned):
            return found.obstacle or ""
        if found.status in PASSING_STATUSES | READY_STATUSES:
            return Waiting(f"{identifier} is {found.status}, in which AWS may refuse promotion.")
        if not_known(found.status):
            way_round = "" if self.plan.db_mode is DatabaseMode.AURORA else f" {RENAME}"
            return Waiting(f"{identifier} is {found.status}, {NOT_KNOWN}{way_round}")
        return f"{identifier} is {found.status}, not available."

    def _answer(
        self,
        ready: bool,
        reason: str,
        size: ServiceSize | None,
        points: tuple[RecoveryPoint, ...] = (),
        took: timedelta | None = None,
    ) -> dict[str, Any]:
        return {
            "ready": ready,
            "reason": reason,
            "db_mode": self.plan.db_mode,
            "instance": self.plan.region(self.region).database_instance,
            "tasks": size.desired if size else None,
            "path": Path.RESTORE.value if points else Path.PROMOTE.value,
            "points": [one.to_dict() for one in points],
            "restore_seconds": None if took is None else took.total_seconds(),
        }
