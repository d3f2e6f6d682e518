"""Were the roles enough for what was done with them, and what of them was not needed?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Report = Mapping[str, Mapping[str, Any]]  # CloudControl.permissions()


def denied(report: Report) -> list[str]:
    """One sentence for each call that a role's policies did not allow, in whichever Region it was made."""
    return [f"{name(arn)} in {_region(arn)}: {reason}" for arn, found in report.items() for reason in found["denied"]]


def grants(report: Report, region: str, kind: str) -> dict[str, list[list[str]]]:
    """By who acted in `region`: the [action, resource] of its role that were `used`, or `unused`."""
    return {name(arn): [list(one) for one in found[kind]] for arn, found in report.items() if _region(arn) == region}


def name(caller: str) -> str:
    """A function or a workflow by its name, others by their kind too: service/app/app, rule/a-rule."""
    return caller.split(":", 5)[5].rpartition(":")[2]


def _region(arn: str) -> str:
    return arn.split(":")[3]
