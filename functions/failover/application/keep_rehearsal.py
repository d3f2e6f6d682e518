"""What did the rehearsal prove, and did production notice?

Kept as this Region's newest proof if it passed: readiness asks when that was, and a run that restores, how long it took.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from failover.application.placement import placement_of
from failover.application.ports import Clock, Parameters
from failover.application.restore_ports import KeptRehearsals, Placement
from failover.application.see_production import SeePatiently
from failover.domain.outcome import error_sentence
from failover.domain.plan import Plan
from failover.domain.rehearsal import Production, Rehearsed, billed, disturbed, price_usd
from failover.domain.rehearsal_outcome import left_behind
from failover.domain.run import Run, RunStateError


@dataclass(frozen=True)
class KeepRehearsal:
    """Answers `{passed, reason, seconds, price_usd, price, restored_from, unusable, left_behind, disturbed, after}`."""

    plan: Plan
    region: str
    see: SeePatiently
    parameters: Parameters
    kept: KeptRehearsals
    clock: Clock

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises TransientFailure or RunRefused."""
        after = self.see(run.text("check", "leader"))
        found = rehearsed(run, disturbed(_before(run), after, self.plan.timing.unpublished))
        usd, told = _price(placement_of(self.plan.region(self.region), self.parameters), found.restore)
        answer = {
            "passed": found.passed,
            "reason": found.reason,
            "seconds": None if found.restore is None else found.restore.total_seconds(),
            "price_usd": usd,
            "price": told,
            "restored_from": found.restored_from,
            "unusable": list(found.unusable),
            "left_behind": found.left_behind,
            "disturbed": list(found.disturbed),
            "after": after.to_dict(),
        }
        if found.passed:
            before = run.value("check", "before")
            kept = {"at": self.clock.now().isoformat(), "run": run.name, "before": before, **answer}
            self.kept.write(json.dumps(kept, indent=1, sort_keys=True))
        return answer


def rehearsed(run: Run, noticed: tuple[str, ...]) -> Rehearsed:
    """From what the states left behind."""
    seconds, failed = run.value("restored", "seconds"), run.value("error")
    return Rehearsed(
        run.value("restored", "restored_from"),
        timedelta(seconds=seconds) if isinstance(seconds, int | float) else None,
        tuple(f"{one['point']} was not used: {one['reason']}" for one in run.value("restored", "unusable") or ()),
        None if failed is None else error_sentence(failed),
        left_behind(run),
        noticed,
    )


def _before(run: Run) -> Production:
    try:
        return Production.from_dict(run.value("check", "before"))
    except (KeyError, TypeError, ValueError) as error:
        raise RunStateError("The run's state does not say what production was like before.") from error


def _price(placement: Placement, lasted: timedelta | None) -> tuple[float | None, str]:
    if placement.hourly_usd is None:
        return None, f"{placement.instance_class} has no price in the plan of the data plane"
    paid = billed(lasted).total_seconds()
    told = f"{placement.instance_class} for {paid:.0f} s, list price {placement.price_listed}, without storage"
    return price_usd(placement.hourly_usd, lasted), told
