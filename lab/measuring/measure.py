"""What did the failover cost: how long, and which acknowledged writes? Computed from what was recorded alone.

All instants are one machine's monotonic clock. None means that there is no evidence for a figure: unknown, never zero.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from failover.domain.abandoned_run import ONE_WAY_STEPS
from lab.measuring.drill_record import DrillRecord, Run
from lab.measuring.history import Attempt, first_acknowledged_by, outage

OPENS = "OpenSecondary"
FENCES = "FencePrimary"
LEASE_WAIT = "WaitOutLease"
GATE = "BoundDataLoss"


@dataclass(frozen=True)
class Clocks:
    """Seconds. `total` is the RTO that clients saw: from the fault to the first write that the new leader acknowledged.

    In a switchover all is counted from the request; `outage` alone is what clients saw of it.

    detect: fault to the execution's start; `alarm` is its part until the alarm that started it, `event` the rest.
    decide: the execution's start to the one-way step, of which `fence_wait` is the lease running out; in a switchover the
    old leader's tasks confirming, until the replica shows it. execute: the one-way step to the record open for the new
    leader, of which `promotion` is the database's own. traffic: record open to that first write. `control_plane` is the
    control plane's own share: from the alarm, in a switchover from the execution's start, to the open record, less the
    fence wait and the promotion. `outage` is the longest time without an acknowledged write that ended after the fault;
    it is unknown when the writes never came back, and then it is longer than `outage_at_least`.
    """

    alarm: float | None
    event: float | None
    detect: float | None
    decide: float | None
    fence_wait: float | None
    execute: float | None
    promotion: float | None
    traffic: float | None
    total: float | None
    outage: float | None
    outage_at_least: float | None
    control_plane: float | None


@dataclass(frozen=True)
class Loss:
    """`lost` are acknowledged writes that `new_leader`'s database lacks; None: it was not read.

    `promoted`: a run began to promote. Without that nothing is lost for good: the rows are only not there yet.
    `seconds` is the length of history that is missing: from the acknowledgement of the first lost write to the last one
    that the same Region gave. It is 0 when nothing is lost, and also when only the very last write is.
    `late` are writes that the old leader acknowledged though they were tried after the new one had opened, and
    `past_fence` though they were tried after the fence had been waited out; both must be empty.
    `refused_survived` are writes that were refused as not written, and are there. `bound_seconds` is what the gate saw.
    """

    promoted: bool
    acknowledged: int
    lost: tuple[Attempt, ...] | None
    lost_by_new_leader: tuple[Attempt, ...] | None
    seconds: float | None
    unknown: int
    unknown_survived: int | None
    refused: int
    refused_survived: int | None
    late: tuple[Attempt, ...]
    past_fence: tuple[Attempt, ...]
    bound_seconds: float | None

    @property
    def rows(self) -> int | None:
        return None if self.lost is None else len(self.lost)


def main_run(record: DrillRecord) -> Run | None:
    """The execution that these figures are about: of those since the fault the one that came furthest.

    That is the first that opened the new leader, else the first that began to promote, else the first. One that
    started before the fault cannot have been started by it.
    """
    since = sorted((run for run in record.runs if run.started >= record.fault_at), key=lambda run: run.started)
    opened = [run for run in since if run.exited(OPENS) is not None]
    promoting = [run for run in since if run.entered(*ONE_WAY_STEPS) is not None]
    return next(iter(opened or promoting or since), None)


def clocks(record: DrillRecord) -> Clocks:
    """The drill's durations."""
    run = main_run(record)
    first_write = first_acknowledged_by(record.attempts, record.new_leader, record.fault_at)
    # A run whose alarm went off before the fault says nothing of how long the fault took to be detected.
    detecting = run if run and started_by_the_fault(record, run) else None
    alarm_at = _alarm_at(record, detecting) if detecting or not run else None
    started = run.started if run else None
    promoting = run.entered(*ONE_WAY_STEPS) if run else None
    promoted = run.exited(*ONE_WAY_STEPS) if run else None
    opened = opened_at(record)
    fence_wait = _fence_wait(record, run) if run else None
    promotion = _less(promoted, promoting)
    begun = started if record.planned else alarm_at
    own = None
    if opened is not None and begun is not None and fence_wait is not None and promotion is not None:
        own = opened - begun - fence_wait - promotion
    gap, at_least = outage(record.attempts, record.fault_at)
    return Clocks(
        alarm=_less(alarm_at, record.fault_at),
        event=_less(started, alarm_at),
        detect=_less(started, record.fault_at) if detecting else None,
        decide=_less(promoting, started),
        fence_wait=fence_wait,
        execute=_less(opened, promoting),
        promotion=promotion,
        traffic=_less(first_write, opened),
        total=_less(first_write, record.fault_at),
        outage=gap,
        outage_at_least=at_least,
        control_plane=own,
    )


def _fence_wait(record: DrillRecord, run: Run) -> float | None:
    if record.planned:
        return _less(run.exited(GATE), run.exited(FENCES))
    return _less(run.exited(LEASE_WAIT), run.entered(LEASE_WAIT))


def opened_at(record: DrillRecord) -> float | None:
    """When the record was open for the new leader, at the latest; None: it was not, or nobody saw it.

    The state that opens it ends a moment after the record changed. A write that was acknowledged in that moment proves
    that it had.
    """
    run = main_run(record)
    if run is None or (left := run.exited(OPENS)) is None:
        return None
    first = first_acknowledged_by(record.attempts, record.new_leader, record.fault_at)
    return left if first is None or first < (run.entered(OPENS) or left) else min(left, first)


