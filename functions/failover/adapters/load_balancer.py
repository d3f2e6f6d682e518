"""How many targets does the load balancer send requests to?

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from failover.adapters.aws_errors import told_in_a_sentence


@dataclass(frozen=True)
class ElasticLoadBalancer:
    """Elastic Load Balancing in the client's Region."""

    client: Any

    def healthy_targets(self, target_group_arn: str) -> int:
        """Only `healthy` counts: not `initial`, and not `unused`. Raises TransientFailure or RunRefused."""
        with told_in_a_sentence("Describing the targets' health"):
            answer = self.client.describe_target_health(TargetGroupArn=target_group_arn)
        return sum(one["TargetHealth"]["State"] == "healthy" for one in answer["TargetHealthDescriptions"])
