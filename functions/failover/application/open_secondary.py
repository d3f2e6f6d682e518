"""Is this Region the open leader?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from failover.application.errors import RunRefused
from failover.application.holding import majority_needed
from failover.application.ports import Clock, Register
from failover.domain.leader_record import Refusal, hand_over
from failover.domain.plan import Plan
from failover.domain.run import Run


@dataclass(frozen=True)
class OpenSecondary:
    """This alone moves traffic: `/healthz` follows the record. Answers `{epoch, leader, opened_at, hold_until}`."""

    plan: Plan
    region: str
    register: Register
    clock: Clock

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises RunRefused when the run no longer holds the fence, or no write was read back; TransientFailure."""
        if run.value("verified", "read_back") is not True or run.value("verified", "region") != self.region:
            raise RunRefused(f"No write was read back in {self.region}, so it is not opened.")
        now = self.clock.now()
        with majority_needed():
            changed = self.register.change(hand_over(run.name, self.region, now, now + self.plan.cooldown))
        if isinstance(changed, Refusal):
            raise RunRefused(changed.reason)
        return {
            "epoch": changed.epoch,
            "leader": changed.leader,
            "opened_at": changed.changed_at.isoformat(),
            "hold_until": changed.hold_until.isoformat() if changed.hold_until else None,
        }
