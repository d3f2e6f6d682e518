"""What may each deployed function do, by its role's policies, and what of that has it done since?"""

from __future__ import annotations

import json
import threading
from dataclasses import astuple
from typing import Any

from moto.iam.models import iam_backends

from lab.cloud.iam_policies import Grant, grants


class FunctionRoles:
    """Grants and their use, by function. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[str, tuple[Grant, ...]] = {}
        self._used: dict[str, set[Grant]] = {}
        self._denied: dict[str, list[str]] = {}

    def read(self, function: Any) -> tuple[Grant, ...]:
        """The grants of a moto LambdaFunction's role, as it stands now. Raises UnknownPolicy."""
        account = function.function_arn.split(":")[4]
        role = iam_backends[account]["aws"].get_role_by_arn(function.role)
        documents = [
            *role.policies.values(),
            *(_default_version(policy) for policy in role.managed_policies.values()),
        ]
        held = grants(json.loads(document) if isinstance(document, str) else document for document in documents)
        with self._lock:
            self._held[function.function_arn] = held
        return held

    def note(self, arn: str, told: dict[str, Any]) -> None:
        """Add what a worker reported of one invocation."""
        with self._lock:
            self._used.setdefault(arn, set()).update(Grant(*one) for one in told["used"])
            self._denied.setdefault(arn, []).extend(told["denied"])

    def report(self) -> dict[str, Any]:
        """By the ARN of each function that ran: `used` and `unused` grants as [action, resource], and `denied`."""
        with self._lock:
            return {
                arn: {
                    "used": sorted(astuple(one)[:2] for one in held if one in self._used.get(arn, ())),
                    "unused": sorted(astuple(one)[:2] for one in held if one not in self._used.get(arn, ())),
                    "denied": list(self._denied.get(arn, ())),
                }
                for arn, held in self._held.items()
            }


def _default_version(policy: Any) -> str:
    document: str = next(version.document for version in policy.versions if version.is_default)
    return document
