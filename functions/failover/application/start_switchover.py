"""Does a person's request start a switchover, and if not, what is to be done instead?"""

from __future__ import annotations

from dataclasses import dataclass

from failover.application.holding import majority_needed
from failover.application.ports import Clock, Executions, Journal, Register
from failover.application.receive_alarm import Received
from failover.application.remembering import remember
from failover.domain.journal import Event
from failover.domain.leader_record import Refusal
from failover.domain.plan import Plan
from failover.domain.switchover import decide


@dataclass(frozen=True)
class StartSwitchover:
    """For `by`, a person as AWS knows them, to `region`. Changes nothing itself: the run does, and looks again first."""

    plan: Plan
    region: str
    register: Register
    executions: Executions
    journal: Journal
    clock: Clock
    by: str

    def __call__(self, reason: str) -> Received:
        """Raises TransientFailure or RunRefused when AWS gives no decision."""
        with majority_needed():
            record = self.register.read()
        running = self.executions.running() if self.region in self.plan.regions else ()
        decision = decide(self.region, self.plan, record, running, reason, self.clock.now())
        if isinstance(decision, Refusal):
            self._remember("switchover-refused", decision.reason, None)
            return Received(False, decision.reason, epoch=record.epoch)
        started = self.executions.start(decision.name, decision.input)
        if not started.new:
            told = f"{decision.name} was started by an earlier request."
            return Received(False, told, started.arn, decision.name, record.epoch)
        told = f"A switchover from {record.leader} to {self.region} began: {decision.input['trigger']['reason']}"
        self._remember("run-started", told, decision.name)
        return Received(True, told, started.arn, decision.name, record.epoch)

    def _remember(self, kind: str, reason: str, run: str | None) -> None:
        remember(self.journal, Event(kind, self.by, reason, run))
