"""Where does a run from this machine begin: at the first state, after a promotion, or where it was broken off?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from failover.adapters.executions import StepFunctions
from failover.application.by_hand_runs import ENDS
from failover.application.errors import RunRefused, TransientFailure
from failover.application.kept_steps import Step, last_step
from failover.application.ports import StartedExecution
from failover.application.remembering import remember
from failover.application.start_run import StartRun
from failover.application.take_over_run import AFTER_PROMOTION, GoOn
from failover.domain.abandoned_run import BREAK_GLASS
from failover.domain.journal import Event
from failover.domain.leader_record import Refusal
from failover.domain.run import Mode
from failover.wiring.journal import journal_in
from failover.wiring.operators import outcomes_of, runs_of, take_over_run
from failover.wiring.register import register_of
from failover.wiring.this_region import CLOCK
from lab.break_glass.drive import first_step
from lab.documentation.workflow import load
from lab.operations.operators import SignedIn


@dataclass(frozen=True)
class Refused:
    """Nothing was begun, and why; what is refused is in the journal."""

    reason: str


@dataclass
class FromHere:
    """In place of Step Functions' executions: a run is not started anywhere, its name and input are kept for the walk."""

    step_functions: StepFunctions
    started: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def running(self) -> tuple[str, ...]:
        """None where Step Functions is lost."""
        try:
            return self.step_functions.running()
        except (RunRefused, TransientFailure):
            return ()

    def ended_since(self, since: datetime) -> tuple[datetime, ...]:
        return self.step_functions.ended_since(since)

    def start(self, name: str, run_input: Mapping[str, Any]) -> StartedExecution:
        self.started.append((name, run_input))
        return StartedExecution(name, new=True)

    def arn_of(self, name: str) -> str:
        return name


def begin(me: SignedIn, reason: str, take_over: str | None, say: Callable[[str], None]) -> Step | Refused:
    """A run of its own, after `take_over` where that run holds the fence. Raises TransientFailure or RunRefused."""
    plan, region = me.plan, me.region
    if take_over is not None:
        name = f"{BREAK_GLASS}-{CLOCK.now():%Y%m%dT%H%M%SZ}"
        taken = take_over_run(plan, region, me.by)(take_over, name, reason)
        if isinstance(taken, Refusal):
            return Refused(taken.reason)
        say(taken.reason)
        if isinstance(taken, GoOn):
            return first_step(name, AFTER_PROMOTION, taken.state, promotes=True)
    executions = FromHere(runs_of(plan, region))
    journal = journal_in(region, plan)
    answer = StartRun(plan, region, register_of(plan), executions, journal, CLOCK, me.by, BREAK_GLASS)(
        Mode.UNPLANNED, reason
    )
    if not answer.done:
        return Refused(f"{answer.reason}{_instead(answer.reason)}")
    say(answer.reason)
    ((name, run_input),) = executions.started
    return first_step(name, load()["StartAt"], run_input)


def resume(me: SignedIn, run: str, *, stand_down: bool) -> Step | Refused:
    """Where `run` was broken off, or StandDown in its place. Raises TransientFailure or RunRefused."""
    step = last_step(outcomes_of(me.plan, me.region), run)
    if step is None:
        return Refused(
            f"{me.region} has kept no step of {run}: a run of Step Functions is taken over with --take-over."
        )
    if step.state in ENDS:
        return Refused(
            f"{run} has ended, in {step.state}. Where it holds the fence still, begin anew with --take-over {run}."
        )
    if stand_down and step.promotes:
        return Refused(f"{run} has begun to promote, and nothing undoes that: go on with it.")
    told = f"{run} {'is stood down' if stand_down else 'goes on'}, from {step.state}."
    remember(journal_in(me.region, me.plan), Event("run-resumed", me.by, told, run))
    if not stand_down:
        return step
    error = {"Error": "Aborted", "Cause": f"{me.by} broke it off in {step.state} and stood it down."}
    return Step(run, step.number, "StandDown", step.started_at, {**step.data, "error": error}, step.promotes)


def _instead(reason: str) -> str:
    if "holds the fence" not in reason:
        return ""
    return " Where nothing drives that run any more: --resume RUN if it began with break-glass-, else --take-over RUN."
