"""Does this run hold the fence, and how long until no lease holds any more?

A switchover waits for no clock: BoundDataLoss then goes by what the old leader's tasks say of themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from failover.application.holding import majority_needed
from failover.application.ports import Clock, Register
from failover.domain.intake import held_back, not_here
from failover.domain.leader_record import LeaderRecord, Refusal, State, fence
from failover.domain.plan import Plan
from failover.domain.run import Run


@dataclass(frozen=True)
class FencePrimary:
    """Answers `{held, reason, epoch, leader, fenced_at, wait_seconds}`; the same again when repeated."""

    plan: Plan
    region: str
    register: Register
    clock: Clock

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises TransientFailure when no majority of the record's copies can be changed."""
        judged_epoch = run.whole("health", "epoch")
        now = self.clock.now()

        def change(record: LeaderRecord) -> LeaderRecord | Refusal:
            if reason := not_here(self.region, self.plan, record):
                return Refusal(reason)
            if reason := held_back(record, run.name, run.kind, now):
                return Refusal(reason)
            # The judgement was about this epoch's leader. A call that lasts on after its run stood down ends here.
            if record.state is State.OPEN and record.epoch != judged_epoch:
                return Refusal(
                    f"The leader record has moved on: epoch {judged_epoch} was judged, it is {record.epoch}."
                )
            return fence(run.name, now)(record)

        with majority_needed():
            changed = self.register.change(change)
        if isinstance(changed, Refusal):
            return _answer(False, changed.reason, None, None)
        return _answer(
            True, f"{run.name} holds the fence.", changed, 0 if run.planned else self.plan.timing.fence_wait_seconds
        )


def _answer(held: bool, reason: str, record: LeaderRecord | None, wait_seconds: int | None) -> dict[str, Any]:
    return {
        "held": held,
        "reason": reason,
        "epoch": record.epoch if record else None,
        "leader": record.leader if record else None,
        "fenced_at": record.changed_at.isoformat() if record else None,
        "wait_seconds": wait_seconds,
    }
