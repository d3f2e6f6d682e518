"""May a restore be rehearsed in this Region now, of which backups, and what is production like before?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from failover.application.holding import majority_needed
from failover.application.ports import Executions, Register
from failover.application.restore_ports import RecoveryPoints
from failover.application.see_production import SeePatiently
from failover.domain.leader_record import LeaderRecord, Refusal
from failover.domain.plan import Plan
from failover.domain.recovery_point import choose, requested
from failover.domain.rehearsal import instance_name, why_not
from failover.domain.run import Run
from failover.domain.run_input import require_rehearsal


@dataclass(frozen=True)
class CheckRehearsal:
    """Changes nothing. Answers `{allowed, leads, reason, leader, epoch, instance, points, before}`.

    `leads`: this Region does, so that a rehearsal by schedule is the other one's. `others` are the runs of each workflow here.
    """

    plan: Plan
    region: str
    register: Register
    others: Sequence[Executions]
    backups: RecoveryPoints
    see: SeePatiently

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises TransientFailure, RunRefused, or RunInputError for an input that makes no sense."""
        require_rehearsal(run)
        wanted = requested(run, "rehearsal")
        with majority_needed():
            record = self.register.read()
        running = [name for one in self.others for name in one.running() if name != run.name]
        if reason := why_not(self.region, self.plan, record, running):
            return self._refused(reason, record)
        instances = tuple(self.plan.region(one).database_instance for one in (record.leader, self.region))
        points = choose(self.backups.find(instances), wanted.to if wanted else None)
        if isinstance(points, Refusal):
            return self._refused(points.reason, record)
        told = (
            f"{record.leader} leads in epoch {record.epoch}, and nothing is in progress; {points[0]} is restored first."
        )
        return {
            **self._refused(told, record),
            "allowed": True,
            "points": [one.to_dict() for one in points],
            "before": self.see(record.leader).to_dict(),
        }

    def _refused(self, reason: str, record: LeaderRecord) -> dict[str, Any]:
        return {
            "allowed": False,
            "leads": record.leader == self.region,
            "reason": reason,
            "leader": record.leader,
            "epoch": record.epoch,
            "instance": instance_name(self.plan, self.region),
            "points": [],
            "before": None,
        }
