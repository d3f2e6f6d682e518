"""What did the failover cost: how long, and which acknowledged writes? Computed from what was recorded alone.

All instants are one machine's monotonic clock. None means that there is no evidence for a figure: unknown, never zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from lab.drill_record import Attempt, DrillRecord, Run

ONE_WAY_STEP = "PromoteReplica"


@dataclass(frozen=True)
class Clocks:
    """Seconds. `total` is the RTO that clients saw: from the fault to the first write that the new leader acknowledged.

    detect: fault to the execution's start. decide: its start to the one-way step, of which `fence_wait` is the
    lease running out. execute: the one-way step to the record open for the new leader, of which `promotion` is the
    database's own. traffic: record open to that first write. `control_plane` is the control plane's own share: from the
    alarm's event to the open record, less the fence wait and the promotion.
    """

    alarm: float | None
    detect: float | None
    decide: float | None
    fence_wait: float | None
    execute: float | None
    promotion: float | None
    traffic: float | None
    total: float | None
    outage: float | None
    control_plane: float | None


@dataclass(frozen=True)
class Loss:
    """`lost` are the writes that the old leader acknowledged and the survivor lacks; None: the survivor was not read.

    `seconds` runs from the first lost write's acknowledgement to the last that the old leader gave. `late` are writes
    that the old leader acknowledged after the new one had opened. `bound_seconds` is what the gate let pass.
    """

    acknowledged: int
    lost: tuple[Attempt, ...] | None
    seconds: float | None
    unknown: int
    unknown_survived: int | None
    late: tuple[Attempt, ...]
    bound_seconds: float | None

    @property
    def rows(self) -> int | None:
        return None if self.lost is None else len(self.lost)


def main_run(record: DrillRecord) -> Run | None:
    """The execution that made the new leader: the first one after the fault."""
    return next((run for run in sorted(record.runs, key=lambda run: run.started)), None)


def clocks(record: DrillRecord) -> Clocks:
    """The drill's durations."""
    run = main_run(record)
    first_write = first_acknowledged_by(record.attempts, record.new_leader, record.fault_at)
    alarm_at = _alarm_at(record)
    promoting = run.entered(ONE_WAY_STEP) if run else None
    promoted = run.exited(ONE_WAY_STEP) if run else None
    opened = run.exited("OpenSecondary") if run else None
    fence_wait = _less(run.exited("WaitOutLease"), run.entered("WaitOutLease")) if run else None
    promotion = _less(promoted, promoting)
    event_to_open = _less(opened, alarm_at)
    own = None
    if event_to_open is not None and fence_wait is not None and promotion is not None:
        own = event_to_open - fence_wait - promotion
    return Clocks(
        alarm=_less(alarm_at, record.fault_at),
        detect=_less(run.started, record.fault_at) if run else None,
        decide=_less(promoting, run.started) if run else None,
        fence_wait=fence_wait,
        execute=_less(opened, promoting),
        promotion=promotion,
        traffic=_less(first_write, opened),
        total=_less(first_write, record.fault_at),
        outage=outage(record.attempts, record.fault_at),
        control_plane=own,
    )


def loss(record: DrillRecord) -> Loss:
    """What was lost, by comparing each acknowledged write with the survivor's rows."""
    acknowledged = [attempt for attempt in record.attempts if attempt.outcome == "ok"]
    unknown = [attempt for attempt in record.attempts if attempt.outcome == "unknown"]
    survivor = record.survivor_rows
    lost = None
    if survivor is not None:
        lost = tuple(attempt for attempt in acknowledged if (attempt.writer, attempt.number) not in survivor)
    return Loss(
        acknowledged=len(acknowledged),
        lost=lost,
        seconds=_lost_seconds(lost, acknowledged, record.old_leader),
        unknown=len(unknown),
        unknown_survived=None
        if survivor is None
        else sum((attempt.writer, attempt.number) in survivor for attempt in unknown),
        late=late_acknowledgements(record),
        bound_seconds=bound_seconds(record),
    )


def late_acknowledgements(record: DrillRecord) -> tuple[Attempt, ...]:
    """Writes acknowledged by the old leader that were tried after the new leader had acknowledged its first.

    A write that was tried before is no evidence: its answer may have been under way while leadership changed.
    """
    first = first_acknowledged_by(record.attempts, record.new_leader, record.fault_at)
    if first is None:
        return ()
    return tuple(
        attempt
        for attempt in record.attempts
        if attempt.outcome == "ok" and attempt.region == record.old_leader and attempt.started > first
    )


def bound_seconds(record: DrillRecord) -> float | None:
    """The loss bound that the gate saw, None if it saw none or did not know."""
    run = main_run(record)
    prepared = (run.state.get("prepared") or {}) if run else {}
    bound = (prepared.get("loss") or {}).get("bound_seconds")
    return float(bound) if isinstance(bound, int | float) else None


def first_acknowledged_by(attempts: Sequence[Attempt], region: str, after: float) -> float | None:
    """When a Region acknowledged its first write after an instant."""
    moments = (
        attempt.ended
        for attempt in attempts
        if attempt.outcome == "ok" and attempt.region == region and attempt.ended > after
    )
    return min(moments, default=None)


def outage(attempts: Sequence[Attempt], fault_at: float) -> float | None:
    """The longest gap between two acknowledged writes that ends after the fault; None if no write followed it."""
    moments = sorted(attempt.ended for attempt in attempts if attempt.outcome == "ok")
    gaps = [later - earlier for earlier, later in pairwise(moments) if later > fault_at]
    return max(gaps, default=None)


def _lost_seconds(lost: tuple[Attempt, ...] | None, acknowledged: Sequence[Attempt], old_leader: str) -> float | None:
    if lost is None:
        return None
    if not lost:
        return 0.0
    last = max(attempt.ended for attempt in acknowledged if attempt.region == old_leader)
    return last - min(attempt.ended for attempt in lost)


def _alarm_at(record: DrillRecord) -> float | None:
    return next(
        (
            entry["monotonic"]
            for entry in record.journal
            if entry["kind"] == "alarm" and entry["new"] == "ALARM" and entry["monotonic"] >= record.fault_at
        ),
        None,
    )


def _less(later: float | None, earlier: float | None) -> float | None:
    return None if later is None or earlier is None else later - earlier
