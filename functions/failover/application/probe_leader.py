"""Does the standby have to open an incident by itself, because no alarm did?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from failover.application.holding import majority_needed
from failover.application.ports import Clock, Executions, Journal, Register
from failover.application.receive_alarm import Received
from failover.application.remembering import remember
from failover.application.vantage_points import HEARTBEAT, VantagePoints
from failover.domain.incident import down_since, may_open, open_incident
from failover.domain.journal import Event
from failover.domain.leader_record import LeaderRecord, Refusal
from failover.domain.plan import Plan
from failover.domain.signals import Observation


@dataclass(frozen=True)
class Probed(Received):
    """`heartbeat_age_seconds` None: nobody looked, as in the leader's own Region, or no majority shows a heartbeat."""

    heartbeat_age_seconds: float | None = None


@dataclass(frozen=True)
class ProbeLeader:
    """Called every minute in both Regions; in the leader's it only reads the leader record."""

    plan: Plan
    region: str
    register: Register
    executions: Executions
    vantage_points: VantagePoints
    journal: Journal
    clock: Clock

    def __call__(self) -> Probed:
        """Raises TransientFailure or RunRefused when AWS gives no decision: the next probe comes in a minute."""
        with majority_needed():
            record = self.register.read()
        if refusal := may_open(record, self.plan, self.region, self.clock.now()):
            return Probed(False, refusal.reason, epoch=record.epoch)
        seen = self.vantage_points.answers(self.vantage_points.ask(record.leader), record.leader)
        heard = next((one.since for one in seen if one.vantage_point == HEARTBEAT), None)
        age = (self.clock.now() - heard).total_seconds() if heard else None
        return Probed(**asdict(self._decide(record, seen)), heartbeat_age_seconds=age)

    def _decide(self, record: LeaderRecord, seen: Sequence[Observation]) -> Received:
        since = down_since(seen)
        ended = self.executions.ended_since(since) if since else ()
        decision = open_incident(seen, record, self.plan, self.clock.now(), ended)
        if isinstance(decision, Refusal):
            return Received(False, decision.reason, epoch=record.epoch)
        if running := self.executions.running():
            return Received(False, f"A run is in progress: {sorted(running)[0]}.", epoch=record.epoch)
        # Whoever silences an alarm wants it to start nothing; that the probe would find the same is no way round.
        if silenced := self.vantage_points.silenced(record.leader):
            return Received(False, f"{silenced} The next probe looks again.", epoch=record.epoch)
        started = self.executions.start(decision.name, decision.input)
        reason = str(decision.input["trigger"]["reason"])
        if started.new:
            remember(self.journal, Event("run-started", "ProbeLeader", reason, decision.name))
        else:
            reason = f"An earlier probe started {decision.name}."
        return Received(started.new, reason, started.arn, decision.name, record.epoch)
