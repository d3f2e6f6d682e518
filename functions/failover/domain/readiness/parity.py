"""Does the standby run what the leader runs, by the same plan and on the same tables?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from failover.domain.digest import digest_of
from failover.domain.readiness.check import Finding, judged, not_ok

SHOWN_DIGITS = 12


@dataclass(frozen=True)
class TaskShape:
    """What a service's tasks are made of. `settings`: what must be equal in both Regions, by its name."""

    image: str
    vcpus: float
    settings: Mapping[str, Any]


def image(here: str | None, there: str | None) -> Finding:
    """Digests; None where the registry holds no such image."""
    if here is None:
        return not_ok("the image is not in this Region's registry: no task could be started")
    if there is None:
        return not_ok("the leader's image is not in its registry any more")
    return judged(here == there, f"{_short(here)} here, {_short(there)} in the leader's Region")


def task_definition(here: TaskShape | None, there: TaskShape | None) -> Finding:
    if here is None or there is None:
        return not_ok(f"there is no ECS service {_where(here)}")
    names = sorted({*here.settings, *there.settings})
    different = [name for name in names if here.settings.get(name) != there.settings.get(name)]
    return judged(not different, f"different: {', '.join(different)}" if different else "the same")


def plan(here: str | None, there: str | None) -> Finding:
    if here is None or there is None:
        return not_ok(f"no plan is published {_where(here)}")
    return judged(
        here == there,
        "the same" if here == there else f"{_short(digest_of(here))} here, {_short(digest_of(there))} there",
    )


def schema(here: str, there: str) -> Finding:
    return judged(here == there, f"{_short(here)} here, {_short(there)} in the leader's Region")


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:SHOWN_DIGITS]


def _where(here: object | None) -> str:
    """Which of the two is missing."""
    return "here" if here is None else "in the leader's Region"
