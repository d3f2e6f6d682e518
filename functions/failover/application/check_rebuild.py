"""May this Region be made a standby of the leader now?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from failover.application.database_login import login_for
from failover.application.errors import DatabaseUnavailable, RunRefused
from failover.application.holding import majority_needed
from failover.application.ports import DatabaseInstance, Databases, DatabaseSessions, Register, Secrets
from failover.application.rebuilding import accepts_unknown, follows
from failover.domain.leader_record import LeaderRecord
from failover.domain.plan import DatabaseMode, Plan
from failover.domain.rebuild import ADDED_BY_AURORA, InstanceNames, why_not
from failover.domain.run import Run
from failover.domain.run_input import require_rebuild


@dataclass(frozen=True)
class CheckRebuild:
    """Changes nothing. Answers `{allowed, reason, leader, epoch, db_mode, instance, kept_as, replica, readable}`.

    `readable`: the old primary answers, so that its rows can be told. Aurora leaves none: its volume is a new one.
    """

    plan: Plan
    region: str
    register: Register
    databases: Databases
    secrets: Secrets
    sessions: DatabaseSessions

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises TransientFailure or RunRefused, and RunInputError for an input that makes no sense."""
        require_rebuild(run)
        with majority_needed():
            record = self.register.read()
        here = self.plan.region(self.region).database_instance
        names = InstanceNames.of(here, record.epoch)
        if obstacle := why_not(self.region, self.plan, record, run.expected_epoch):
            return self._answer(obstacle, record, names, readable=False, allowed=False)
        if self.plan.db_mode is DatabaseMode.AURORA:
            obstacle = self._no_secondary(names.instance, record.leader)
            told = f"{record.leader} leads in epoch {record.epoch}, and Aurora has {names.instance} follow it."
            return self._answer(obstacle or told, record, names, readable=False, allowed=obstacle is None)
        return self._look(run, record, names)

    def _no_secondary(self, cluster: str, leader: str) -> str | None:
        """Why Aurora has not made the old cluster a secondary of the leader's, None when it has."""
        try:
            found = self.databases.describe(cluster)
        except RunRefused as error:
            return f"{error} {ADDED_BY_AURORA}"
        if found is None:
            return f"{self.region} has no cluster {cluster} to go by: deploy its stack instead."
        if follows(found, self.region, self.plan, leader):
            return None
        return f"{cluster} follows {found.source or 'nobody'}, and not the cluster of {leader}. {ADDED_BY_AURORA}"

    def _look(self, run: Run, record: LeaderRecord, names: InstanceNames) -> dict[str, Any]:
        kept, found = self.databases.describe(names.kept_as), self.databases.describe(names.instance)
        old = kept or found
        if old is None:
            told = (
                f"{self.region} has no database instance {names.instance} to go by: rename back what an earlier rebuild "
                "kept, or, where there is none, deploy its stack."
            )
            return self._answer(told, record, names, readable=False, allowed=False)
        if kept is None and old.source is not None:
            return self._answer(self._no_primary(old, record.leader), record, names, readable=False, allowed=False)
        silence = self._silence(old)
        if silence and not accepts_unknown(run):
            told = (
                f"{old.identifier} does not answer, so nobody can tell which rows only it has: {silence} Mend it, or ask "
                "again and accept that they are unknown; the instance is kept either way."
            )
            return self._answer(told, record, names, readable=False, allowed=False)
        told = f"{record.leader} leads in epoch {record.epoch}, and {old.identifier} is what was the primary here."
        return self._answer(told, record, names, readable=not silence, allowed=True)

    def _no_primary(self, found: DatabaseInstance, leader: str) -> str:
        if follows(found, self.region, self.plan, leader):
            return f"{found.identifier} replicates from {leader} already: nothing needs to be rebuilt."
        return (
            f"{found.identifier} is a replica of {found.source}, and not what was the primary here: look at it first."
        )

    def _silence(self, old: DatabaseInstance) -> str | None:
        """Why its rows cannot be read, None when they can."""
        try:
            self.sessions.in_recovery(login_for(old, self.secrets.read(self.plan.region(self.region).database_secret)))
        except (DatabaseUnavailable, RunRefused) as error:
            return str(error)
        return None

    def _answer(
        self, reason: str, record: LeaderRecord, names: InstanceNames, *, readable: bool, allowed: bool
    ) -> dict[str, Any]:
        return {
            "allowed": allowed,
            "reason": reason,
            "leader": record.leader,
            "epoch": record.epoch,
            "db_mode": self.plan.db_mode.value,
            "instance": names.instance,
            "kept_as": names.kept_as,
            "replica": names.replica,
            "readable": readable,
        }
