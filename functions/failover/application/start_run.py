"""Does a person's request start a run, a failover or a switchover, and if not, what is to be done instead?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC

from failover.application.holding import majority_needed
from failover.application.operate import Operated
from failover.application.ports import Clock, Executions, Journal, Register
from failover.application.remembering import remember
from failover.domain.by_hand import decide
from failover.domain.digest import digest_of
from failover.domain.journal import Event
from failover.domain.leader_record import LeaderRecord, Refusal
from failover.domain.plan import Plan
from failover.domain.run import Mode

WORD = {Mode.UNPLANNED: "failover", Mode.PLANNED: "switchover"}
PREFIX = {Mode.UNPLANNED: "by-hand", Mode.PLANNED: "switchover"}


@dataclass(frozen=True)
class StartRun:
    """For `by`, a person as AWS knows them, in the Region that would lead. Whatever is refused is recorded as well.

    Changes nothing itself: the run does, and looks again first. `prefix` is the names' first part where the mode's own
    would not tell how the run was started.
    """

    plan: Plan
    region: str
    register: Register
    executions: Executions
    journal: Journal
    clock: Clock
    by: str
    prefix: str | None = None

    def __call__(self, mode: Mode, reason: str, key: str | None = None) -> Operated:
        """The same `key` of the same person names the same run; without one the name tells the epoch and the moment.

        Raises TransientFailure or RunRefused when AWS gives no decision.
        """
        with majority_needed():
            record = self.register.read()
        name = self._name(mode, record, key)
        running = self.executions.running()
        decision = decide(mode, name, self.region, self.plan, record, running, reason, self.clock.now())
        if isinstance(decision, Refusal):
            return self._refused(decision.reason, None)
        if not self.executions.start(decision.name, decision.input).new:
            return self._refused(f"{name} was started by an earlier request.", name)
        said = decision.input["trigger"]["reason"]
        told = f"A {WORD[mode]} from {record.leader} to {self.region} began: {said}"
        return Operated(True, told, remember(self.journal, Event("run-started", self.by, told, name)), name)

    def _name(self, mode: Mode, record: LeaderRecord, key: str | None) -> str:
        """Step Functions remembers a name for 90 days: even without the claim on the key nothing starts twice.

        https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
        """
        prefix = self.prefix or PREFIX[mode]
        if key is not None:
            return f"{prefix}-{digest_of(json.dumps([self.by, key]))[:16]}"
        return f"{prefix}-e{record.epoch}-{self.clock.now().astimezone(UTC):%Y%m%dT%H%M%SZ}"

    def _refused(self, reason: str, run: str | None) -> Operated:
        return Operated(False, reason, remember(self.journal, Event("run-refused", self.by, reason, run)), run)
