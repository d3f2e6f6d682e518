"""Is the leader down, when looked at again from every vantage point?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from failover.application.holding import majority_needed
from failover.application.ports import Clock, Register
from failover.application.vantage_points import VantagePoints
from failover.domain.intake import held_back, not_here
from failover.domain.leader_record import LeaderRecord, State
from failover.domain.plan import Plan
from failover.domain.primary_health import Judgement, Verdict, judge
from failover.domain.run import Run
from failover.domain.signals import Observation


@dataclass(frozen=True)
class CheckPrimaryHealth:
    """Changes nothing. Answers `{down, verdict, reason, leader, epoch, observations}`.

    The observations are the last sample's; the reason tells the history of each vantage point.
    """

    plan: Plan
    region: str
    register: Register
    vantage_points: VantagePoints
    clock: Clock

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises TransientFailure when no majority shows the leader record."""
        with majority_needed():
            record = self.register.read()
        if reason := self._out_of_place(run, record):
            return _answer(Judgement(Verdict.UNKNOWN, reason), record, [])
        samples = self._look_again(record.leader)
        return _answer(judge(samples, self.plan.signals_required), record, samples[-1])

    def _out_of_place(self, run: Run, record: LeaderRecord) -> str | None:
        if reason := not_here(self.region, self.plan, record):
            return reason
        if reason := held_back(record, run.name, run.kind, self.clock.now()):
            return reason
        own = record.state is State.FENCED
        if run.expected_epoch is not None and record.epoch != run.expected_epoch and not own:
            return f"The leader record has moved on: the run expected epoch {run.expected_epoch}, it is {record.epoch}."
        return None

    def _look_again(self, leader: str) -> list[list[Observation]]:
        """Samples spread evenly over the window, the first at once.

        A sample does not wait for the answers to the one before: a dark Region costs its timeout once, not each time.
        """
        count = self.plan.timing.second_look_samples
        gap = self.plan.timing.second_look / (count - 1)
        began = self.clock.monotonic()
        looks = [self.vantage_points.ask(leader)]
        for number in range(1, count):
            due = began + number * gap.total_seconds()
            early = due - self.clock.monotonic()
            if early > 0:
                self.clock.sleep(timedelta(seconds=early))
            looks.append(self.vantage_points.ask(leader))
        return [self.vantage_points.answers(look, leader) for look in looks]


def _answer(judgement: Judgement, record: LeaderRecord, last: list[Observation]) -> dict[str, Any]:
    return {
        "down": judgement.verdict is Verdict.DOWN,
        "verdict": judgement.verdict.value,
        "reason": judgement.reason,
        "leader": record.leader,
        "epoch": record.epoch,
        "observations": [one.to_dict() for one in last],
    }
