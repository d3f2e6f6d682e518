"""Can this Region take over?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from failover.application.polling import Waiting, poll_until_budget
from failover.application.ports import Clock, DatabaseInstance, Databases, Services, ServiceSize
from failover.domain.plan import Plan
from failover.domain.run import Run

# These pass by themselves; every other status but "available" needs a person.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html
PASSING_STATUSES = frozenset(
    {
        "backing-up",
        "configuring-enhanced-monitoring",
        "configuring-log-exports",
        "maintenance",
        "modifying",
        "rebooting",
        "renaming",
        "resetting-master-credentials",
        "storage-config-upgrade",
        "storage-optimization",
        "upgrading",
    }
)


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
        if reason := self._not_the_replica(found, leader):
            return reason
        if found.status in PASSING_STATUSES:
            return Waiting(f"{identifier} is {found.status}, in which AWS refuses promotion.")
        if found.status != "available":
            return f"{identifier} is {found.status}, not available."
        return ""

    def _not_the_replica(self, found: DatabaseInstance, leader: str) -> str | None:
        """A replica in another Region names its source by ARN.

        https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html
        """
        if found.source is None:
            return f"{found.identifier} is no replica: it was promoted before, or never was one."
        expected = self.plan.region(leader).database_instance
        parts = found.source.split(":")
        source_region, source = (parts[3], parts[-1]) if len(parts) >= 7 else (self.region, found.source)
        if (source_region, source.lower()) != (leader, expected.lower()):
            return f"{found.identifier} replicates from {source} in {source_region}, not from {expected} in {leader}."
        return None

    def _answer(self, ready: bool, reason: str, size: ServiceSize | None) -> dict[str, Any]:
        return {
            "ready": ready,
            "reason": reason,
            "db_mode": self.plan.db_mode,
            "instance": self.plan.region(self.region).database_instance,
            "tasks": size.desired if size else None,
        }
