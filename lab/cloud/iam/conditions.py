"""Does a policy's condition hold for a request? For the operators and keys that the templates use; any other is an error.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
moto's own evaluation knows StringEquals alone, takes any other operator as satisfied, and denies where a condition fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

# What is known of a request, by the key in small letters: keys are compared without their case. A key that a request does
# not have is left out.
Context = Mapping[str, tuple[str, ...]]
Matches = Callable[[tuple[str, ...], tuple[str, ...]], bool]  # (the request's values, the policy's) -> does it hold?

FOR_ANY_VALUE = "ForAnyValue:"
# A key of several values needs a set operator: which one value another operator would compare, nobody says.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
MULTIVALUED = frozenset({"kms:resourcealiases"})
TAG = "aws:resourcetag/"
# Those that a request of the lab says whether it has them. A key that nobody fills in would never be there, and a policy
# that asks for it would be judged by guess.
KNOWN = frozenset(
    {
        *MULTIVALUED,
        *("aws:securetransport", "aws:sourceaccount", "aws:sourcearn", "aws:sourceowner", "iam:passedtoservice"),
        *("kms:viaservice", "lambda:sourcefunctionarn", "s3:if-match", "s3:if-none-match"),
    }
)


class UnknownPolicy(ValueError):
    """A policy says something that cannot be judged here; the text says what."""


@dataclass(frozen=True)
class Condition:
    """One key under one operator. Several values mean "or", several conditions "and"."""

    operator: str
    key: str
    values: tuple[str, ...]

    def holds(self, context: Context) -> bool:
        return _OPERATORS[self.operator](context.get(self.key, ()), self.values)


def conditions(statement: Mapping[str, Any]) -> tuple[Condition, ...]:
    """Those of one statement. Raises UnknownPolicy for an operator or a key that is not judged here."""
    found = []
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            found.append(Condition(operator, key.lower(), tuple(str(one) for one in listed(values))))
            if (reason := _not_judged(found[-1])) is not None:
                raise UnknownPolicy(f"the lab cannot judge {operator} of {key}: {reason}")
    return tuple(found)


def context(values: Mapping[str, str | Iterable[str]]) -> Context:
    """What is known of a request, with the keys as AWS writes them."""
    return {key.lower(): (value,) if isinstance(value, str) else tuple(value) for key, value in values.items()}


def listed(value: Any) -> list[Any]:
    """A policy may leave out the brackets of a list of one."""
    return value if isinstance(value, list) else [value]


@lru_cache(maxsize=1024)
def pattern(text: str) -> re.Pattern[str]:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html (wildcards)"""
    return re.compile("".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in text), re.DOTALL)


def _not_judged(one: Condition) -> str | None:
    if one.operator not in _OPERATORS:
        return f"the operators are {', '.join(sorted(_OPERATORS))}"
    if one.key not in KNOWN and not one.key.startswith(TAG):
        return "no request of the lab says whether it has that key"
    if one.key in MULTIVALUED and not one.operator.startswith((FOR_ANY_VALUE, "Null")):
        return f"the key has several values, so that its operator begins with {FOR_ANY_VALUE}"
    if one.operator in ("Null", "Bool") and not set(one.values) <= {"true", "false"}:
        return "its value is true or false"
    return None


def _equal(actual: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """A key that is absent equals nothing; of several values one must be equal."""
    return bool(set(actual) & set(wanted))


def _same_but_for_case(actual: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    return _equal(tuple(one.lower() for one in actual), wanted)


def _absent(actual: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    return str(not actual).lower() in wanted


def _same_arn(actual: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """ArnEquals and ArnLike are one: each of the six parts may have wildcards of its own."""
    return any(_like_arn(one, other) for one in actual for other in wanted)


def _like_arn(arn: str, wanted: str) -> bool:
    parts, patterns = arn.split(":", 5), wanted.split(":", 5)
    return len(parts) == len(patterns) and all(
        pattern(asked).fullmatch(part) is not None for part, asked in zip(parts, patterns, strict=True)
    )


_OPERATORS: Mapping[str, Matches] = {
    "ArnEquals": _same_arn,
    "ArnLike": _same_arn,
    "Bool": _same_but_for_case,
    "Null": _absent,
    "StringEquals": _equal,
    f"{FOR_ANY_VALUE}StringEquals": _equal,
}
