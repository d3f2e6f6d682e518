"""How many tasks does an ECS service want and have?

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from failover.adapters.aws_errors import told_in_a_sentence
from failover.application.ports import ServiceSize


@dataclass(frozen=True)
class Ecs:
    """ECS in the client's Region."""

    client: Any

    def size(self, cluster: str, service: str) -> ServiceSize | None:
        """None when there is no such service, or it is being deleted. Raises TransientFailure or RunRefused."""
        with told_in_a_sentence(f"Describing ECS service {cluster}/{service}"):
            answer = self.client.describe_services(cluster=cluster, services=[service])
        for found in answer["services"]:
            if found["status"] == "ACTIVE":
                groups = tuple(one["targetGroupArn"] for one in found["loadBalancers"] if "targetGroupArn" in one)
                return ServiceSize(found["desiredCount"], found["runningCount"], groups)
        return None

    def resize(self, cluster: str, service: str, desired: int) -> None:
        """Want `desired` tasks. Raises TransientFailure or RunRefused."""
        with told_in_a_sentence(f"Resizing ECS service {cluster}/{service} to {desired}"):
            self.client.update_service(cluster=cluster, service=service, desiredCount=desired)
