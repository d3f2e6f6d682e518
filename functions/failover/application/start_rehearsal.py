"""Does a person's request start the rehearsal of a restore, and if not, what is to be done instead?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from failover.application.holding import majority_needed
from failover.application.operate import Operated
from failover.application.ports import Clock, Executions, Journal, Register
from failover.application.remembering import remember
from failover.domain.intake import TriggerKind
from failover.domain.journal import Event
from failover.domain.leader_record import Refusal
from failover.domain.plan import Plan
from failover.domain.rehearsal import decide


@dataclass(frozen=True)
class StartRehearsal:
    """For `by`, a person as AWS knows them, in `region`. Whatever is refused is recorded as well.

    Changes nothing itself: the run does, and looks again first. `rehearsals` and `others` are that Region's runs: none may be
    in progress.
    """

    plan: Plan
    region: str
    register: Register
    rehearsals: Executions
    others: Sequence[Executions]
    journal: Journal
    clock: Clock
    by: str

    def __call__(self, wanted: datetime | None) -> Operated:
        """Raises TransientFailure or RunRefused when AWS gives no decision. `wanted` None: of the newest moment."""
        with majority_needed():
            record = self.register.read()
        running = [name for one in (self.rehearsals, *self.others) for name in one.running()]
        now = self.clock.now()
        trigger = {
            "kind": TriggerKind.MANUAL.value,
            "reason": f"{self.by} asked for a rehearsal",
            "alarm_arn": None,
            "observed_at": now.astimezone(UTC).isoformat(),
        }
        decision = decide(self.region, self.plan, record, running, wanted, trigger, now)
        if isinstance(decision, Refusal):
            return self._refused(decision.reason, None)
        if not self.rehearsals.start(decision.name, decision.input).new:
            return self._refused(f"{decision.name} was started by an earlier request.", decision.name)
        told = f"A rehearsal of a restore began in {self.region}."
        recorded = remember(self.journal, Event("run-started", self.by, told, decision.name))
        return Operated(True, told, recorded, decision.name)

    def _refused(self, reason: str, run: str | None) -> Operated:
        return Operated(False, reason, remember(self.journal, Event("rehearsal-refused", self.by, reason, run)))
