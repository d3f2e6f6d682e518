"""May a rule or a schedule deliver to its target? By the role that it was given for it, or by the target's own policy.

Of a rule, buses and workflows want a role, functions, queues and topics a policy of their own that names the rule:
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
A schedule of EventBridge Scheduler does everything by its role, and hands its dead letters over by it too:
https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.cloud.iam.authorization import Authorization
from lab.cloud.iam.policies import Request
from lab.cloud.iam.resource_policies import policy_of

BY_ROLE = {"events": "events:PutEvents", "states": "states:StartExecution"}
BY_POLICY = {"lambda": "lambda:InvokeFunction", "sqs": "sqs:SendMessage", "sns": "sns:Publish"}
PRINCIPAL = "events.amazonaws.com"


def is_schedule(arn: str) -> bool:
    """Rather than a rule."""
    return arn.split(":")[2] == "scheduler"


def why_not(authorization: Authorization, source: str, target: Mapping[str, Any]) -> str | None:
    """None when `source`, a rule or a schedule, may deliver. Whether there is such a target, the delivery finds out."""
    arn = str(target["Arn"])
    service = arn.split(":")[2]
    if service in BY_ROLE or is_schedule(source):
        if not target.get("RoleArn"):
            return authorization.refuse(source, f"the target {arn} has no role")
        action = {**BY_ROLE, **BY_POLICY}.get(service)
        return action and authorization.request(source, str(target["RoleArn"]), Request(action, arn))
    if (policy := policy_of(arn)) is None:
        return None
    return authorization.by_policy_of_resource(source, PRINCIPAL, policy, Request(BY_POLICY[service], arn))
