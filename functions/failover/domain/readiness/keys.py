"""Do the standby's key and login open what a failover needs?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from failover.domain.readiness.check import Finding, judged, not_ok


@dataclass(frozen=True)
class SecretSeen:
    """A secret without its value. `deleted_at`: for when it is scheduled to go."""

    deleted_at: datetime | None


def why_not_usable(alias: str, state: str | None) -> str | None:
    """Nothing is encrypted or opened under it; None: it is enabled. `state` in KMS's words, None when there is no such key.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
    """
    if state is None:
        return f"There is no key {alias}."
    return None if state == "Enabled" else f"{alias} is {state}."


def key(alias: str, state: str | None) -> Finding:
    """`state` in KMS's words, None when there is no such key.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
    """
    if state is None:
        return not_ok(f"there is no key {alias}")
    return judged(state == "Enabled", f"{alias} is {state}")


def secret(name: str, seen: SecretSeen | None, why_unused: str | None) -> Finding:
    """`why_unused`: why the service is not let in with it, None when it is."""
    if seen is None:
        return not_ok(f"there is no secret {name}")
    if seen.deleted_at is not None:
        return not_ok(f"{name} is scheduled to be deleted")
    if why_unused is not None:
        return not_ok(f"{name} is there, but the service is not let in: {why_unused}")
    return judged(True, f"the service is let in with {name}")