def serving_at_the_end(record: DrillRecord) -> str | None:
    """The Region that acknowledged the last write, if that was after the fault and writes were still flowing."""
    gap, _ = outage(record.attempts, record.fault_at)
    last = max((one for one in record.attempts if one.outcome == "ok"), key=lambda one: one.ended, default=None)
    return None if gap is None or last is None else last.region


def loss(record: DrillRecord) -> Loss:
    """What was lost, by comparing each write with the rows of the new leader's database."""
    by_outcome: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in record.attempts:
        by_outcome[attempt.outcome].append(attempt)
    acknowledged, survivor = by_outcome["ok"], record.survivor_rows
    lost = None if survivor is None else tuple(one for one in acknowledged if one.key not in survivor)
    own = None if lost is None else tuple(one for one in lost if one.region == record.new_leader)
    return Loss(
        promoted=any(run.entered(*ONE_WAY_STEPS) is not None for run in record.runs),
        acknowledged=len(acknowledged),
        lost=lost,
        lost_by_new_leader=own,
        seconds=None if lost is None else _missing_seconds(lost, acknowledged),
        unknown=len(by_outcome["unknown"]),
        unknown_survived=_survived(by_outcome["unknown"], survivor),
        refused=len(by_outcome["fail"]),
        refused_survived=_survived(by_outcome["fail"], survivor),
        late=late_acknowledgements(record),
        past_fence=acknowledgements_past_the_fence(record),
        bound_seconds=bound_seconds(record),
    )


def late_acknowledgements(record: DrillRecord) -> tuple[Attempt, ...]:
    """Writes acknowledged by the old leader that were tried after the new one had opened.

    A write that was tried before is no evidence: its answer may have been under way while leadership changed.
    """
    opened = opened_at(record)
    if opened is None:
        opened = first_acknowledged_by(record.attempts, record.new_leader, record.fault_at)
    return () if opened is None else _acknowledged_by_old_leader(record, opened)


def acknowledgements_past_the_fence(record: DrillRecord) -> tuple[Attempt, ...]:
    """Writes acknowledged by the old leader that were tried after its last lease had been waited out.

    In a switchover: after the gate found that every task of it had stopped. Only of a run that went on to promote: one
    that stood down gave the old leader its writes back.
    """
    run = main_run(record)
    over = GATE if record.planned else LEASE_WAIT
    if run is None or run.entered(*ONE_WAY_STEPS) is None or (waited := run.exited(over)) is None:
        return ()
    return _acknowledged_by_old_leader(record, waited)


def bound_seconds(record: DrillRecord) -> float | None:
    """The loss bound that the gate saw, or of the older backup that had to do; None if it saw none or did not know."""
    run = main_run(record)
    restored: dict[str, Any] = (run.state.get("restored") or {}) if run else {}
    bound = restored.get("bound_seconds", gate_of(run).get("bound_seconds")) if run else None
    return float(bound) if isinstance(bound, int | float) else None


def gate_of(run: Run) -> dict[str, Any]:
    """What BoundDataLoss answered in a run; empty when it did not, or when the run has no output."""
    prepared: dict[str, Any] = run.state.get("prepared") or {}
    return prepared.get("loss") or {}


def _acknowledged_by_old_leader(record: DrillRecord, after: float) -> tuple[Attempt, ...]:
    return tuple(
        attempt
        for attempt in record.attempts
        if attempt.outcome == "ok" and attempt.region == record.old_leader and attempt.started > after
    )


def _missing_seconds(lost: Iterable[Attempt], acknowledged: Iterable[Attempt]) -> float:
    """The longest of the Regions' missing ends of history. A Region's loss is measured against its own last write."""
    last: dict[str | None, float] = {}
    for attempt in acknowledged:
        last[attempt.region] = max(attempt.ended, last.get(attempt.region, attempt.ended))
    return max((last[attempt.region] - attempt.ended for attempt in lost), default=0.0)


def _survived(attempts: Iterable[Attempt], survivor: frozenset[tuple[str, int]] | None) -> int | None:
    return None if survivor is None else sum(attempt.key in survivor for attempt in attempts)


def started_by_the_fault(record: DrillRecord, run: Run) -> bool:
    """Whether the alarm that started a run went off after the fault. A run that nobody's alarm started is taken for it."""
    alarm_at = _alarm_at(record, run)
    return run.started >= record.fault_at and (alarm_at is None or alarm_at >= record.fault_at)


def _alarm_at(record: DrillRecord, run: Run | None) -> float | None:
    """When the alarm that started the run went off: its last change to ALARM before it. Without a run, the first."""
    if record.planned:
        return None
    trigger = (run.state.get("trigger") or {}) if run else {}
    name = str(trigger.get("alarm_arn") or "").rpartition(":alarm:")[2]
    changes = [
        float(entry["monotonic"])
        for entry in record.journal
        if entry["kind"] == "alarm" and entry["new"] == "ALARM" and (not name or entry["name"] == name)
    ]
    if run is None:
        return min((at for at in changes if at >= record.fault_at), default=None)
    return max((at for at in changes if at <= run.started), default=None)


def _less(later: float | None, earlier: float | None) -> float | None:
    return None if later is None or earlier is None else later - earlier
