"""When does a bucket policy of ours deny a request in the lab?

moto evaluates bucket policies without the request's conditions, and then denies whatever a conditional
statement names. Here they are judged like any other policy; one that cannot be judged is an error, and never enforced by guess.
"""

from __future__ import annotations

import json
from typing import Any

from flask import has_request_context, request
from moto.cloudformation.exceptions import ValidationError
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from lab.cloud.iam.authorization import EVERY_REQUEST
from lab.cloud.iam.conditions import Context, UnknownPolicy, context
from lab.cloud.iam.policies import Request, grants

ANYBODY = "*"
_CONDITION_HEADERS = {"s3:if-match": "If-Match", "s3:if-none-match": "If-None-Match"}


def install() -> None:
    """Replace moto's evaluation of bucket policies, for every bucket of this process."""
    FakeBucket.get_permission = _permission


def _permission(bucket: Any, action: str, resource: str) -> PermissionResult:
    """What the policy says to anybody: it names no caller of ours, and services come by other ways."""
    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    try:
        held = grants([json.loads(bucket.policy)], ANYBODY)
    except UnknownPolicy as error:
        raise ValidationError(message=f"{bucket.name}: {error}") from error
    asked = Request(action, resource, _known())
    results = {grant.allow for grant in held if grant.matches(asked)}
    if False in results:
        return PermissionResult.DENIED
    return PermissionResult.PERMITTED if True in results else PermissionResult.NEUTRAL


def _known() -> Context:
    headers = request.headers if has_request_context() else {}
    stated = {key: str(headers[header]) for key, header in _CONDITION_HEADERS.items() if header in headers}
    return context({**EVERY_REQUEST, **stated})
