"""Has this Region as many healthy tasks as a leader needs?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from failover.application.errors import RunRefused
from failover.application.polling import Waiting, poll
from failover.application.ports import Clock, LoadBalancer, Services
from failover.domain.plan import Plan
from failover.domain.run import Run


@dataclass(frozen=True)
class ScaleSecondaryECS:
    """Raises the desired count, never lowers it. Answers `{healthy, desired, previous, reason}`.

    `previous` is the count before the run, for whoever undoes this.
    """

    plan: Plan
    region: str
    services: Services
    load_balancer: LoadBalancer
    clock: Clock

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises StillInProgress until the load balancer finds enough targets healthy; TransientFailure, RunRefused."""
        here = self.plan.region(self.region)
        size = self.services.size(here.ecs_cluster, here.ecs_service)
        if size is None:
            raise RunRefused(f"{self.region} has no ECS service {here.ecs_cluster}/{here.ecs_service}.")
        if not size.target_groups:
            raise RunRefused(f"ECS service {here.ecs_cluster}/{here.ecs_service} in {self.region} has no target group.")
        before = run.value("readiness", "tasks")
        previous = before if type(before) is int else size.desired
        desired = max(size.desired, here.leading_tasks)
        if desired > size.desired:
            self.services.resize(here.ecs_cluster, here.ecs_service, desired)
        healthy = poll(self.clock, self.plan.timing, lambda: self._healthy(size.target_groups, here.leading_tasks))
        return {
            "healthy": healthy,
            "desired": desired,
            "previous": previous,
            "reason": f"{healthy} targets are healthy; {here.leading_tasks} are needed to lead.",
        }

    def _healthy(self, target_groups: Sequence[str], needed: int) -> int | Waiting:
        """A task counts once it is healthy in every group: each of them can send it requests."""
        healthy = min(self.load_balancer.healthy_targets(group) for group in target_groups)
        if healthy < needed:
            return Waiting(f"{healthy} of the {needed} targets needed are healthy.")
        return healthy
