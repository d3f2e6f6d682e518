"""May a caller inside the emulated AWS do what it asks for, by its role's policies? And what of them has it used?

moto enforces no policies by itself, or only for credentials that it has issued, and knows neither resources nor conditions.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from moto.iam.models import iam_backends

from lab.cloud.iam import facts
from lab.cloud.iam.acting_roles import TRUSTED, role_of, trusts
from lab.cloud.iam.conditions import Context, UnknownPolicy, context
from lab.cloud.iam.facts import UnknownKey
from lab.cloud.iam.on_behalf import implied
from lab.cloud.iam.policies import Grant, Request, allowing, grants
from lab.cloud.iam.requests import UnknownCall, needed, needed_to_be_told_of_absence
from lab.settings import ACCOUNT_ID

# The lab listens on loopback without TLS, and says that it has it: the templates' statements about it are kept all the same.
EVERY_REQUEST = {"aws:SecureTransport": "true"}


class Authorization:
    """Of all callers of one emulated AWS; a caller is whoever acts with a role, by its ARN. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[str, tuple[Grant, ...]] = {}
        self._roles: dict[str, str] = {}
        self._used: dict[str, set[Grant]] = {}
        self._denied: dict[str, list[str]] = {}

    def acts(self, caller: str, role: str) -> tuple[Grant, ...]:
        """The grants of `role`, as they stand now, with which `caller` acts.

        Raises UnknownPolicy, and UnknownCall where the role does not trust the caller's service.
        """
        held = _grants_of(role, caller)
        with self._lock:
            self._held[caller] = held
            self._roles[caller] = role
        return held

    def cannot_act(self, caller: str, role: str) -> str | None:
        """Why `caller` cannot act with `role`, or None; nothing is remembered of it."""
        try:
            _grants_of(role, caller)
        except (UnknownCall, UnknownPolicy) as error:
            return str(error)
        return None

    def call(self, caller: str, service: str, operation: str, parameters: Mapping[str, Any], region: str) -> str | None:
        """None when the call is allowed, else why it is not. `service` and `operation` are botocore's names."""

        def asked() -> Iterable[Request]:
            yield from needed(service, operation, parameters, region, ACCOUNT_ID)
            yield from implied(service, operation, parameters, region)

        return self._judge(caller, asked)

    def told_of_absence(self, caller: str, service: str, parameters: Mapping[str, Any]) -> str | None:
        """None when the caller may know that what it asked for is not there."""
        return self._judge(caller, lambda: needed_to_be_told_of_absence(service, parameters))

    def request(self, caller: str, role: str, request: Request) -> str | None:
        """For a service of AWS's own that acts with `role` for `caller`. None when it is allowed, else why not."""
        return self._judge(caller, lambda: [request], role)

    def by_policy_of_resource(
        self, caller: str, principal: str, policy: Mapping[str, Any], request: Request
    ) -> str | None:
        """For a service, `principal`, that acts for `caller` without a role. None when the policy allows it."""
        stated = context({**EVERY_REQUEST, "aws:SourceArn": caller, "aws:SourceAccount": ACCOUNT_ID})
        with self._lock:
            self._held.setdefault(caller, ())
        try:
            if allowing(grants([policy], principal), replace(request, context={**stated, **request.context})):
                return None
        except UnknownPolicy as error:
            return self.refuse(caller, str(error))
        return self.refuse(caller, f"the policy of {request.resource} allows {principal} no {request.action}")

    def refuse(self, caller: str, reason: str) -> str:
        """Remember what was denied; returns `reason`."""
        with self._lock:
            self._held.setdefault(caller, ())
            self._denied.setdefault(caller, []).append(reason)
        return reason

    def report(self) -> dict[str, Any]:
        """By the ARN of each that acted: `used` and `unused` grants as [action, resource], and `denied`."""
        with self._lock:
            return {
                caller: {
                    "used": sorted([one.action, one.resource] for one in held if one in self._used.get(caller, ())),
                    "unused": sorted(
                        [one.action, one.resource] for one in held if one not in self._used.get(caller, ())
                    ),
                    "denied": list(self._denied.get(caller, ())),
                }
                for caller, held in self._held.items()
            }

    def _judge(self, caller: str, asked: Callable[[], Iterable[Request]], role: str | None = None) -> str | None:
        try:
            held = self.acts(caller, role or self._role(caller))
            stated = _stated(caller)
            for request in asked():
                known = {**stated, **context(_tags(request.resource)), **request.context}
                grant = allowing(held, replace(request, context=known))
                if grant is None:
                    return self.refuse(caller, f"no policy allows {request}")
                with self._lock:
                    self._used.setdefault(caller, set()).add(grant)
        except (UnknownCall, UnknownKey, UnknownPolicy) as error:
            return self.refuse(caller, str(error))
        return None

    def _role(self, caller: str) -> str:
        """Its role now, or of one that is deleted the role that it acts with to its end. Raises UnknownCall.

        "Temporary security credentials are valid until they expire":
        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_disable-perms.html
        """
        try:
            return role_of(caller)
        except UnknownCall:
            with self._lock:
                if caller in self._roles:
                    return self._roles[caller]
            raise


def _stated(caller: str) -> Context:
    """https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html"""
    by_function = {"lambda:SourceFunctionArn": caller} if ":lambda:" in caller else {}
    return context({**EVERY_REQUEST, **by_function})


def _tags(resource: str) -> dict[str, str]:
    return {f"aws:ResourceTag/{name}": value for name, value in facts.tags(resource).items()}


def _grants_of(arn: str, caller: str) -> tuple[Grant, ...]:
    # Not moto's own look-up, which fails when another thread makes a role meanwhile.
    roles = list(iam_backends[ACCOUNT_ID]["aws"].roles.values())
    role = next((one for one in roles if one.arn == arn), None)
    if role is None:
        raise UnknownCall(f"there is no role {arn}")
    if caller != arn and not trusts(role.assume_role_policy_document, caller):
        raise UnknownCall(f"{arn} trusts no {TRUSTED[caller.split(':')[2]]} that acts for {caller}")
    documents = [*role.policies.values(), *(_default_version(policy) for policy in role.managed_policies.values())]
    return _read(tuple(one if isinstance(one, str) else json.dumps(one) for one in documents))


@lru_cache(maxsize=256)
def _read(documents: tuple[str, ...]) -> tuple[Grant, ...]:
    return grants(json.loads(document) for document in documents)


def _default_version(policy: Any) -> str:
    document: str = next(version.document for version in policy.versions if version.is_default)
    return document
