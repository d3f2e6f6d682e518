"""Is this Region's database a primary of its own, and who asked for it?

The one-way step, whichever way is asked. What RDS says of the status proves nothing: done is when RDS names no source any
more, the database serves, its server is not in recovery, and a row was committed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from failover.application.database_login import login_for
from failover.application.errors import DatabaseUnavailable, RunRefused
from failover.application.holding import require_fence
from failover.application.polling import Waiting, poll
from failover.application.ports import Clock, DatabaseInstance, Databases, DatabaseSessions, Register, Secrets
from failover.domain.approval import gate_passed
from failover.domain.instance_status import READY_STATUSES, SERVING_STATUSES
from failover.domain.leader_record import Refusal
from failover.domain.plan import Plan
from failover.domain.run import Run


@dataclass(frozen=True)
class BecomingPrimary:
    """Answers `{instance, endpoint, port, already_promoted, promoted_at}`. Each way says how RDS is asked.

    `already_promoted`: the source was gone at the first look of this call, as it is when a call is repeated.
    """

    plan: Plan
    region: str
    register: Register
    databases: Databases
    secrets: Secrets
    sessions: DatabaseSessions
    clock: Clock

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises StillInProgress until the promotion is proven; TransientFailure; RunRefused without the fence."""
        leader = run.text("fence", "leader")
        if not gate_passed(run):
            raise RunRefused("No loss bound was accepted, so nothing is promoted.")
        require_fence(self.register, run.name, leader)
        first = self._describe()
        progress = _Progress(asked=False)
        done = poll(self.clock, self.plan.timing, lambda: self._look(progress))
        return {
            "instance": done.identifier,
            "endpoint": done.host,
            "port": done.port,
            "already_promoted": first.source is None,
            "promoted_at": self.clock.now().isoformat(),
        }

    def _ask(self, found: DatabaseInstance) -> Refusal | None:
        """Ask RDS, once a call. A Refusal: it cannot be done now, or is under way."""
        raise NotImplementedError

    def _describe(self) -> DatabaseInstance:
        identifier = self.plan.region(self.region).database_instance
        found = self.databases.describe(identifier)
        if found is None:
            raise RunRefused(f"{self.region} has no database instance {identifier}.")
        return found

    def _look(self, progress: _Progress) -> DatabaseInstance | Waiting:
        found = self._describe()
        if found.source is not None:
            return self._asked(found, progress)
        if found.status not in SERVING_STATUSES:
            return Waiting(f"{found.identifier} has no source any more and is {found.status}.")
        return self._proven(found)

    def _asked(self, found: DatabaseInstance, progress: _Progress) -> Waiting:
        if found.status not in READY_STATUSES:
            return Waiting(f"{found.identifier} is {found.status} and still a replica.")
        if progress.asked:
            return Waiting(f"Promotion of {found.identifier} was asked for and has not begun to show.")
        refusal = self._ask(found)
        if refusal is not None:
            return Waiting(refusal.reason)
        progress.asked = True
        return Waiting(f"Promotion of {found.identifier} was asked for.")

    def _proven(self, found: DatabaseInstance) -> DatabaseInstance | Waiting:
        login = login_for(found, self.secrets.read(self.plan.region(self.region).database_secret))
        try:
            if self.sessions.in_recovery(login):
                return Waiting(f"{found.identifier} is {found.status}, but its server is still in recovery.")
            self.sessions.write_probe(login, self.region)
        except DatabaseUnavailable as error:
            return Waiting(f"{found.identifier} is {found.status}, but commits nothing yet: {error}")
        return found


@dataclass
class _Progress:
    """Whether this call has asked already: a second request would only be refused."""

    asked: bool
