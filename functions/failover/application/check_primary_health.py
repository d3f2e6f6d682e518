"""Is the leader down, when looked at again from every vantage point?"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from failover.application.holding import majority_needed
from failover.application.ports import Alarms, Answer, Clock, Heartbeats, Register, ServiceProbe
from failover.domain.intake import held_back, not_here
from failover.domain.leader_record import LeaderRecord, State
from failover.domain.plan import AlarmPlan, Plan
from failover.domain.primary_health import Judgement, Verdict, judge
from failover.domain.run import Run
from failover.domain.signals import Health, Observation, sign_of_life

SERVICE_PROBE = "standby-probe"
HEARTBEAT = "heartbeat"
# Each client bounds its own calls; this is for what no client bounds, such as resolving a name.
GRACE_SECONDS = 1.0


@dataclass(frozen=True)
class CheckPrimaryHealth:
    """Changes nothing. Answers `{down, verdict, reason, leader, epoch, observations}`.

    The observations are the last sample's; the reason tells the history of each vantage point.
    """

    plan: Plan
    region: str
    register: Register
    alarms: Alarms
    probe: ServiceProbe
    heartbeats: Heartbeats
    clock: Clock
    executor: Executor

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
        samples = [self._ask_all(leader)]
        for number in range(1, count):
            due = began + number * gap.total_seconds()
            early = due - self.clock.monotonic()
            if early > 0:
                self.clock.sleep(timedelta(seconds=early))
            samples.append(self._ask_all(leader))
        return [self._answers(sample, leader) for sample in samples]

    def _ask_all(self, leader: str) -> dict[str, Future[Observation]]:
        """Every vantage point at once."""
        alarms = {_name(alarm): alarm for alarm in self.plan.alarms if alarm.watches == leader}
        futures = {name: self.executor.submit(self._ask, alarm, leader) for name, alarm in alarms.items()}
        futures[SERVICE_PROBE] = self.executor.submit(self._probe, leader)
        futures[HEARTBEAT] = self.executor.submit(self._hear, leader)
        return futures

    def _answers(self, futures: Mapping[str, Future[Observation]], leader: str) -> list[Observation]:
        alarms = {_name(alarm): alarm for alarm in self.plan.alarms if alarm.watches == leader}
        bound = 2 * self.plan.timing.look_timeout.total_seconds() + GRACE_SECONDS
        wait(futures.values(), timeout=bound)
        return [
            future.result() if future.done() else _silent(name, alarms.get(name), leader, bound)
            for name, future in futures.items()
        ]

    def _probe(self, leader: str) -> Observation:
        answer = self.probe.get(f"{self.plan.region(leader).service_url}/healthz")
        if not isinstance(answer, Answer):
            return Observation(SERVICE_PROBE, Health.UNREACHABLE, answer.reason, direct=True)
        health = Health.HEALTHY if answer.status == 200 else Health.UNHEALTHY
        return Observation(SERVICE_PROBE, health, f"/healthz answered {answer.status}", direct=True)

    def _hear(self, leader: str) -> Observation:
        """The leader's own word, so it counts as made from inside: that it lives does not mean that users reach it."""
        published = self.heartbeats.read()
        if not published.majority:
            detail = f"answered: {', '.join(published.answered) or 'no copy'}"
            return Observation(HEARTBEAT, Health.UNREACHABLE, detail, outside=False)
        health, detail = sign_of_life(published.newest, leader, self.clock.now(), self.plan.timing)
        return Observation(HEARTBEAT, health, detail, outside=False)

    def _ask(self, alarm: AlarmPlan, leader: str) -> Observation:
        health, detail = self.alarms.look(alarm)
        return Observation(_name(alarm), health, detail, outside=alarm.region != leader)


def _name(alarm: AlarmPlan) -> str:
    return alarm.vantage_point.value


def _silent(name: str, alarm: AlarmPlan | None, leader: str, seconds: float) -> Observation:
    direct = name == SERVICE_PROBE
    outside = direct or (alarm is not None and alarm.region != leader)
    return Observation(name, Health.UNREACHABLE, f"no answer in {seconds:g} s", direct, outside)


def _answer(judgement: Judgement, record: LeaderRecord, last: list[Observation]) -> dict[str, Any]:
    return {
        "down": judgement.verdict is Verdict.DOWN,
        "verdict": judgement.verdict.value,
        "reason": judgement.reason,
        "leader": record.leader,
        "epoch": record.epoch,
        "observations": [one.to_dict() for one in last],
    }
