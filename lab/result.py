"""What is the drill's result, as one document? Everything that the reports show, and nothing that they compute."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from lab import invariants, measure
from lab.drill_record import Attempt, DrillRecord
from lab.invariants import Finding, Verdict

BUCKET_SECONDS = 0.1
SCHEMA = 1

# Planning figures for AWS, in seconds (best, plan); no promises and no measurements. Sources: Route 53 and CloudWatch guides;
# RDS "Promoting a read replica to be a standalone DB instance" says "several minutes or longer".
AWS_BUDGET: dict[str, tuple[str, str]] = {
    "detect": ("41", "95-215"),
    "decide": ("20", "30"),
    "execute": ("185", "195-615"),
    "traffic": ("70", "180"),
    "total": ("5.5 min", "8.5-17.5 min"),
}


@dataclass(frozen=True)
class Target:
    """A target, what was measured (None: unknown), and whether it was met."""

    name: str
    target: str
    measured: str
    met: bool
    reason: str


def build(record: DrillRecord) -> dict[str, Any]:
    """The result as JSON values. `passed` is true only if writes flow again and no invariant is violated."""
    clocks, loss = measure.clocks(record), measure.loss(record)
    findings = invariants.check(record)
    targets = _targets(record, clocks, loss)
    flowing = clocks.total is not None
    violated = [finding for finding in findings if finding.verdict is Verdict.VIOLATED]
    passed = flowing and not violated and all(target.met for target in targets)
    return {
        "schema": SCHEMA,
        "drill": record.drill,
        "started_at": record.started_at.isoformat(timespec="seconds"),
        "fault": {"name": record.fault, "description": record.fault_description},
        "passed": passed,
        "verdict": _verdict(record, clocks, loss, violated, targets),
        "old_leader": record.old_leader,
        "new_leader": record.new_leader,
        "clocks_seconds": {name: _rounded(value) for name, value in asdict(clocks).items()},
        "aws_planning_seconds": {name: {"best": best, "plan": plan} for name, (best, plan) in AWS_BUDGET.items()},
        "loss": {
            "acknowledged": loss.acknowledged,
            "rows": loss.rows,
            "milliseconds": None if loss.seconds is None else round(loss.seconds * 1000, 1),
            "bound_milliseconds": None if loss.bound_seconds is None else round(loss.bound_seconds * 1000, 1),
            "lost": None if loss.lost is None else [_row(record, attempt) for attempt in loss.lost],
            "unknown": loss.unknown,
            "unknown_survived": loss.unknown_survived,
            "acknowledged_late_by_old_leader": [_row(record, attempt) for attempt in loss.late],
        },
        "targets": [asdict(target) for target in targets],
        "invariants": [_finding(finding) for finding in findings],
        "runs": [
            {
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
            for run in record.runs
        ],
        "signals": _signals(record),
        "acknowledged_per_bucket": _buckets(record),
        "leader_record": {"before": record.record_before, "after": record.record_after},
        "notifications": {"webhook": record.webhook_notifications, "mailbox": record.mailbox_messages},
        "settings": record.settings,
        "environment": record.environment,
    }


def _targets(record: DrillRecord, clocks: measure.Clocks, loss: measure.Loss) -> list[Target]:
    rto = float(record.settings["rto_target_minutes"]) * 60
    rpo = float(record.settings["rpo_target_seconds"])
    return [
        Target(
            "RTO",
            f"{rto:g} s",
            "unknown" if clocks.total is None else f"{clocks.total:.2f} s (lab)",
            clocks.total is not None and clocks.total <= rto,
            "no write was acknowledged after the fault." if clocks.total is None else "fault to first new write.",
        ),
        Target(
            "RPO",
            f"{rpo:g} s",
            "unknown" if loss.seconds is None else f"{loss.rows} rows, {loss.seconds * 1000:.0f} ms",
            loss.seconds is not None and loss.seconds <= rpo,
            "the survivor could not be read." if loss.seconds is None else "acknowledged writes that are missing.",
        ),
    ]


def _verdict(
    record: DrillRecord, clocks: measure.Clocks, loss: measure.Loss, violated: list[Finding], targets: list[Target]
) -> str:
    if clocks.total is None:
        return f"Failed: no write was acknowledged by {record.new_leader} after {record.fault}."
    if violated:
        return f"Failed: {len(violated)} invariant{'s' * (len(violated) > 1)} violated; first: {violated[0].evidence}"
    missed = [target.name for target in targets if not target.met]
    if missed:
        return f"Failed: {' and '.join(missed)} over the target."
    rows = "an unknown number of" if loss.rows is None else str(loss.rows)
    return (
        f"Passed: writes flowed again from {record.new_leader} {clocks.total:.1f} lab seconds after {record.fault};"
        f" {rows} acknowledged rows lost."
    )


def _signals(record: DrillRecord) -> list[dict[str, Any]]:
    """What was seen and said from just before the fault on, in seconds since it."""
    shown = []
    for entry in record.journal:
        text = _sentence(entry)
        if text and entry["monotonic"] >= record.fault_at - 1:
            shown.append({"at": round(entry["monotonic"] - record.fault_at, 3), "kind": entry["kind"], "text": text})
    return shown


def _sentence(entry: dict[str, Any]) -> str | None:
    match entry["kind"]:
        case "alarm":
            return f"alarm {entry['name']}: {entry['old']} -> {entry['new']}"
        case "health-check":
            return f"health check {entry.get('name') or entry['id']}: {entry['status']}"
        case "event":
            return (
                f"event to {entry['target'].split(':', 5)[-1]} in {entry['target'].split(':')[3]}: {entry['outcome']}"
            )
        case "database":
            return f"database {entry['instance']}: {entry['status']}"
        case "notification":
            return f"notification by {entry['protocol']}: {entry['outcome']}"
        case "lambda" if entry.get("error"):
            return f"function {entry['function']} in {entry['region']}: {entry['error']}"
        case _:
            return None


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
