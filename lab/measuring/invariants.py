"""Did the failover keep its promises? Six invariants, checked over what was recorded.

A check answers held, violated (with its evidence) or not checked (and why): the absence of evidence holds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from failover.domain.abandoned_run import ONE_WAY_STEPS
from lab.measuring import measure
from lab.measuring.drill_record import DrillRecord, Run
from lab.measuring.history import Attempt, first_acknowledged_by


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


Answer = tuple[Verdict, str]
# In these faults the old leader's Region answers nobody outside it.
UNREACHABLE = ("region-dark", "link-cut", "alarm-lost", "control-plane-lost", "replica-lost")


def check(record: DrillRecord) -> list[Finding]:
    """All six, in the design's order."""
    return [Finding(name, *function(record)) for name, function in INVARIANTS.items()]


def _one_leader(record: DrillRecord) -> Answer:
    old, new = record.old_leader, record.new_leader
    if late := measure.late_acknowledgements(record):
        return Verdict.VIOLATED, f"{old} acknowledged {_writes(late)} after {new} had opened."
    if past := measure.acknowledgements_past_the_fence(record):
        over = "its last task had stopped" if record.planned else "its last lease had been waited out"
        return Verdict.VIOLATED, f"{old} acknowledged {_writes(past)} after {over}."
    acknowledged = [one for one in record.attempts if one.outcome == "ok" and one.epoch is not None and one.region]
    leaders: dict[int, set[str]] = {}
    for one in acknowledged:
        leaders.setdefault(one.epoch or 0, set()).add(one.region or "")
    for known in (record.record_before or {}, record.record_after or {}):
        if known.get("state") == "open":
            leaders.setdefault(int(known["epoch"]), set()).add(str(known["leader"]))
    for epoch, regions in sorted(leaders.items()):
        if len(regions) > 1:
            return Verdict.VIOLATED, f"Epoch {epoch} was led by {' and '.join(sorted(regions))}."
    if stale := _acknowledged_in_the_past(acknowledged):
        return (
            Verdict.VIOLATED,
            f"{stale.region} acknowledged {_writes((stale,))} when a newer epoch's leader had begun.",
        )
    if not acknowledged:
        return Verdict.NOT_CHECKED, "No write was acknowledged at all."
    return (
        Verdict.HELD,
        f"{len(acknowledged)} acknowledged writes, each epoch's by one Region, and none out of its time.",
    )


def _verified_before_traffic(record: DrillRecord) -> Answer:
    first = first_acknowledged_by(record.attempts, record.new_leader, record.fault_at)
    if first is None:
        return Verdict.NOT_CHECKED, f"{record.new_leader} acknowledged no write."
    run = measure.main_run(record)
    verified = run.exited("VerifyWrites") if run else None
    if run is None or verified is None or verified > first:
        return Verdict.VIOLATED, f"{record.new_leader} acknowledged a write before one was read back there."
    told = run.state.get("verified")
    if isinstance(told, dict) and (told.get("read_back") is not True or told.get("region") != record.new_leader):
        return Verdict.VIOLATED, f"The write that was read back was not read back in {record.new_leader}."
    return Verdict.HELD, f"A write was read back {first - verified:.2f} s before the first was acknowledged."


def _bounded_promotion(record: DrillRecord) -> Answer:
    promoted = [run for run in record.runs if run.entered(*ONE_WAY_STEPS) is not None]
    if not promoted:
        if first_acknowledged_by(record.attempts, record.new_leader, record.fault_at) is not None:
            return Verdict.VIOLATED, f"{record.new_leader} acknowledged writes though no run passed the gate."
        return Verdict.HELD, "Nothing was promoted."
    # A switchover may lose nothing, whatever a failover may.
    target = 0.0 if record.planned else record.settings.get("rpo_target_seconds")
    answers = [_gate(run, target) for run in promoted]
    return _worst(answers)


def _gate(run: Run, target: float | None) -> Answer:
    loss, decided = measure.gate_of(run), run.exited(measure.GATE)
    if not run.state:
        return Verdict.NOT_CHECKED, f"{run.name} promoted and left no output that tells what its gate saw."
    if target is None:
        return Verdict.NOT_CHECKED, "The RPO target is not known."
    bound = loss.get("bound_seconds")
    if loss.get("known") is not True or not isinstance(bound, int | float):
        return Verdict.VIOLATED, f"{run.name} promoted although the loss bound was not known."
    if target > 0 and run.state.get("approval", {}).get("accepted") is True:
        return Verdict.HELD, f"A person accepted the bound of {bound:.2f} s before {run.name} promoted."
    if bound > target:
        return Verdict.VIOLATED, f"{run.name} promoted with a bound of {bound:.2f} s over the target of {target:g} s."
    if loss.get("accepted") is False:
        return Verdict.VIOLATED, f"{run.name} promoted although its gate refused."
    if decided is not None and decided > (run.entered(*ONE_WAY_STEPS) or decided):
        return Verdict.VIOLATED, f"{run.name} promoted before its gate had decided."
    return Verdict.HELD, f"The gate saw a bound of {bound:.2f} s, within the target of {target:g} s."


