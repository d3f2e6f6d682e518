"""May a rule deliver to its target? By the role that it was given for it, or by the target's own policy.

Buses and workflows want a role, functions, queues and topics a policy of their own that names the rule:
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from lab.cloud.iam.authorization import Authorization
from lab.cloud.iam.policies import Request
from lab.settings import ACCOUNT_ID

BY_ROLE = {"events": "events:PutEvents", "states": "states:StartExecution"}
BY_POLICY = {"lambda": "lambda:InvokeFunction", "sqs": "sqs:SendMessage", "sns": "sns:Publish"}
PRINCIPAL = "events.amazonaws.com"


def why_not(authorization: Authorization, rule: str, target: Mapping[str, Any]) -> str | None:
    """None when the rule may deliver. A target that is not there is left to the delivery to find out."""
    arn = str(target["Arn"])
    service = arn.split(":")[2]
    if service in BY_ROLE:
        if not target.get("RoleArn"):
            return authorization.refuse(rule, f"the target {arn} has no role")
        return authorization.request(rule, str(target["RoleArn"]), Request(BY_ROLE[service], arn))
    if (policy := _policy(arn)) is None:
        return None
    return authorization.by_policy_of_resource(rule, PRINCIPAL, policy, Request(BY_POLICY[service], arn))


def _policy(arn: str) -> Mapping[str, Any] | None:
    """A resource's own policy; None where there is no such resource, or none that rules deliver to."""
    _, _, service, region, _, name = arn.split(":", 5)
    if service == "lambda":
        function = lambda_backends[ACCOUNT_ID][region].get_function_by_arn(arn)
        return None if function is None else {"Statement": [_unqualified(one) for one in function.policy.statements]}
    if service == "sqs":
        queue = sqs_backends[ACCOUNT_ID][region].queues.get(name)
        return None if queue is None else _document(queue.policy)
    if service == "sns":
        topic = sns_backends[ACCOUNT_ID][region].topics.get(arn)
        return None if topic is None else _document(topic.policy)
    return None


def _unqualified(statement: Mapping[str, Any]) -> Mapping[str, Any]:
    """moto writes down that a permission is of the version $LATEST, where nobody asked for a version."""
    return {**statement, "Resource": str(statement["Resource"]).removesuffix(":$LATEST")}


def _document(text: str | None) -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads(text) if text else {"Statement": []}
    return document
