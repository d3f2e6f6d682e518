"""May ECS start a service's tasks? With the task execution role it pulls the image and opens the log before they run.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from moto.ecs.models import ecs_backends

from lab.cloud.iam.authorization import Authorization
from lab.cloud.iam.policies import Request
from lab.settings import ACCOUNT_ID

OF_ECR = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<name>[^:@]+)")
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policy-examples.html (pull)
PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
LOG = ("logs:CreateLogStream", "logs:PutLogEvents")


def why_not(authorization: Authorization, service: Any) -> str | None:
    """None when the execution role of a moto ECS service's tasks allows it, or they need none."""
    task = ecs_backends[ACCOUNT_ID][service.region_name].describe_task_definition(service.task_definition)
    caller = f"arn:aws:ecs:{service.region_name}:{ACCOUNT_ID}:task-definition/{task.family}"
    for request in (one for container in task.container_definitions for one in _needed(container, service.region_name)):
        role = getattr(task, "execution_role_arn", None)
        if not role:
            return authorization.refuse(caller, f"it has no execution role, and needs {request}")
        if (reason := authorization.request(caller, role, request)) is not None:
            return reason
    return None


def _needed(container: Mapping[str, Any], region: str) -> Iterator[Request]:
    if image := OF_ECR.match(str(container["image"])):
        yield Request("ecr:GetAuthorizationToken", "*")
        for action in PULL:
            yield Request(action, f"arn:aws:ecr:{image['region']}:{image['account']}:repository/{image['name']}")
    log = container.get("logConfiguration") or {}
    if log.get("logDriver") == "awslogs":
        place, group = log["options"].get("awslogs-region", region), log["options"]["awslogs-group"]
        for action in LOG:
            yield Request(action, f"arn:aws:logs:{place}:{ACCOUNT_ID}:log-group:{group}:log-stream:of-a-task")
