"""Does a policy allow a request? The part of IAM's logic that the templates use, and nothing taken on trust.

Denied unless a statement allows it; a statement that denies wins over any that allows:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.cloud.iam.conditions import Condition, Context, UnknownPolicy, conditions, listed, pattern


@dataclass(frozen=True)
class Request:
    """What a call needs: one action on one resource, which is * where the action knows no resource."""

    action: str
    resource: str
    context: Context = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        stated = ", ".join(f"{key} {' and '.join(values)}" for key, values in sorted(self.context.items()))
        return f"{self.action} on {self.resource}" + (f" ({stated})" if stated else "")


@dataclass(frozen=True)
class Grant:
    """One action pattern on one resource pattern; `allow` is False in a statement that denies."""

    action: str
    resource: str
    allow: bool = True
    conditions: tuple[Condition, ...] = ()

    def matches(self, request: Request) -> bool:
        # Actions are compared without their case, resources with it:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
        return bool(
            pattern(self.action.lower()).fullmatch(request.action.lower())
            and pattern(self.resource).fullmatch(request.resource)
            and all(one.holds(request.context) for one in self.conditions)
        )


def grants(documents: Iterable[Mapping[str, Any]], principal: str | None = None) -> tuple[Grant, ...]:
    """Every action and resource of these policy documents. Raises UnknownPolicy for what is not understood.

    With a `principal`, a service's name, only what a resource's own policy grants to it.
    """
    return tuple(
        Grant(action, resource, statement["Effect"] == "Allow", conditions(statement))
        for document in documents
        for statement in listed(document["Statement"])
        if principal is None or _concerns(statement, principal)
        for action in _known(statement, "Action")
        for resource in _known(statement, "Resource")
    )


def allowing(held: Iterable[Grant], request: Request) -> Grant | None:
    """The grant that allows it, or None when it is denied."""
    matching = [grant for grant in held if grant.matches(request)]
    if any(not grant.allow for grant in matching):
        return None
    return next(iter(matching), None)


def _concerns(statement: Mapping[str, Any], principal: str) -> bool:
    named = statement.get("Principal")
    return named == "*" or (
        isinstance(named, dict) and any(one in ("*", principal) for value in named.values() for one in listed(value))
    )


def _known(statement: Mapping[str, Any], element: str) -> list[str]:
    if element not in statement:
        raise UnknownPolicy(f"a statement without {element} is not understood: {sorted(statement)}")
    return [str(one) for one in listed(statement[element])]
