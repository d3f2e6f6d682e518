"""Which targets does a target group have? Exactly the tasks that answer their health check, as the lab reports them.

moto keeps one target for an address, whatever its port; a target is an address and a port:
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetDescription.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from moto.elbv2.models import FakeHealthStatus, FakeTargetGroup, elbv2_backends

from lab.cloud.context import CloudContext
from lab.settings import ACCOUNT_ID


def install(context: CloudContext) -> None:
    """From now on a target's health is what the lab reported of it."""
    del context
    FakeTargetGroup.health_for = _health_for


def set_targets(region: str, target_group_arn: str, targets: Sequence[tuple[str, int]]) -> None:
    """The group's targets are these. Raises KeyError when there is no such target group."""
    group = elbv2_backends[ACCOUNT_ID][region].target_groups[target_group_arn]
    group.targets = {f"{host}:{port}": {"Id": host, "Port": port} for host, port in targets}


def _health_for(self: Any, target: dict[str, Any], ec2_backend: Any) -> FakeHealthStatus:
    del ec2_backend
    port = target.get("Port", self.port)
    if f"{target['Id']}:{port}" in self.targets:
        return FakeHealthStatus(target["Id"], port, self.health_check_port, "healthy")
    reason, description = "Target.NotRegistered", "Target is not registered to the target group"
    return FakeHealthStatus(target["Id"], port, self.health_check_port, "unused", reason, description)
