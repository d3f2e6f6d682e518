"""Is every planted violation found, and is a clean history never blamed?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from drill_records import NEW, OLD, a_record, a_run, acknowledged

from lab.drill_record import DrillRecord, Span
from lab.invariants import Verdict, check


def verdicts(record: DrillRecord) -> list[Verdict]:
    return [finding.verdict for finding in check(record)]


def loss(**changes: Any) -> dict[str, Any]:
    return {**a_run().state, "prepared": {"loss": {"known": True, "bound_seconds": 3.0, **changes}}}


def test_a_clean_history_holds_all_six() -> None:
    assert verdicts(a_record()) == [Verdict.HELD] * 6


LATE = replace(acknowledged(900, 110.9, OLD, 1), started=110.5)
SHARED_EPOCH = acknowledged(901, 99.5, NEW, 1)
UNVERIFIED = tuple(span for span in a_run().spans if span.state != "VerifyWrites")
PLANTED = {
    "a late acknowledgement": (0, {"attempts": (*a_record().attempts, LATE)}),
    "two leaders in one epoch": (0, {"attempts": (*a_record().attempts, SHARED_EPOCH)}),
    "traffic before a verified write": (1, {"runs": (a_run(spans=UNVERIFIED),)}),
    "a promotion on an unknown bound": (2, {"runs": (a_run(state=loss(known=False, bound_seconds=None)),)}),
    "a promotion over the budget": (2, {"runs": (a_run(state=loss(bound_seconds=301.0)),)}),
    "a run that has not ended": (3, {"runs": (a_run(status="RUNNING"),)}),
    "a run without a durable outcome": (3, {"runs": (a_run(state={**loss(), "outcome": None}),)}),
    "a run that told nobody": (3, {"mailbox_messages": 0}),
    "a run that needed the dark Region": (4, {"runs": (a_run(status="FAILED"),)}),
    "a loss over the gate's bound": (5, {"runs": (a_run(state=loss(bound_seconds=0.001)),)}),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_violation_is_found(name: str) -> None:
    place, changes = PLANTED[name]
    finding = check(a_record(**changes))[place]
    assert finding.verdict is Verdict.VIOLATED, finding
    assert finding.evidence.endswith(".")


def test_what_was_not_observed_is_not_held() -> None:
    record = a_record(survivor_rows=None, attempts=(), runs=())
    assert Verdict.HELD not in (verdicts(record)[0], verdicts(record)[1], verdicts(record)[3], verdicts(record)[5])


def test_a_run_that_promoted_nothing_cannot_have_promoted_wrongly() -> None:
    stood_down = a_run(spans=(Span("CheckPrimaryHealth", 102.0, 103.0, None),))
    assert verdicts(a_record(runs=(stood_down,)))[2] is Verdict.HELD
