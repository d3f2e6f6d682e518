"""Were the functions' roles enough for what they did, and what of them was not needed?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Report = Mapping[str, Mapping[str, Any]]  # CloudControl.permissions()


def denied(report: Report) -> list[str]:
    """One sentence for each call that a role's policies did not allow, in whichever Region it was made."""
    return [f"{_name(arn)} in {_region(arn)}: {reason}" for arn, found in report.items() for reason in found["denied"]]


def grants(report: Report, region: str, kind: str) -> dict[str, list[list[str]]]:
    """By function of `region` that ran: the [action, resource] of its role that were `used`, or `unused`."""
    return {_name(arn): [list(one) for one in found[kind]] for arn, found in report.items() if _region(arn) == region}


def _name(arn: str) -> str:
    return arn.split(":")[6]


def _region(arn: str) -> str:
    return arn.split(":")[3]
