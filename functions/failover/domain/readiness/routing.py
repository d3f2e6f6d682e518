"""Would the public name move, and only when it should?

A record without a health check counts as healthy, and so does a disabled check:
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-how-route-53-chooses-records.html
https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from failover.domain.readiness.check import Finding, judged, not_ok

PATH = "/healthz"


@dataclass(frozen=True)
class FailoverRecord:
    """One record of the public name. `role` PRIMARY or SECONDARY, None for one that is no failover record."""

    region: str | None
    role: str | None
    health_check: str | None


@dataclass(frozen=True)
class HealthCheckSeen:
    """A health check as it is set."""

    path: str | None
    disabled: bool
    inverted: bool


def records(name: str, found: Sequence[FailoverRecord] | None) -> Finding:
    """`found` None: there is no hosted zone for `name`."""
    if found is None:
        return not_ok(f"there is no hosted zone of {name}")
    roles = {one.role for one in found}
    if roles != {"PRIMARY", "SECONDARY"} or len(found) != 2:
        return not_ok(f"{name} has {len(found)} records: {', '.join(sorted(str(one.role) for one in found)) or 'none'}")
    checks = {one.health_check for one in found}
    if None in checks:
        return not_ok(f"a record of {name} has no health check")
    told = ", ".join(f"{one.role} {one.region}" for one in found)
    return judged(len(checks) == 2, told if len(checks) == 2 else f"both records of {name} share one health check")


def health_checks(seen: Mapping[str, HealthCheckSeen | None]) -> Finding:
    """By the Region that each speaks of; None where there is no such check."""
    if not seen:
        return not_ok("no record has a health check")
    wrong = [f"{region}: {reason}" for region, one in sorted(seen.items()) if (reason := _wrong(one))]
    return judged(not wrong, "; ".join(wrong) or f"both ask {PATH}")


def _wrong(one: HealthCheckSeen | None) -> str | None:
    if one is None:
        return "it does not exist"
    if one.disabled:
        return "it is disabled, and so counts as healthy"
    if one.inverted:
        return "it is inverted"
    return None if one.path == PATH else f"it asks {one.path or 'no path'}"
