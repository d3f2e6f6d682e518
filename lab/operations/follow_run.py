"""What does a run do now, and how does it end? For whoever waits for it at a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from failover.application.errors import RunRefused, TransientFailure
from failover.application.ports import RunProgress
from failover.domain.outcome import Result

LOOK_SECONDS = 0.5
# The run itself goes on whatever becomes of these looks.
MISSES_IN_A_ROW = 60
SWITCHED = Result.FAILED_OVER.value


class Runs(Protocol):
    """One Region's runs. Raises TransientFailure or RunRefused."""

    def progress(self, name: str) -> RunProgress: ...


def follow(
    runs: Runs, name: str, say: Callable[[str], None], pause: Callable[[float], None] = time.sleep
) -> str | None:
    """Say each state as it is entered, and at the end what came of it; the recorded result, None where there is none.

    None too where AWS does not let it be looked at any more: a session that ran out ends no run.
    """
    told = misses = 0
    while True:
        try:
            seen = runs.progress(name)
            misses = 0
        except TransientFailure as error:
            misses += 1
            if misses > MISSES_IN_A_ROW:
                _out_of_sight(name, error, say)
                return None
            pause(LOOK_SECONDS)
            continue
        except RunRefused as error:
            _out_of_sight(name, error, say)
            return None
        for state, seconds in seen.entered[told:]:
            say(f"{seconds:7.1f} s  {state}")
        told = len(seen.entered)
        if seen.status != "RUNNING":
            return _end(seen, name, say)
        pause(LOOK_SECONDS)


def _out_of_sight(name: str, error: Exception, say: Callable[[str], None]) -> None:
    say(f"{error} {name} was started; how it ends is not known here: `drlab status` shows it.")


def _end(seen: RunProgress, name: str, say: Callable[[str], None]) -> str | None:
    outcome = (seen.output or {}).get("outcome") or {}
    say(str(outcome.get("summary") or f"{name} ended as {seen.status}: {seen.failure or 'it left no word'}"))
    result = outcome.get("result")
    if result is None:
        say("Look at `drlab status` now: the message that was sent has what to do next.")
    return str(result) if result is not None else None
