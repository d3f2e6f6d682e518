"""Did the failover keep its promises? Six invariants, checked over what was recorded.

A check answers held, violated (with its evidence) or not checked (and why): the absence of evidence holds nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from lab import measure
from lab.drill_record import DrillRecord


class Verdict(StrEnum):
    """Not checked is no pass: a drill with an unchecked invariant has not proven it."""

    HELD = "held"
    VIOLATED = "violated"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class Finding:
    """One invariant's verdict, with one sentence of evidence."""

    invariant: str
    verdict: Verdict
    evidence: str


def check(record: DrillRecord) -> list[Finding]:
    """All six, in the design's order."""
    return [Finding(name, *function(record)) for name, function in INVARIANTS.items()]


Answer = tuple[Verdict, str]


def _one_leader(record: DrillRecord) -> Answer:
    late = measure.late_acknowledgements(record)
    if late:
        first = late[0]
        return (
            Verdict.VIOLATED,
            f"{len(late)} writes acknowledged by {record.old_leader} after {record.new_leader} had opened,"
            f" the first {first.writer}/{first.number}.",
        )
    leaders: dict[int, set[str]] = {}
    for attempt in record.attempts:
        if attempt.outcome == "ok" and attempt.epoch is not None and attempt.region:
            leaders.setdefault(attempt.epoch, set()).add(attempt.region)
    double = {epoch: regions for epoch, regions in leaders.items() if len(regions) > 1}
    if double:
        epoch, regions = next(iter(double.items()))
        return Verdict.VIOLATED, f"epoch {epoch} was led by {' and '.join(sorted(regions))}."
    if not leaders:
        return Verdict.NOT_CHECKED, "no write was acknowledged at all."
    return Verdict.HELD, f"no epoch had two leaders, over {sum(a.outcome == 'ok' for a in record.attempts)} writes."


def _verified_before_traffic(record: DrillRecord) -> Answer:
    run = measure.main_run(record)
    verified = run.exited("VerifyWrites") if run else None
    first = measure.first_acknowledged_by(record.attempts, record.new_leader, record.fault_at)
    if first is None:
        return Verdict.NOT_CHECKED, f"{record.new_leader} acknowledged no write."
    if verified is None or verified > first:
        return Verdict.VIOLATED, f"{record.new_leader} acknowledged a write before one was read back there."
    return Verdict.HELD, f"read back {first - verified:.2f} s before the first acknowledged write."


def _bounded_promotion(record: DrillRecord) -> Answer:
    run = measure.main_run(record)
    if run is None or run.entered(measure.ONE_WAY_STEP) is None:
        return Verdict.HELD, "nothing was promoted."
    loss = (run.state.get("prepared") or {}).get("loss") or {}
    bound, target = loss.get("bound_seconds"), record.settings.get("rpo_target_seconds")
    if not loss.get("known") or bound is None or target is None:
        return Verdict.VIOLATED, "promoted although the loss bound was not known."
    if bound > target:
        return Verdict.VIOLATED, f"promoted with a loss bound of {bound:.2f} s over the target of {target:g} s."
    return Verdict.HELD, f"the gate saw a bound of {bound:.2f} s, within the target of {target:g} s."


def _ended_and_told(record: DrillRecord) -> Answer:
    running = [run.name for run in record.runs if run.status == "RUNNING"]
    if running:
        return Verdict.VIOLATED, f"{', '.join(running)} has not ended."
    if not record.runs:
        return Verdict.NOT_CHECKED, "no run was started."
    unrecorded = [run.name for run in record.runs if not (run.state.get("outcome") or {}).get("key")]
    if unrecorded:
        return Verdict.VIOLATED, f"{', '.join(unrecorded)} left no durable outcome."
    if not record.webhook_notifications or not record.mailbox_messages:
        return (
            Verdict.VIOLATED,
            f"{record.webhook_notifications} webhook and {record.mailbox_messages} mail notifications arrived.",
        )
    return Verdict.HELD, f"{len(record.runs)} run ended, recorded its outcome and told people by webhook and mail."


def _without_the_failed_region(record: DrillRecord) -> Answer:
    refused = [entry for entry in record.journal if entry["kind"] == "refused-call"]
    failed = [entry for entry in refused if entry["region"] == record.old_leader]
    run = measure.main_run(record)
    if record.fault not in ("region-dark", "link-cut"):
        return Verdict.NOT_CHECKED, "the old leader's Region kept answering in this fault."
    if run is None or run.status != "SUCCEEDED":
        return Verdict.VIOLATED, "the run did not succeed while the old leader's Region was unreachable."
    return Verdict.HELD, f"the run succeeded although {len(failed)} calls to {record.old_leader} got no answer."


def _honest_loss(record: DrillRecord) -> Answer:
    found = measure.loss(record)
    if found.lost is None or found.seconds is None:
        return Verdict.NOT_CHECKED, "the survivor's rows could not be read."
    if found.bound_seconds is None:
        return Verdict.NOT_CHECKED, "the gate saw no loss bound."
    if found.seconds > found.bound_seconds:
        return (
            Verdict.VIOLATED,
            f"{found.seconds:.3f} s of acknowledged writes lost, over the gate's bound of {found.bound_seconds:.3f} s.",
        )
    return Verdict.HELD, f"{found.rows} rows ({found.seconds * 1000:.0f} ms) lost, within the bound that the gate saw."


INVARIANTS: dict[str, Callable[[DrillRecord], Answer]] = {
    "No write is acknowledged by the old leader after the new one opens, and no epoch has two leaders": _one_leader,
    "No traffic reaches a Region before a write there was committed and read back": _verified_before_traffic,
    "No promotion on an unknown or over-budget loss bound": _bounded_promotion,
    "Every run ends, with a durable record and a notification": _ended_and_told,
    "Nothing on the failover path needs the failed Region to answer": _without_the_failed_region,
    "The reported loss is the rows that are really missing, and within the bound": _honest_loss,
}
