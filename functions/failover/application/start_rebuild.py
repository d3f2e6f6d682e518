"""Does a person's request start the rebuild of a standby, and if not, what is to be done instead?"""

from __future__ import annotations

from dataclasses import dataclass

from failover.application.holding import majority_needed
from failover.application.operate import Operated
from failover.application.ports import Clock, Executions, Journal, Register
from failover.application.remembering import remember
from failover.domain.journal import Event
from failover.domain.leader_record import Refusal
from failover.domain.plan import Plan
from failover.domain.rebuild import decide


@dataclass(frozen=True)
class StartRebuild:
    """For `by`, a person as AWS knows them, of `region`. Whatever is refused is recorded as well.

    Changes nothing itself: the run does, and looks again first. `failovers` and `rebuilds` are
    that Region's runs of each kind: neither may be in progress.
    """

    plan: Plan
    region: str
    register: Register
    failovers: Executions
    rebuilds: Executions
    journal: Journal
    clock: Clock
    by: str

    def __call__(self, reason: str, accept_unknown_divergence: bool = False) -> Operated:
        """Raises TransientFailure or RunRefused when AWS gives no decision."""
        with majority_needed():
            record = self.register.read()
        running = (*self.failovers.running(), *self.rebuilds.running())
        decision = decide(self.region, self.plan, record, running, reason, accept_unknown_divergence, self.clock.now())
        if isinstance(decision, Refusal):
            return self._refused(decision.reason, None)
        if not self.rebuilds.start(decision.name, decision.input).new:
            return self._refused(f"{decision.name} was started by an earlier request.", decision.name)
        told = f"A rebuild of the standby in {self.region} began: {decision.input['trigger']['reason']}"
        recorded = remember(self.journal, Event("run-started", self.by, told, decision.name))
        return Operated(True, told, recorded, decision.name)

    def _refused(self, reason: str, run: str | None) -> Operated:
        return Operated(False, reason, remember(self.journal, Event("rebuild-refused", self.by, reason, run)))
