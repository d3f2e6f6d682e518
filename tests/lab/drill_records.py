"""Recorded drills made up for tests: no measurement is hidden in here."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from lab.measuring.drill_record import Attempt, DrillRecord, Run, Span

OLD, NEW = "ap-southeast-2", "us-west-2"
FAULT_AT = 100.0


def acknowledged(number: int, ended: float, region: str, epoch: int, writer: str = "w1") -> Attempt:
    return Attempt(writer, number, ended - 0.002, ended, "ok", region, epoch)


def a_run(**changes: Any) -> Run:
    spans = (
        Span("CheckPrimaryHealth", 102.0, 103.0, None),
        Span("WaitOutLease", 103.0, 106.0, None),
        Span("PromoteReplica", 106.5, 107.5, None),
        Span("VerifyWrites", 107.6, 107.8, None),
        Span("OpenSecondary", 107.9, 108.0, None),
        Span("FailedOver", 109.5, 109.6, None),
    )
    state = {
        "prepared": {"loss": {"known": True, "accepted": True, "bound_seconds": 3.0}},
        "outcome": {"key": "runs/r/outcome.json", "summary": "it moved", "result": "failed-over"},
    }
    return replace(Run("failover-e1-0badcafe", "SUCCEEDED", 102.0, 109.6, spans, state), **changes)


def a_record(**changes: Any) -> DrillRecord:
    """One hundred writes before the fault of which two are lost, one hundred after, one unknown."""
    before = [acknowledged(number, 99.0 + number / 100, OLD, 1) for number in range(1, 100)]
    after = [acknowledged(number, 109.0 + number / 100, NEW, 3) for number in range(101, 200)]
    unknown = [Attempt("w1", 100, 99.99, 100.99, "unknown", None, None)]
    kept = {(attempt.writer, attempt.number) for attempt in [*before[:-2], *after]}
    journal = (
        {"n": 1, "kind": "alarm", "monotonic": 101.5, "name": "primary", "old": "OK", "new": "ALARM", "reason": "x"},
        {"n": 2, "kind": "refused-call", "monotonic": 102.2, "region": OLD, "caller": NEW, "service": "s3"},
        {"n": 3, "kind": "health-check", "monotonic": 101.0, "id": "1", "name": "hc <b>", "status": "unhealthy"},
    )
    settings = {
        "arguments": "--fault region-dark",
        "replication_delay_ms": 50.0,
        "synchronous_mode": "off",
        "time_scale": 60.0,
        "rpo_target_seconds": 300.0,
        "rto_target_minutes": 30.0,
    }
    return replace(
        DrillRecord(
            drill="20260101T000000Z-region-dark",
            started_at=datetime(2026, 1, 1, tzinfo=UTC),
            fault="region-dark",
            fault_description="the primary Region goes dark",
            fault_at=FAULT_AT,
            old_leader=OLD,
            new_leader=NEW,
            settings=settings,
            environment={"postgresql": "18"},
            attempts=(*before, *unknown, *after),
            survivor_rows=frozenset(kept),
            runs=(a_run(),),
            journal=journal,
            record_before={"epoch": 1},
            record_after={"epoch": 3},
            webhook_notifications=1,
            mailbox_messages=1,
            permissions={
                "arn:aws:lambda:us-west-2:123456789012:function:drlab-app-notify": {
                    "used": [["sns:Publish", "topic"]],
                    "unused": [["xray:PutTraceSegments", "*"]],
                    "denied": [],
                }
            },
        ),
        **changes,
    )


def a_switchover(**changes: Any) -> DrillRecord:
    """Nothing breaks at 100; the request's run fences at 103, finds all on the replica at 103.8, and loses nothing."""
    spans = (
        Span("CheckPrimaryHealth", 101.0, 101.5, None),
        Span("FencePrimary", 102.8, 103.0, None),
        Span("WaitOutLease", 103.0, 103.0, None),
        Span("BoundDataLoss", 103.1, 103.8, None),
        Span("PromoteReplica", 104.0, 104.5, None),
        Span("VerifyWrites", 104.6, 104.8, None),
        Span("OpenSecondary", 104.9, 105.0, None),
    )
    state = {
        "mode": "planned",
        "trigger": {"kind": "manual", "alarm_arn": None},
        "prepared": {"loss": {"known": True, "accepted": True, "bound_seconds": 0.0}},
        "outcome": {"key": "runs/r/outcome.json", "summary": "it moved", "result": "failed-over"},
    }
    run = a_run(name="switchover-e1-20260101T000000Z", started=101.0, spans=spans, state=state)
    attempts = (
        *(acknowledged(number, 99.0 + number / 25, OLD, 1) for number in range(1, 106)),
        *(acknowledged(number, 103.0 + number / 50, NEW, 3) for number in range(150, 300)),
    )
    kept = frozenset((one.writer, one.number) for one in attempts)
    settings = {**a_record().settings, "arguments": "--planned", "outage_target_seconds": 5.0}
    record = a_record(
        planned=True,
        fault="switchover",
        fault_description="a person asks",
        attempts=attempts,
        survivor_rows=kept,
        runs=(run,),
        settings=settings,
    )
    return replace(record, **changes)
