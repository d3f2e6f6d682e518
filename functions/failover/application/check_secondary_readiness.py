"""Can this Region take over?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from failover.application.polling import Waiting, poll_until_budget
from failover.application.ports import Clock, Databases, Services, ServiceSize
from failover.domain.plan import Plan
from failover.domain.replica import PASSING_STATUSES, why_not_the_replica
from failover.domain.run import Run


@dataclass(frozen=True)
class CheckSecondaryReadiness:
    """Changes nothing. Answers `{ready, reason, db_mode, instance, tasks}`.

    `tasks` is the desired count before the run: whoever undoes the scaling goes back to it.
    """

    plan: Plan
    region: str
    databases: Databases
    services: Services
    clock: Clock

    def __call__(self, run: Run) -> dict[str, Any]:
        """Waits a bounded time for a status that passes by itself. Raises TransientFailure or RunRefused."""
        here = self.plan.region(self.region)
        leader = run.text("health", "leader")
        size = self.services.size(here.ecs_cluster, here.ecs_service)
        if size is None:
            return self._answer(False, f"{self.region} has no ECS service {here.ecs_cluster}/{here.ecs_service}.", None)
        obstacle = poll_until_budget(self.clock, self.plan.timing, lambda: self._obstacle(leader))
        if isinstance(obstacle, Waiting):
            return self._answer(False, obstacle.reason, size)
        if obstacle:
            return self._answer(False, obstacle, size)
        return self._answer(
            True,
            f"{here.database_instance} replicates from {leader}, and the desired count here is {size.desired}.",
            size,
        )

    def _obstacle(self, leader: str) -> str | Waiting:
        """Why the replica cannot be promoted; empty when it can."""
        identifier = self.plan.region(self.region).database_instance
        found = self.databases.describe(identifier)
        if found is None:
            return f"{self.region} has no database instance {identifier}."
        expected = self.plan.region(leader).database_instance
        if reason := why_not_the_replica(found.identifier, found.source, self.region, leader, expected):
            return reason
        if found.status in PASSING_STATUSES:
            return Waiting(f"{identifier} is {found.status}, in which AWS refuses promotion.")
        if found.status != "available":
            return f"{identifier} is {found.status}, not available."
        return ""

    def _answer(self, ready: bool, reason: str, size: ServiceSize | None) -> dict[str, Any]:
        return {
            "ready": ready,
            "reason": reason,
            "db_mode": self.plan.db_mode,
            "instance": self.plan.region(self.region).database_instance,
            "tasks": size.desired if size else None,
        }
