"""Is the leader as this run needs it, when looked at again from every vantage point?

A failover needs a leader that is down, a switchover one that is healthy.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from failover.application.holding import majority_needed
from failover.application.ports import Clock, Register
from failover.application.vantage_points import VantagePoints
from failover.domain.by_hand import why_not
from failover.domain.intake import held_back, not_here
from failover.domain.leader_record import LeaderRecord, State
from failover.domain.plan import Plan
from failover.domain.primary_health import Judgement, Verdict, judge
from failover.domain.run import Mode, Run
from failover.domain.run_input import require_failover
from failover.domain.signals import Observation

INSTEAD = "A switchover needs a leader that is healthy: repair it, or fail over from it in mode unplanned."


@dataclass(frozen=True)
class CheckPrimaryHealth:
    """Changes nothing. Answers `{allowed, mode, down, verdict, reason, leader, epoch, observations}`.

    `allowed`: a run in this mode may go on. The observations are the last sample's; the reason tells the history of
    each vantage point.
    """

    plan: Plan
    region: str
    register: Register
    vantage_points: VantagePoints
    clock: Clock

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises TransientFailure when no majority shows the leader record, and RunInputError, before anything is asked, for an
        input that makes no sense.
        """
        require_failover(run)
        mode = run.mode
        with majority_needed():
            record = self.register.read()
        if reason := self._out_of_place(run, record):
            return _answer(mode, Judgement(Verdict.UNKNOWN, reason), record, [])
        samples = self._look_again(record.leader)
        return _answer(mode, judge(samples, self.plan.signals_required), record, samples[-1])

    def _out_of_place(self, run: Run, record: LeaderRecord) -> str | None:
        now = self.clock.now()
        if run.planned:
            reason = why_not(self.region, self.plan, record, run.name, now)
        else:
            reason = not_here(self.region, self.plan, record) or held_back(record, run.name, run.kind, now)
        if reason:
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


def _answer(mode: Mode, judgement: Judgement, record: LeaderRecord, last: list[Observation]) -> dict[str, Any]:
    allowed = judgement.allows(mode)
    advice = "" if allowed or mode is Mode.UNPLANNED or not last else f" {INSTEAD}"
    return {
        "allowed": allowed,
        "mode": mode.value,
        "down": judgement.verdict is Verdict.DOWN,
        "verdict": judgement.verdict.value,
        "reason": f"{judgement.reason}{advice}",
        "leader": record.leader,
        "epoch": record.epoch,
        "observations": [one.to_dict() for one in last],
    }
