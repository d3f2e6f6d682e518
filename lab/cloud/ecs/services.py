"""How many tasks does a service want, and how many really run?

Not emulated: single tasks (ListTasks stays empty), deployments beyond the first, and service events.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.ecs.models import Cluster, EC2ContainerServiceBackend, Service, ecs_backends

from lab.cloud.context import CloudContext
from lab.cloud.ecs.execution_role import why_not
from lab.settings import ACCOUNT_ID


class Services:
    """Desired counts go to the lab; running counts come from it, never from what was asked for."""

    def __init__(self, context: CloudContext) -> None:
        self._context = context

    def wanted(self, service: Any) -> Any:
        """Tell the lab what the API wants of a moto service."""
        desired = int(service.desired_count or 0) if service.status == "ACTIVE" else 0
        denied = why_not(self._context.authorization, service) if desired else None
        # On AWS ECS tries again and again to start what it may not: no task ever comes of it.
        desired = 0 if denied else desired
        self._context.desired.set_service(service.region_name, service.cluster_name, service.name, desired)
        self._context.journal.add(
            "service",
            region=service.region_name,
            service=service.name,
            desired=desired,
            running=self.running(service),
            **({"denied": denied} if denied else {}),
        )
        return service

    def running(self, service: Any) -> int:
        return self._context.desired.running(service.region_name, service.cluster_name, service.name)

    def pending(self, service: Any) -> int:
        """Tasks that are wanted and have not reported in."""
        return max(0, int(service.desired_count or 0) - self.running(service))

    def refresh_deployment(self, service: Any) -> None:
        """The one deployment counts as its service does, and is COMPLETED from its first steady state on.

        Changing the desired count is no new deployment.
        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html
        """
        for deployment in service.deployments[:1]:
            running, desired = self.running(service), int(service.desired_count or 0)
            pending = self.pending(service)
            counts: dict[str, Any] = {"desiredCount": desired, "runningCount": running, "pendingCount": pending}
            if deployment["rolloutState"] == "IN_PROGRESS" and running >= desired:
                counts |= {
                    "rolloutState": "COMPLETED",
                    "rolloutStateReason": f"ECS deployment {deployment['id']} completed.",
                }
            if any(deployment.get(key) != value for key, value in counts.items()):
                deployment.update(counts, updatedAt=datetime.now(UTC).replace(tzinfo=None))

    def total(self, cluster: Any, count: Any) -> int:
        """The sum of `count` over a cluster's services."""
        backend = ecs_backends[ACCOUNT_ID][cluster.region_name]
        return sum(count(one) for one in list(backend.services.values()) if one.cluster_name == cluster.name)


def install(context: CloudContext) -> None:
    """CreateService, UpdateService and DeleteService tell the lab what is wanted; counts are of real processes.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html
    """
    services = Services(context)
    backend = EC2ContainerServiceBackend
    create, update, delete, describe = (
        backend.create_service,
        backend.update_service,
        backend.delete_service,
        backend.describe_services,
    )

    def describe_services(self: Any, *arguments: Any, **named: Any) -> Any:
        found, failures = describe(self, *arguments, **named)
        for service in found:
            services.refresh_deployment(service)
        return found, failures

    backend.create_service = lambda self, *args, **named: services.wanted(create(self, *args, **named))
    backend.update_service = lambda self, *args, **named: services.wanted(update(self, *args, **named))
    backend.delete_service = lambda self, *args, **named: services.wanted(delete(self, *args, **named))
    backend.describe_services = describe_services
    backend.update_cluster_resources = lambda *_, **__: None
    Service.running_count = property(services.running, _keep_counting)
    Service.pending_count = property(services.pending, _keep_counting)
    Cluster.running_tasks_count = property(lambda self: services.total(self, services.running), _keep_counting)
    Cluster.pending_tasks_count = property(lambda self: services.total(self, services.pending), _keep_counting)


def _keep_counting(self: Any, value: Any) -> None:
    """moto sets counts as soon as they are wanted; the processes have the last word."""
    del self, value
