"""Does this Region's database follow the leader?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from failover.application.database_login import login_for
from failover.application.errors import DatabaseUnavailable
from failover.application.polling import Waiting, poll
from failover.application.ports import Clock, Databases, DatabaseSessions, Heartbeats, Register, Secrets
from failover.application.rebuilding import follows, names_of, require_leader
from failover.application.replica_lag import seconds_behind
from failover.domain.instance_status import SERVING_STATUSES
from failover.domain.plan import Plan
from failover.domain.run import Run


@dataclass(frozen=True)
class VerifyStandby:
    """Answers `{follows, region, behind_seconds, reason}`. Changes nothing."""

    plan: Plan
    region: str
    register: Register
    databases: Databases
    secrets: Secrets
    sessions: DatabaseSessions
    heartbeats: Heartbeats
    clock: Clock

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises StillInProgress until it does; TransientFailure, RunRefused."""
        require_leader(self.register, run)
        leader = run.text("check", "leader")
        behind = poll(self.clock, self.plan.timing, lambda: self._look(names_of(run).instance, leader))
        told = f"{names_of(run).instance} follows {leader}, {behind:.1f} s behind it."
        return {"follows": True, "region": self.region, "behind_seconds": behind, "reason": told}

    def _look(self, instance: str, leader: str) -> float | Waiting:
        found = self.databases.describe(instance)
        if found is None or not follows(found, self.region, self.plan, leader):
            return Waiting(f"{instance} is no replica of {leader}.")
        if found.status not in SERVING_STATUSES:
            return Waiting(f"{instance} is {found.status}.")
        login = login_for(found, self.secrets.read(self.plan.region(self.region).database_secret))
        try:
            position = self.sessions.position(login, leader)
        except DatabaseUnavailable as error:
            return Waiting(f"{instance} does not answer: {error}")
        behind = seconds_behind(position, self.heartbeats.read().newest, leader)
        if isinstance(behind, Waiting):
            return behind
        if behind > (limit := self.plan.timing.unpublished.total_seconds()):
            return Waiting(f"{instance} is {behind:.1f} s behind {leader}; {limit:g} s or less is asked for.")
        return behind
