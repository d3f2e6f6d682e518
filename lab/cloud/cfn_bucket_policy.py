"""When does a bucket policy of ours deny a request in the lab?

moto evaluates bucket policies without the request's conditions, and then denies whatever a conditional
statement names. Here the conditions that the templates use are evaluated against the request; a condition
that is not known is an error, so that a policy is never enforced by guess.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from flask import has_request_context, request
from moto.cloudformation.exceptions import ValidationError
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

Condition = Mapping[str, Mapping[str, Any]]

# The lab listens on loopback without TLS: the statement is kept and read back, and taken as satisfied.
_SECURE_TRANSPORT = "aws:SecureTransport"
_CONDITION_HEADERS = {"s3:if-match": "If-Match", "s3:if-none-match": "If-None-Match"}


def install() -> None:
    """Replace moto's evaluation of bucket policies, for every bucket of this process."""
    FakeBucket.get_permission = _permission


def unknown_conditions(document: Mapping[str, Any]) -> list[str]:
    """Conditions in a policy document that are not evaluated here."""
    known = {("Bool", _SECURE_TRANSPORT), *(("Null", key) for key in _CONDITION_HEADERS)}
    return sorted(
        f"{operator}/{key}"
        for statement in document["Statement"]
        for operator, keys in statement.get("Condition", {}).items()
        for key in keys
        if (operator, key) not in known
    )


def _permission(bucket: Any, action: str, resource: str) -> PermissionResult:
    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    document = json.loads(bucket.policy)
    unknown = unknown_conditions(document)
    if unknown:
        raise ValidationError(message=f"{bucket.name}: the lab cannot evaluate {', '.join(unknown)}")
    headers: Mapping[str, str] = request.headers if has_request_context() else {}
    results = {
        statement["Effect"] for statement in document["Statement"] if _concerns(statement, action, resource, headers)
    }
    if "Deny" in results:
        return PermissionResult.DENIED
    return PermissionResult.PERMITTED if "Allow" in results else PermissionResult.NEUTRAL


def _concerns(statement: Mapping[str, Any], action: str, resource: str, headers: Mapping[str, str]) -> bool:
    return (
        any(fnmatchcase(action, pattern) for pattern in _listed(statement["Action"]))
        and any(fnmatchcase(resource, pattern) for pattern in _listed(statement["Resource"]))
        and all(_holds(keys, headers) for keys in statement.get("Condition", {}).values())
    )


def _holds(keys: Mapping[str, Any], headers: Mapping[str, str]) -> bool:
    """Every key of a condition must hold: several keys mean "and"."""
    for key, wanted in keys.items():
        actual = key == _SECURE_TRANSPORT or _CONDITION_HEADERS[key] not in headers
        if str(wanted).lower() != str(actual).lower():
            return False
    return True


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]
