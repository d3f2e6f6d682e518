"""What does every vantage point see of the leader?"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass

from failover.application.ports import Alarms, Answer, Clock, Heartbeats, ServiceProbe
from failover.domain.plan import AlarmPlan, Plan
from failover.domain.signals import Health, Observation, sign_of_life

SERVICE_PROBE = "standby-probe"
HEARTBEAT = "heartbeat"
# Each client bounds its own calls; this is for what no client bounds, such as resolving a name.
GRACE_SECONDS = 1.0

Look = Mapping[str, Future[Observation]]


@dataclass(frozen=True)
class VantagePoints:
    """The plan's alarms on a Region, a probe of its service, and what it says of itself. Never raises."""

    plan: Plan
    alarms: Alarms
    probe: ServiceProbe
    heartbeats: Heartbeats
    clock: Clock
    executor: Executor

    def ask(self, leader: str) -> Look:
        """Ask every vantage point at once; returns before they have answered."""
        alarms = self._alarms_on(leader)
        futures = {name: self.executor.submit(self._alarm, alarm, leader) for name, alarm in alarms.items()}
        futures[SERVICE_PROBE] = self.executor.submit(self._probe, leader)
        futures[HEARTBEAT] = self.executor.submit(self._hear, leader)
        return futures

    def answers(self, look: Look, leader: str) -> list[Observation]:
        """What was answered; who is still silent after the time that a look may take is `unreachable`."""
        alarms = self._alarms_on(leader)
        bound = 2 * self.plan.timing.look_timeout.total_seconds() + GRACE_SECONDS
        wait(look.values(), timeout=bound)
        return [
            future.result() if future.done() else _silent(name, alarms.get(name), leader, bound)
            for name, future in look.items()
        ]

    def silenced(self, leader: str) -> str | None:
        """Who holds back the alarms on `leader`, so that nothing may be started by itself. None: nobody, or none can tell."""
        told = (self.alarms.silenced(alarm) for alarm in self._alarms_on(leader).values())
        return next((reason for reason in told if reason), None)

    def _alarms_on(self, leader: str) -> dict[str, AlarmPlan]:
        return {alarm.vantage_point.value: alarm for alarm in self.plan.alarms if alarm.watches == leader}

    def _alarm(self, alarm: AlarmPlan, leader: str) -> Observation:
        found = self.alarms.look(alarm)
        name, outside = alarm.vantage_point.value, alarm.region != leader
        return Observation(name, found.health, found.detail, outside=outside, since=found.since)

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
        newest = published.newest
        health, detail = sign_of_life(newest, leader, self.clock.now(), self.plan.timing)
        return Observation(HEARTBEAT, health, detail, outside=False, since=newest.at if newest else None)


def _silent(name: str, alarm: AlarmPlan | None, leader: str, seconds: float) -> Observation:
    direct = name == SERVICE_PROBE
    outside = direct or (alarm is not None and alarm.region != leader)
    return Observation(name, Health.UNREACHABLE, f"no answer in {seconds:g} s", direct, outside)
