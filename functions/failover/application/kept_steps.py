"""How far has a run come that no Step Functions remembers, and who drives it?

Each state is kept with its input before anything is done in it, numbered, in the control bucket of the Region that is to
lead; a number is written once. So another terminal can go on from there, and of two that drive one run the one that finds
its next number taken stops.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from failover.application.errors import RunRefused
from failover.application.ports import Outcomes
from failover.domain.abandoned_run import ONE_WAY_STEPS
from failover.domain.instants import aware


class DrivenElsewhere(RunRefused):
    """Another terminal has taken the next step."""


@dataclass(frozen=True)
class Step:
    """A state that was entered with `data`. `started_at` is the run's; `promotes`: this state or one before it does.

    `at` None: it was not kept (yet).
    """

    run: str
    number: int
    state: str
    started_at: str
    data: Mapping[str, Any]
    promotes: bool
    at: datetime | None = None


@dataclass
class KeptSteps:
    """Of one run, as driven from this terminal: `driver` is nobody else's. `last` is the newest step that was kept."""

    outcomes: Outcomes
    driver: str
    last: Step

    def keep(self, state: str, data: Mapping[str, Any], at: datetime) -> None:
        """Entered `at`. Raises DrivenElsewhere when another terminal drives the run, RunRefused or TransientFailure.

        After either nothing may be done in `state`.
        """
        promotes = self.last.promotes or state in ONE_WAY_STEPS
        step = Step(self.last.run, self.last.number + 1, state, self.last.started_at, data, promotes, at)
        kept = {"state": state, "at": at.isoformat(), "driver": self.driver, "promotes": promotes, "data": data}
        text = json.dumps({**kept, "started_at": step.started_at}, sort_keys=True)
        if self.outcomes.put_once(_key(step.run, step.number), text) != text:
            raise DrivenElsewhere(f"Another terminal goes on with {step.run}: nothing more is done from this one.")
        self.last = step


def steps_of(outcomes: Outcomes, run: str) -> list[Step]:
    """What was kept of `run`, in its order. Raises TransientFailure or RunRefused."""
    found: list[Step] = []
    while (text := outcomes.read(key := _key(run, len(found) + 1))) is not None:
        try:
            kept = json.loads(text)
            data, promotes, at = dict(kept["data"]), kept["promotes"] is True, aware(kept["at"])
            found.append(Step(run, len(found) + 1, kept["state"], kept["started_at"], data, promotes, at))
        except (ValueError, KeyError, TypeError) as error:
            raise RunRefused(f"{key} is no step of a run: {error}.") from error
    return found


def last_step(outcomes: Outcomes, run: str) -> Step | None:
    """The newest step of `run`, None when none was kept. Raises TransientFailure or RunRefused."""
    return next(reversed(steps_of(outcomes, run)), None)


def _key(run: str, number: int) -> str:
    return f"runs/{run}/steps/{number:04d}.json"
