"""Are so many healthy tasks enough to lead?"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Enough:
    """Go on. `reason` says when it is fewer than the leader had."""

    reason: str


@dataclass(frozen=True)
class TooFew:
    """Do not promote for these."""

    reason: str


def enough(healthy: int, leading: int, minimum: int) -> Enough | TooFew:
    """`leading` tasks are what the leader had, `minimum` what a failover goes on with where these cannot be had."""
    if healthy >= leading:
        return Enough(f"{healthy} targets are healthy; {leading} are needed to lead.")
    if healthy >= minimum:
        return Enough(
            f"{healthy} of the {leading} targets wanted are healthy; the plan goes on with {minimum} or more."
        )
    return TooFew(f"{healthy} of the {minimum} targets needed are healthy.")
