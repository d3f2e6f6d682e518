"""May this Region be made a standby of the leader now?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from failover.application.database_login import login_for
from failover.application.errors import DatabaseUnavailable, RunRefused
from failover.application.holding import majority_needed
from failover.application.ports import DatabaseInstance, DatabaseSessions, Register, Secrets
from failover.application.rebuild_ports import Instances
from failover.application.rebuilding import accepts_unknown, follows
from failover.domain.leader_record import LeaderRecord
from failover.domain.plan import Plan
from failover.domain.rebuild import InstanceNames, why_not
from failover.domain.run import Run


@dataclass(frozen=True)
class CheckRebuild:
    """Changes nothing. Answers `{allowed, reason, leader, epoch, instance, kept_as, replica, readable}`.

    `readable`: the old primary answers, so that its rows can be told.
    """

    plan: Plan
    region: str
    register: Register
    instances: Instances
    secrets: Secrets
    sessions: DatabaseSessions

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises TransientFailure or RunRefused."""
        with majority_needed():
            record = self.register.read()
        here = self.plan.region(self.region).database_instance
        names = InstanceNames.of(here, record.epoch)
        obstacle = why_not(self.region, self.plan, record, run.expected_epoch)
        if obstacle is None:
            return self._look(run, record, names)
        return _answer(obstacle, record, names, readable=False, allowed=False)

    def _look(self, run: Run, record: LeaderRecord, names: InstanceNames) -> dict[str, Any]:
        kept, found = self.instances.describe(names.kept_as), self.instances.describe(names.instance)
        old = kept or found
        if old is None:
            told = f"{self.region} has no database instance {names.instance} to go by: deploy its stack instead."
            return _answer(told, record, names, readable=False, allowed=False)
        if kept is None and old.source is not None:
            return _answer(self._no_primary(old, record.leader), record, names, readable=False, allowed=False)
        silence = self._silence(old)
        if silence and not accepts_unknown(run):
            told = (
                f"{old.identifier} does not answer, so nobody can tell which rows only it has: {silence} Mend it, or ask "
                "again and accept that they are unknown; the instance is kept either way."
            )
            return _answer(told, record, names, readable=False, allowed=False)
        told = f"{record.leader} leads in epoch {record.epoch}, and {old.identifier} is what was the primary here."
        return _answer(told, record, names, readable=not silence, allowed=True)

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
    reason: str, record: LeaderRecord, names: InstanceNames, *, readable: bool, allowed: bool
) -> dict[str, Any]:
    return {
        "allowed": allowed,
        "reason": reason,
        "leader": record.leader,
        "epoch": record.epoch,
        "instance": names.instance,
        "kept_as": names.kept_as,
        "replica": names.replica,
        "readable": readable,
    }
