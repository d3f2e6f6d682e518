"""Which targets did a drill have, what was measured, and were they met?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lab.measuring import measure
from lab.measuring.drill_record import DrillRecord, Run
from lab.measuring.simulated import simulated


@dataclass(frozen=True)
class Target:
    """A target, what was measured (None: unknown), whether it was met, and why, in one sentence."""

    name: str
    target: str
    measured: str
    met: bool
    reason: str


def targets_of(record: DrillRecord, clocks: measure.Clocks, loss: measure.Loss) -> list[Target]:
    """None where no failover is expected: there is nothing to recover then."""
    if record.expected == "no failover":
        return []
    if record.planned:
        found = [_outage(clocks, float(record.settings["outage_target_seconds"])), _no_loss(loss)]
    else:
        found = [
            _rto(clocks.total, float(record.settings["rto_target_minutes"]) * 60),
            _rpo(loss, _accepted_loss(record)),
        ]
    if simulated(record.settings) is None:
        return found
    return [
        one if one.measured == "unknown" else replace(one, measured=f"{one.measured}, simulated database")
        for one in found
    ]


def _accepted_loss(record: DrillRecord) -> float:
    """The plan's target, or the larger figure that a person accepted in its place."""
    figures = [run.state["approval"].get("bound_seconds") for run in record.runs if _approved(run)]
    return max(float(one) for one in (record.settings["rpo_target_seconds"], *figures) if one is not None)


def _approved(run: Run) -> bool:
    approval = run.state.get("approval")
    return isinstance(approval, Mapping) and approval.get("accepted") is True


def _rto(total: float | None, limit: float) -> Target:
    if total is None:
        return Target("RTO", f"{limit:g} s", "unknown", False, "The new leader acknowledged no write after the fault.")
    met = total <= limit
    reason = f"The first write was acknowledged {total:.2f} lab seconds after the fault, {_side(met)} the target."
    return Target("RTO", f"{limit:g} s", f"{total:.2f} s (lab)", met, reason)


def _rpo(loss: measure.Loss, limit: float) -> Target:
    if not loss.promoted:
        reason = "Nothing was promoted, and what the old leader still has was not read."
        return Target("RPO", f"{limit:g} s", "unknown", False, reason)
    if loss.seconds is None:
        return Target("RPO", f"{limit:g} s", "unknown", False, "The new leader's database could not be read.")
    met, missing = loss.seconds <= limit, f"{loss.rows} row{'s' * (loss.rows != 1)}, {loss.seconds * 1000:.0f} ms"
    reason = f"The new leader lacks {loss.rows} acknowledged writes, {_side(met)} the target."
    return Target("RPO", f"{limit:g} s", missing, met, reason)


def _outage(clocks: measure.Clocks, limit: float) -> Target:
    if clocks.outage is None:
        return Target("Outage", f"{limit:g} s", "unknown", False, "Writes had not come back when the drill ended.")
    met = clocks.outage <= limit
    reason = f"No write was acknowledged for {clocks.outage:.2f} lab seconds at the longest, {_side(met)} the target."
    return Target("Outage", f"{limit:g} s", f"{clocks.outage:.2f} s (lab)", met, reason)


def _no_loss(loss: measure.Loss) -> Target:
    if loss.rows is None:
        return Target("Loss", "0 rows", "unknown", False, "The new leader's database could not be read.")
    reason = f"The new leader lacks {loss.rows} of {loss.acknowledged} acknowledged writes."
    return Target("Loss", "0 rows", f"{loss.rows} row{'s' * (loss.rows != 1)}", loss.rows == 0, reason)


def _side(met: bool) -> str:
    return "within" if met else "over"
