"""Is everything ready that can be made ready while the leader still serves?

For a switchover alone, before its fence: whatever is settled here does not lengthen the outage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from failover.application.database_login import login_in
from failover.application.errors import DatabaseUnavailable, RunRefused
from failover.application.polling import Waiting, poll
from failover.application.ports import Clock, DatabaseLogin, Databases, DatabaseSessions, Heartbeats, Secrets
from failover.application.replica_lag import seconds_behind
from failover.application.scale_secondary_ecs import ScaleSecondaryECS
from failover.domain.lease_holders import may_confirm
from failover.domain.plan import Plan
from failover.domain.run import Run


@dataclass(frozen=True)
class WarmSecondary:
    """As many healthy tasks as a leader needs, a replica that is close behind, and tasks there that can confirm a fence.

    Answers `{healthy, desired, behind_seconds, reason}`. Repeating it changes nothing more.
    """

    plan: Plan
    region: str
    capacity: ScaleSecondaryECS
    databases: Databases
    secrets: Secrets
    sessions: DatabaseSessions
    heartbeats: Heartbeats
    clock: Clock

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises StillInProgress until it is so; TransientFailure, RunRefused."""
        if not run.planned:
            raise RunRefused("Only a switchover prepares before its fence: a failover has no time for it.")
        leader, epoch = run.text("health", "leader"), run.whole("health", "epoch")
        scaled = self.capacity(run)
        login = login_in(self.plan.region(self.region), self.databases, self.secrets)
        behind = poll(self.clock, self.plan.timing, lambda: self._close_behind(login, leader, epoch))
        return {
            "healthy": scaled["healthy"],
            "desired": scaled["desired"],
            "behind_seconds": behind,
            "reason": f"{scaled['reason']} The replica is {behind:.1f} s behind {leader}.",
        }

    def _close_behind(self, login: DatabaseLogin, leader: str, epoch: int) -> float | Waiting:
        """Seconds between the newest heartbeat that was published and the newest on the replica, by the leader's clock."""
        published = self.heartbeats.read().newest
        try:
            position = self.sessions.position(login, leader)
            holders = self.sessions.confirmations(login, leader).holders
        except DatabaseUnavailable as error:
            return Waiting(f"The replica does not answer: {error}")
        behind = seconds_behind(position, published, leader)
        if isinstance(behind, Waiting):
            return behind
        if not may_confirm(holders, epoch):
            return Waiting(
                f"No task of {leader} is registered on the replica in epoch {epoch}: none could confirm a fence."
            )
        if behind > (limit := self.plan.timing.unpublished.total_seconds()):
            return Waiting(
                f"The replica is {behind:.1f} s behind {leader}; a switchover begins at {limit:g} s or less."
            )
        return behind
