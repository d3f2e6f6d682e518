"""Could the standby take over today, and if not, what is missing?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass
from datetime import datetime, timedelta

from failover.application.errors import RunRefused, TransientFailure
from failover.application.holding import majority_needed
from failover.application.ports import Clock, Register
from failover.application.readiness_questions import Question
from failover.domain.leader_record import LeaderRecord, State
from failover.domain.plan import Plan
from failover.domain.readiness.check import Checked, Finding, unknown
from failover.domain.readiness.evaluation import Evaluation


@dataclass(frozen=True)
class NotEvaluated:
    """Why there is nothing to say now."""

    reason: str


@dataclass(frozen=True)
class EvaluateReadiness:
    """Changes nothing. `questions`: those for a leader record, at an instant; all are asked at once, within `bound`."""

    plan: Plan
    region: str
    register: Register
    questions: Callable[[LeaderRecord, datetime], Sequence[Question]]
    executor: Executor
    bound: timedelta
    clock: Clock

    def __call__(self) -> Evaluation | NotEvaluated:
        """Raises TransientFailure when nobody can say who leads."""
        with majority_needed():
            record = self.register.read()
        if record.state is State.FENCED:
            return NotEvaluated(f"{record.run} holds the fence: there is no standby while leadership moves.")
        began, now = self.clock.monotonic(), self.clock.now()
        checked = self._answers(self.questions(record, now))
        took = self.clock.monotonic() - began
        standby = self.plan.standby_of(record.leader)
        return Evaluation(self.plan.service, self.region, record.leader, standby, now, took, checked)

    def _answers(self, questions: Sequence[Question]) -> tuple[Checked, ...]:
        asked = {one.check: self.executor.submit(one.ask) for one in questions}
        wait(asked.values(), self.bound.total_seconds())
        return tuple(Checked(check, self._found(answer)) for check, answer in asked.items())

    def _found(self, answer: Future[Finding]) -> Finding:
        if not answer.done():
            answer.cancel()
            return unknown(f"no answer within {self.bound.total_seconds():g} s")
        try:
            return answer.result()
        except (TransientFailure, RunRefused) as error:
            return unknown(str(error))
