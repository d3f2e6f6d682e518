"""What does a resource's own policy say of who may use it?

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_identity-vs-resource.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from lab.settings import ACCOUNT_ID

Policy = Mapping[str, Any]


def policy_of(arn: str) -> Policy | None:
    """Of a function, a queue or a topic, empty where nobody gave it one; None where there is no such resource."""
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


def _unqualified(statement: Policy) -> Policy:
    """moto writes down that a permission is of the version $LATEST, where nobody asked for a version."""
    return {**statement, "Resource": str(statement["Resource"]).removesuffix(":$LATEST")}


def _document(text: str | None) -> Policy:
    document: Policy = json.loads(text) if text else {"Statement": []}
    return document
