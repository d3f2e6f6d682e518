"""Does a role's policy allow a request? The part of IAM's logic that the templates use, and nothing taken on trust.

Denied unless a statement allows it; a statement that denies wins over any that allows:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any


class UnknownPolicy(ValueError):
    """A policy says something that cannot be judged here; the text says what."""


@dataclass(frozen=True)
class Request:
    """What a call needs: one action on one resource, which is * where the action knows no resource."""

    action: str
    resource: str

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}"


@dataclass(frozen=True)
class Grant:
    """One action pattern on one resource pattern; `allow` is False in a statement that denies.

    A condition cannot be judged here, so it is decided against the caller: what is allowed under a condition is not
    allowed, and what is denied under one is denied.
    """

    action: str
    resource: str
    allow: bool = True
    conditional: bool = False

    def matches(self, request: Request) -> bool:
        # Actions are compared without their case, resources with it:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
        return bool(
            _pattern(self.action.lower()).fullmatch(request.action.lower())
            and _pattern(self.resource).fullmatch(request.resource)
        )


def grants(documents: Iterable[Mapping[str, Any]]) -> tuple[Grant, ...]:
    """Every action and resource of these policy documents. Raises UnknownPolicy for what is not understood."""
    return tuple(
        Grant(action, resource, statement["Effect"] == "Allow", bool(statement.get("Condition")))
        for document in documents
        for statement in _listed(document["Statement"])
        for action in _known(statement, "Action")
        for resource in _known(statement, "Resource")
    )


def allowing(held: Iterable[Grant], request: Request) -> Grant | None:
    """The grant that allows it, or None when it is denied."""
    matching = [grant for grant in held if grant.matches(request)]
    if any(not grant.allow for grant in matching):
        return None
    return next((grant for grant in matching if not grant.conditional), None)


def _known(statement: Mapping[str, Any], element: str) -> list[str]:
    if element not in statement:
        raise UnknownPolicy(f"a statement without {element} is not understood: {sorted(statement)}")
    return [str(one) for one in _listed(statement[element])]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html (wildcards)"""
    return re.compile("".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in text), re.DOTALL)
