"""What is the drill's result, as one document? Everything that the reports show, and nothing that they compute."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

from failover.domain.abandoned_run import ONE_WAY_STEPS
from lab.measuring import invariants
from lab.measuring import measure
from lab.measuring import permissions
from lab.measuring.drill_record import DrillRecord, Run
from lab.measuring.drill_targets import Target, targets_of
from lab.measuring.history import Attempt
from lab.measuring.invariants import Finding, Verdict
from lab.drills.occasion import FAULT, REQUEST
from lab.measuring.planning_figures import planning_figures
from lab.drills.signals import refused_calls, signals
from lab.measuring.simulated import database_mode, simulated

BUCKET_SECONDS = 0.1
SCHEMA = 1


def build(record: DrillRecord) -> dict[str, Any]:
    """The result as JSON values. `passed`: writes flow where they should, targets are met, no invariant is violated."""
    clocks, loss = measure.clocks(record), measure.loss(record)
    findings = invariants.check(record)
    targets = targets_of(record, clocks, loss)
    complaints = _complaints(record, clocks, loss, findings, targets)
    return {
        "schema": SCHEMA,
        "drill": record.drill,
        "started_at": record.started_at.isoformat(timespec="seconds"),
        "fault": {"name": record.fault, "description": record.fault_description},
        "counted_from": REQUEST if record.planned else FAULT,
        "expected": "switchover" if record.planned else record.expected,
        "passed": not complaints,
        "verdict": _verdict(record, clocks, loss, complaints),
        "complaints": complaints,
        "simulated": simulated(record.settings),
        "notes": _notes(record, clocks, loss),
        "old_leader": record.old_leader,
        "new_leader": record.new_leader,
        "serving_at_the_end": measure.serving_at_the_end(record),
        "clocks_seconds": {name: _rounded(value) for name, value in asdict(clocks).items()},
        "aws_planning_seconds": planning_figures(record.planned, database_mode(record.settings)),
        "loss": _loss(record, loss),
        "targets": [asdict(target) for target in targets],
        "invariants": [_finding(finding) for finding in findings],
        "runs": [_run(record, run) for run in record.runs],
        "marks": _marks(record),
        "signals": signals(record),
        "refused_calls": refused_calls(record),
        "clients_after_the_fault": _clients(record),
        "acknowledged_per_bucket": _buckets(record),
        "permissions": _permissions(record),
        "leader_record": {"before": record.record_before, "after": record.record_after},
        "notifications": {"webhook": record.webhook_notifications, "mailbox": record.mailbox_messages},
        "settings": record.settings,
        "environment": record.environment,
    }


def _complaints(
    record: DrillRecord,
    clocks: measure.Clocks,
    loss: measure.Loss,
    findings: list[Finding],
    targets: list[Target],
) -> list[str]:
    """Everything that keeps the drill from passing, one sentence each; the gravest first."""
    found = []
    if record.expected == "failover" and clocks.total is None:
        found.append(f"no write was acknowledged by {record.new_leader} after {record.fault}.")
    leader = record.new_leader if record.expected == "failover" else record.old_leader
    if not found and measure.serving_at_the_end(record) != leader:
        found.append(f"writes had stopped, or were not {leader}'s, when the drill ended.")
    if record.expected == "no failover" and loss.promoted:
        found.append(f"{record.fault} led to a promotion, and should not have.")
    violated = [finding for finding in findings if finding.verdict is Verdict.VIOLATED]
    if violated:
        found.append(f"{len(violated)} invariant{'s' * (len(violated) > 1)} violated; first: {violated[0].evidence}")
    if refused := permissions.denied(record.permissions or {}):
        found.append(f"{len(refused)} call{'s' * (len(refused) > 1)} not allowed by a role; first: {refused[0]}.")
    missed = [target.name for target in targets if not target.met and target.measured != "unknown"]
    unknown = [target.name for target in targets if target.measured == "unknown"]
    if missed:
        found.append(f"{' and '.join(missed)} over the target.")
    if unknown and not found:
        found.append(f"{' and '.join(unknown)} could not be measured.")
    return found


def _verdict(record: DrillRecord, clocks: measure.Clocks, loss: measure.Loss, complaints: list[str]) -> str:
    told = f"Failed: {complaints[0]}" if complaints else _passed(record, clocks, loss)
    return f"{told} The database was simulated." if simulated(record.settings) else told


def _passed(record: DrillRecord, clocks: measure.Clocks, loss: measure.Loss) -> str:
    if record.expected == "no failover" or clocks.total is None:
        return f"Passed: {record.old_leader} still leads after {record.fault}, as it should."
    if record.planned:
        return (
            f"Passed: {record.new_leader} leads after a switchover; for {clocks.outage or 0.0:.1f} lab seconds no write was"
            f" acknowledged, and {loss.rows} acknowledged rows were lost."
        )
    return (
        f"Passed: writes flowed again from {record.new_leader} {clocks.total:.1f} lab seconds after {record.fault};"
        f" {loss.rows} acknowledged row{'s' * (loss.rows != 1)} lost."
    )


def _notes(record: DrillRecord, clocks: measure.Clocks, loss: measure.Loss) -> list[str]:
    """What a reader should know before trusting a figure."""
    run, found = measure.main_run(record), [one for one in (simulated(record.settings),) if one]
    if run is not None and not measure.started_by_the_fault(record, run):
        found.append("The run was started by an alarm from before the fault, so the time to detect is unknown.")
    stood_down = (run.state.get("stood_down") or {}) if run else {}
    if stood_down.get("reason"):
        found.append(f"The run stood down: {stood_down['reason']}")
    if clocks.outage is None and clocks.outage_at_least is not None:
        found.append(f"The outage had not ended when the drill did, after {clocks.outage_at_least:.1f} s of silence.")
    if not loss.promoted and loss.rows:
        found.append(
            f"Nothing was promoted, so the {loss.rows} acknowledged rows that {record.new_leader} lacks are not counted"
            " as lost."
        )
    if len(record.runs) > 1:
        found.append(f"{len(record.runs)} runs were started; the clocks are those of {run.name if run else 'none'}.")
    return found


def _loss(record: DrillRecord, loss: measure.Loss) -> dict[str, Any]:
    run = measure.main_run(record)
    gate = measure.gate_of(run) if run else {}
    return {
        "promoted": loss.promoted,
        "acknowledged": loss.acknowledged,
        "rows": loss.rows,
        "milliseconds": None if loss.seconds is None else round(loss.seconds * 1000, 1),
        "bound_milliseconds": None if loss.bound_seconds is None else round(loss.bound_seconds * 1000, 1),
        "gate": {
            name: gate.get(name) for name in ("accepted", "known", "bytes_behind", "reason", "evidence", "objects")
        },
        "lost": None if loss.lost is None else [_row(record, attempt) for attempt in loss.lost],
        "unknown": loss.unknown,
        "unknown_survived": loss.unknown_survived,
        "refused": loss.refused,
        "refused_survived": loss.refused_survived,
        "acknowledged_late_by_old_leader": [_row(record, attempt) for attempt in loss.late],
        "acknowledged_past_the_fence_by_old_leader": [_row(record, attempt) for attempt in loss.past_fence],
    }


def _permissions(record: DrillRecord) -> dict[str, Any] | None:
    """Of the Region that took over: what was used there of each role, and what not. None: not read."""
    found, region = record.permissions, record.new_leader
    if found is None:
        return None
    return {
        "denied": permissions.denied(found),
        "used": permissions.grants(found, region, "used"),
        "unused": permissions.grants(found, region, "unused"),
    }


def _run(record: DrillRecord, run: Run) -> dict[str, Any]:
    return {
        "name": run.name,
        "status": run.status,
        "summary": (run.state.get("outcome") or {}).get("summary"),
        "states": [
            {
                "state": span.state,
                "from": round(span.entered - record.fault_at, 3),
                "to": _since(record, span.exited),
                "error": span.error,
            }
            for span in run.spans
        ],
    }


def _marks(record: DrillRecord) -> list[dict[str, Any]]:
    """The moments that a reader looks for, in seconds since the fault; those that did not happen are not there."""
    run = measure.main_run(record)
    moments = {
        "fenced": run.exited(measure.FENCES) if run else None,
        "replica holds everything" if record.planned else "lease waited out": _fence_over(record, run) if run else None,
        "promotion begins": run.entered(*ONE_WAY_STEPS) if run else None,
        "record open": measure.opened_at(record),
    }
    return [{"at": _since(record, at), "text": text} for text, at in moments.items() if at is not None]


def _fence_over(record: DrillRecord, run: Run) -> float | None:
    return run.exited(measure.GATE if record.planned else measure.LEASE_WAIT)


def _clients(record: DrillRecord) -> list[dict[str, Any]]:
    """What clients were told after the fault, the most frequent first."""
    told = Counter(
        (one.outcome, one.region, one.problem) for one in record.attempts if one.ended > record.fault_at
    ).most_common()
    return [
        {"outcome": outcome, "region": region, "problem": problem, "count": count}
        for (outcome, region, problem), count in told
    ]


def _buckets(record: DrillRecord) -> dict[str, list[list[float]]]:
    """By Region: [seconds since the fault, acknowledged writes] for each tenth of a second that has any."""
    counts: dict[str, dict[int, int]] = {}
    for attempt in record.attempts:
        if attempt.outcome == "ok" and attempt.region:
            place = int((attempt.ended - record.fault_at) // BUCKET_SECONDS)
            region = counts.setdefault(attempt.region, {})
            region[place] = region.get(place, 0) + 1
    return {
        region: [[round(place * BUCKET_SECONDS, 1), count] for place, count in sorted(found.items())]
        for region, found in sorted(counts.items())
    }


def _row(record: DrillRecord, attempt: Attempt) -> dict[str, Any]:
    return {
        "writer": attempt.writer,
        "number": attempt.number,
        "epoch": attempt.epoch,
        "region": attempt.region,
        "acknowledged_at": round(attempt.ended - record.fault_at, 4),
    }


def _finding(finding: Finding) -> dict[str, str]:
    return {"invariant": finding.invariant, "verdict": finding.verdict.value, "evidence": finding.evidence}


def _since(record: DrillRecord, instant: float | None) -> float | None:
    return None if instant is None else round(instant - record.fault_at, 3)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
