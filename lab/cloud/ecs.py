"""How many tasks does a service want, and how many really run?

DesiredCount is what UpdateService said; RunningCount follows when tasks have started, never at once.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html
"""

from __future__ import annotations

from typing import Any

from moto.ecs.models import EC2ContainerServiceBackend, Service

from lab.cloud.context import CloudContext


def install(context: CloudContext) -> None:
    """CreateService and UpdateService tell the lab what is wanted; counts come from the real processes."""
    create, update = EC2ContainerServiceBackend.create_service, EC2ContainerServiceBackend.update_service

    def told(service: Any) -> Any:
        context.desired.set_service(service.region_name, service.cluster_name, service.name, int(service.desired_count))
        context.journal.add(
            "service", region=service.region_name, service=service.name, desired=int(service.desired_count)
        )
        return service

    def running(self: Any) -> int:
        return context.desired.running(self.region_name, self.cluster_name, self.name)

    def ignore(self: Any, value: int) -> None:
        """moto sets the count as soon as it is desired; the processes have the last word."""

    EC2ContainerServiceBackend.create_service = lambda self, *a, **kw: told(create(self, *a, **kw))
    EC2ContainerServiceBackend.update_service = lambda self, *a, **kw: told(update(self, *a, **kw))
    Service.running_count = property(running, ignore)
    Service.pending_count = property(lambda self: max(0, int(self.desired_count) - self.running_count), ignore)
