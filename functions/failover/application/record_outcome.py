"""What is remembered of a run?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from failover.application.leader_register import NoMajority
from failover.application.ports import Clock, Journal, Outcomes, Register
from failover.application.remembering import remember
from failover.domain.digest import digest_of
from failover.domain.journal import Event
from failover.domain.leader_record import LeaderRecord
from failover.domain.outcome import outcome_key
from failover.domain.outcomes import derive
from failover.domain.plan import Plan
from failover.domain.run import Run


@dataclass(frozen=True)
class RecordOutcome:
    """Writes `runs/<run>/outcome.json` once; what is there first stays.

    Answers `{result, reason, key, summary, leader, epoch}`.
    """

    plan: Plan
    region: str
    register: Register
    outcomes: Outcomes
    journal: Journal
    clock: Clock

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises TransientFailure or RunRefused."""
        found = self._leader_record()
        outcome = derive(run, self.plan.service, found)
        key = outcome_key(run.name)
        record = {
            "run": run.name,
            "service": self.plan.service,
            "region": self.region,
            "started_at": run.started_at.isoformat(),
            "recorded_at": self.clock.now().isoformat(),
            "result": outcome.result.value,
            "reason": outcome.reason,
            "summary": outcome.summary,
            "leader": outcome.leader,
            "epoch": outcome.epoch,
            "leader_record": found.to_dict() if found else None,
            "rpo_target_seconds": self.plan.rpo_target.total_seconds(),
            "state": dict(run.state),
        }
        text = self.outcomes.put_once(key, json.dumps(record, indent=1, sort_keys=True))
        stored = json.loads(text)
        data = {"result": stored["result"], "key": key, "sha256": digest_of(text)}
        remember(self.journal, Event("run-ended", "RecordOutcome", stored["reason"], run.name, data))
        return {
            "result": stored["result"],
            "reason": stored["reason"],
            "key": key,
            "summary": stored["summary"],
            "leader": stored["leader"],
            "epoch": stored["epoch"],
        }

    def _leader_record(self) -> LeaderRecord | None:
        """Who leads as the run ends, None where no majority shows it: that is recorded too, and waits for nothing."""
        try:
            return self.register.read()
        except NoMajority:
            return None
