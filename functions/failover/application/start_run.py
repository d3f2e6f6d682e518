"""May a person start a failover by hand now, and is it started?"""

from __future__ import annotations

import json
from dataclasses import dataclass

from failover.application.holding import majority_needed
from failover.application.operate import LONGEST_REASON, Operated
from failover.application.ports import Clock, Executions, Journal, Register
from failover.application.remembering import remember
from failover.domain.digest import digest_of
from failover.domain.intake import TriggerKind, held_back, not_here
from failover.domain.journal import Event
from failover.domain.leader_record import LeaderRecord
from failover.domain.plan import Plan


@dataclass(frozen=True)
class StartRun:
    """For `by`, a person as AWS knows them, in the Region that would lead. Whatever is refused is recorded as well.

    Neither a disarm nor the time after a failover holds a person back; a fence and a run in progress do.
    """

    plan: Plan
    region: str
    register: Register
    executions: Executions
    journal: Journal
    clock: Clock
    by: str

    def __call__(self, key: str, reason: str) -> Operated:
        """The same `key` of the same person names the same run. Raises TransientFailure or RunRefused."""
        said = " ".join(reason.split())
        if not 1 <= len(said) <= LONGEST_REASON:
            return self._refused(f"A reason of 1 to {LONGEST_REASON} characters is needed.", None)
        with majority_needed():
            record = self.register.read()
        name = run_name(self.by, key)
        if obstacle := self._obstacle(record, name):
            return self._refused(obstacle, name)
        started = self.executions.start(
            name,
            {
                "trigger": {
                    "kind": TriggerKind.MANUAL.value,
                    "reason": said,
                    "alarm_arn": None,
                    "observed_at": self.clock.now().isoformat(),
                },
                # A run that was asked for against one record does nothing against another.
                "expected_epoch": record.epoch,
            },
        )
        if not started.new:
            return self._refused(f"{name} was started before: a change needs a key of its own.", name)
        told = f"{name} was started against {record.leader} in epoch {record.epoch}: {said}"
        return Operated(True, told, remember(self.journal, Event("run-started", self.by, told, name)), name)

    def _obstacle(self, record: LeaderRecord, name: str) -> str | None:
        if reason := not_here(self.region, self.plan, record):
            return reason
        if reason := held_back(record, name, TriggerKind.MANUAL, self.clock.now()):
            return reason
        running = self.executions.running()
        return f"Another run is in progress: {sorted(running)[0]}." if running else None

    def _refused(self, reason: str, run: str | None) -> Operated:
        return Operated(False, reason, remember(self.journal, Event("run-refused", self.by, reason, run)))


def run_name(by: str, key: str) -> str:
    """Step Functions remembers a name for 90 days: even without the claim on the key nothing starts twice.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
    """
    return f"by-hand-{digest_of(json.dumps([by, key]))[:16]}"
