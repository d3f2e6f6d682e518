"""How is a run driven to its end from here, and what of it is shown and kept?"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from failover.application.errors import TransientFailure
from failover.application.kept_steps import KeptSteps, Step
from failover.application.ports import Outcomes
from failover.domain.outcome import error_sentence
from failover.domain.plan import Plan
from failover.wiring.operators import topic_of
from lab.break_glass.errors import WorkflowError
from lab.break_glass.interpreter import Ended, Interpreter
from lab.break_glass.use_cases import Approve, UseCases
from lab.documentation.workflow import load

KEEPING_TRIES = 5
KEEPING_PAUSE_SECONDS = 1.0


def first_step(run: str, state: str, data: Mapping[str, Any], *, promotes: bool = False) -> Step:
    """Before anything was kept: where a run is to begin. `promotes`: that is after the one-way step."""
    return Step(run, 0, state, datetime.now(UTC).isoformat(), data, promotes)


def drive(
    plan: Plan, region: str, outcomes: Outcomes, step: Step, approve: Approve, say: Callable[[str], None]
) -> Ended:
    """Walk the workflow file from `step` to an end. Raises TransientFailure or RunRefused where it breaks off between
    two states: nothing is left half done that going on would not finish.
    """
    os.environ["CONTROL_BUCKET"] = plan.record_copies[region]
    os.environ["TOPIC_ARN"] = topic_of(region, plan)
    shown = _Shown(KeptSteps(outcomes, uuid.uuid4().hex, step), say)
    # The input is asked for after the first state alone, where it is what the step begins with.
    context = {"Execution": {"Name": step.run, "StartTime": step.started_at, "Input": step.data}}
    interpreter = Interpreter(load(), UseCases(approve), shown, time.sleep)
    ended = interpreter.run(dict(step.data), context, step.state)
    say(_summary(shown.data, ended))
    return ended


@dataclass
class _Shown:
    """Shows each state as it is entered, and keeps the outermost ones."""

    kept: KeptSteps
    say: Callable[[str], None]
    began: float = field(default_factory=time.monotonic)
    data: Mapping[str, Any] = field(default_factory=dict)

    def entering(self, state: str, data: Any, outermost: bool) -> None:
        if outermost:
            self.data = data
            self._keep(state, data)
        self._tell(state)

    def again(self, state: str, error: WorkflowError, in_seconds: float) -> None:
        self._tell(f"{state}: {error_sentence(error.to_dict())} Asked again in {in_seconds:.0f} s.")

    def left(self, state: str, error: WorkflowError | None) -> None:
        if error is not None:
            self._tell(f"{state} FAILED: {error_sentence(error.to_dict())}")

    def _tell(self, what: str) -> None:
        self.say(f"{time.monotonic() - self.began:7.1f} s  {what}")

    def _keep(self, state: str, data: Mapping[str, Any]) -> None:
        """From the one-way step on every state may be repeated, so what follows it is not held up by its book-keeping."""
        entered = datetime.now(UTC)
        for left in reversed(range(KEEPING_TRIES)):
            try:
                self.kept.keep(state, data, entered)
            except TransientFailure as error:
                if self.kept.last.promotes:
                    self._tell(f"{state} is not kept, so going on would repeat {self.kept.last.state}: {error}")
                    return
                if not left:
                    raise
                time.sleep(KEEPING_PAUSE_SECONDS)
            else:
                return


def _summary(data: Mapping[str, Any], ended: Ended) -> str:
    outcome = data.get("outcome")
    if isinstance(outcome, Mapping) and outcome.get("summary"):
        return str(outcome["summary"])
    return f"It ended in {ended.state}: {error_sentence(ended.error.to_dict()) if ended.error else 'it left no word'}"