def _ended_and_told(record: DrillRecord) -> Answer:
    runs = record.runs
    if not runs:
        return Verdict.NOT_CHECKED, "No run was started."
    if running := [run.name for run in runs if run.status == "RUNNING"]:
        return Verdict.VIOLATED, f"{', '.join(running)} has not ended."
    if unrecorded := [run.name for run in runs if not _recorded(run)]:
        return Verdict.VIOLATED, f"{', '.join(unrecorded)} left no durable outcome."
    if min(record.webhook_notifications, record.mailbox_messages) < len(runs):
        return (
            Verdict.VIOLATED,
            f"{record.webhook_notifications} webhook and {record.mailbox_messages} mail notifications arrived"
            f" of {len(runs)} that were due.",
        )
    before, after = (record.record_before or {}).get("leader"), (record.record_after or {}).get("leader")
    if before and after and before != after and all(run.entered(measure.OPENS) is None for run in runs):
        return Verdict.VIOLATED, f"No run opened a Region, yet the leader changed from {before} to {after}."
    ended = "The run" if len(runs) == 1 else f"Each of {len(runs)} runs"
    return Verdict.HELD, f"{ended} ended, recorded its outcome and told people by webhook and mail."


def _without_the_failed_region(record: DrillRecord) -> Answer:
    old = record.old_leader
    if record.planned:
        return Verdict.NOT_CHECKED, "No Region failed."
    if record.fault not in UNREACHABLE:
        return Verdict.NOT_CHECKED, f"{old} kept answering in this fault."
    run = measure.main_run(record)
    if run is None:
        return Verdict.VIOLATED, f"No run was started while {old} was unreachable."
    if run.status != "SUCCEEDED":
        return Verdict.VIOLATED, f"The run did not succeed while {old} was unreachable: it ended as {run.status}."
    if run.entered("StandDown") is not None:
        return Verdict.NOT_CHECKED, "The run stood down, so the failover path was not walked to its end."
    calls = sum(one["kind"] == "refused-call" and one["region"] == old for one in record.journal)
    return Verdict.HELD, f"The run succeeded although {calls} calls to {old} got no answer."


def _honest_loss(record: DrillRecord) -> Answer:
    found = measure.loss(record)
    if found.lost is None or found.seconds is None:
        return Verdict.NOT_CHECKED, f"The rows of {record.new_leader}'s database could not be read."
    if found.lost_by_new_leader:
        return (
            Verdict.VIOLATED,
            f"{record.new_leader} lacks {_writes(found.lost_by_new_leader)} that it acknowledged itself.",
        )
    if found.refused_survived:
        return Verdict.VIOLATED, f"{found.refused_survived} writes that were refused as not written are there."
    if not found.promoted:
        return Verdict.NOT_CHECKED, "Nothing was promoted, so nothing was given up."
    if found.bound_seconds is None:
        return Verdict.NOT_CHECKED, "What loss bound the gate saw is not known."
    missing, bound = (
        f"{found.rows} row{'s' * (found.rows != 1)} ({found.seconds * 1000:.0f} ms)",
        f"{found.bound_seconds:.3f} s",
    )
    # The last write alone may be missing, and then for no time at all: a bound of zero allows no row.
    if found.seconds > found.bound_seconds or (found.bound_seconds == 0 and found.rows):
        return Verdict.VIOLATED, f"{missing} missing, over the bound of {bound} that the gate saw."
    return Verdict.HELD, f"{missing} missing, within the bound of {bound} that the gate saw."


def _acknowledged_in_the_past(acknowledged: Iterable[Attempt]) -> Attempt | None:
    """A write that a Region acknowledged in an epoch that was over: another Region's newer epoch had acknowledged one.

    Only what was tried after that answer counts: an answer may be under way while leadership changes.
    """
    acknowledged = list(acknowledged)
    first_of: dict[tuple[int, str], float] = {}
    for one in acknowledged:
        name = (one.epoch or 0, one.region or "")
        first_of[name] = min(one.ended, first_of.get(name, one.ended))
    for one in acknowledged:
        for (epoch, region), began in first_of.items():
            if epoch > (one.epoch or 0) and region != one.region and began < one.started:
                return one
    return None


def _recorded(run: Run) -> bool:
    """A run that ends as a failure has no output: that its outcome was recorded is then told by the state's end."""
    outcome: dict[str, Any] = run.state.get("outcome") or {}
    return bool(outcome.get("key")) if run.state else run.exited("RecordOutcome") is not None


def _worst(answers: list[Answer]) -> Answer:
    order = (Verdict.VIOLATED, Verdict.NOT_CHECKED, Verdict.HELD)
    return min(answers, key=lambda answer: order.index(answer[0]))


def _writes(attempts: tuple[Attempt, ...]) -> str:
    """How many, and where to start looking."""
    first = min(attempts, key=lambda one: one.ended)
    name = f"{first.writer}/{first.number}"
    return f"the write {name}" if len(attempts) == 1 else f"{len(attempts)} writes, first {name},"


INVARIANTS: dict[str, Callable[[DrillRecord], Answer]] = {
    "No write is acknowledged by the old leader after the new one opens, and no epoch has two leaders": _one_leader,
    "No traffic reaches a Region before a write there was committed and read back": _verified_before_traffic,
    "No promotion on an unknown or over-budget loss bound": _bounded_promotion,
    "Every run ends, with a durable record and a notification": _ended_and_told,
    "Nothing on the failover path needs the failed Region to answer": _without_the_failed_region,
    "The reported loss is the rows that are really missing, and within the bound": _honest_loss,
}
