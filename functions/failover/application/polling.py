"""How does a step wait for something that only an API can show? Bounded by its budget, then it reports itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from failover.application.errors import StillInProgress
from failover.application.ports import Clock
from failover.domain.plan import Timing

T = TypeVar("T")


@dataclass(frozen=True)
class Waiting:
    """Not yet, and what is missing, in one sentence."""

    reason: str


def poll(clock: Clock, timing: Timing, look: Callable[[], T | Waiting]) -> T:
    """What `look` finds, looking every `timing.poll`. Raises StillInProgress at the end of `timing.step_budget`."""
    found = poll_until_budget(clock, timing, look)
    if isinstance(found, Waiting):
        raise StillInProgress(found.reason)
    return found


def poll_until_budget(clock: Clock, timing: Timing, look: Callable[[], T | Waiting]) -> T | Waiting:
    """As `poll`, but the last Waiting is returned: for a step that has an answer without."""
    deadline = clock.monotonic() + timing.step_budget.total_seconds()
    while True:
        found = look()
        if not isinstance(found, Waiting):
            return found
        if clock.monotonic() + timing.poll.total_seconds() >= deadline:
            return found
        clock.sleep(timing.poll)
