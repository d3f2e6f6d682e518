"""Has this Region as many healthy tasks as a leader needs?

As many as the leader had, or, where these cannot be had within a call's budget, the plan's minimum: then the rest comes when
there is room. A switchover has the time, and goes by the full size alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from failover.application.errors import RunRefused, StillInProgress
from failover.application.polling import Waiting, poll_until_budget
from failover.application.ports import Clock, LoadBalancer, Services
from failover.domain.leading_size import TooFew, enough
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
        found = poll_until_budget(
            self.clock, self.plan.timing, lambda: self._all(size.target_groups, here.leading_tasks)
        )
        healthy = self._healthy(size.target_groups) if isinstance(found, Waiting) else found
        verdict = enough(healthy, here.leading_tasks, here.leading_tasks if run.planned else here.minimum_tasks)
        if isinstance(verdict, TooFew):
            raise StillInProgress(verdict.reason)
        return {"healthy": healthy, "desired": desired, "previous": previous, "reason": verdict.reason}

    def _all(self, target_groups: Sequence[str], leading: int) -> int | Waiting:
        healthy = self._healthy(target_groups)
        return healthy if healthy >= leading else Waiting(f"{healthy} of the {leading} targets wanted are healthy.")

    def _healthy(self, target_groups: Sequence[str]) -> int:
        """A task counts once it is healthy in every group: each of them can send it requests."""
        return min(self.load_balancer.healthy_targets(group) for group in target_groups)
