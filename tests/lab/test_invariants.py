"""Is every planted violation found, and is a clean history never blamed?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from drill_records import NEW, OLD, a_record, a_run, acknowledged
from hypothesis import given
from hypothesis import strategies as st

from lab.measuring.drill_record import Attempt, DrillRecord, Span
from lab.measuring.invariants import Verdict, check


def verdicts(record: DrillRecord) -> list[Verdict]:
    return [finding.verdict for finding in check(record)]


def loss(**changes: Any) -> dict[str, Any]:
    return {**a_run().state, "prepared": {"loss": {"known": True, "bound_seconds": 3.0, **changes}}}


def test_a_clean_history_holds_all_six() -> None:
    assert verdicts(a_record()) == [Verdict.HELD] * 6


LATE = replace(acknowledged(900, 110.9, OLD, 1), started=110.5)
LEAKED = replace(acknowledged(902, 106.4, OLD, 1), started=106.2)
SHARED_EPOCH = acknowledged(901, 99.5, NEW, 1)
UNVERIFIED = tuple(span for span in a_run().spans if span.state != "VerifyWrites")
UNDECIDED = (*a_run().spans, Span("BoundDataLoss", 106.0, 107.0, None))
LATE_CHECK = (*UNVERIFIED, Span("VerifyWrites", 110.5, 110.9, None))
NOTHING_OPENED = tuple(span for span in a_run().spans if span.state != "OpenSecondary")
CHANGED_ALONE = {
    "runs": (a_run(spans=NOTHING_OPENED),),
    "record_before": {"epoch": 1, "leader": OLD, "state": "open"},
    "record_after": {"epoch": 3, "leader": NEW, "state": "open"},
}
PLANTED = {
    "an acknowledgement past the fence": (0, {"attempts": (*a_record().attempts, LEAKED)}),
    "a late acknowledgement": (0, {"attempts": (*a_record().attempts, LATE)}),
    "two leaders in one epoch": (0, {"attempts": (*a_record().attempts, SHARED_EPOCH)}),
    "traffic before a verified write": (1, {"runs": (a_run(spans=UNVERIFIED),)}),
    "a verification that came after traffic": (1, {"runs": (a_run(spans=LATE_CHECK),)}),
    "a write read back elsewhere": (
        1,
        {"runs": (a_run(state={**loss(), "verified": {"read_back": True, "region": OLD}}),)},
    ),
    "a promotion on an unknown bound": (2, {"runs": (a_run(state=loss(known=False, bound_seconds=None)),)}),
    "a promotion before the gate decided": (2, {"runs": (a_run(spans=UNDECIDED),)}),
    "a promotion that the gate refused": (2, {"runs": (a_run(state=loss(accepted=False)),)}),
    "a new leader without a promotion": (2, {"runs": ()}),
    "a promotion over the budget": (2, {"runs": (a_run(state=loss(bound_seconds=301.0)),)}),
    "a run that has not ended": (3, {"runs": (a_run(status="RUNNING"),)}),
    "a run without a durable outcome": (3, {"runs": (a_run(state={**loss(), "outcome": None}),)}),
    "a run that told nobody": (3, {"mailbox_messages": 0}),
    "a second run that told nobody": (3, {"runs": (a_run(), a_run(name="second"))}),
    "a leader that changed without a run": (3, CHANGED_ALONE),
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


STOOD_DOWN = a_run(spans=(Span("CheckPrimaryHealth", 102.0, 103.0, None), Span("StandDown", 103.0, 104.0, None)))
BEFORE_ONLY = tuple(attempt for attempt in a_record().attempts if attempt.region != NEW)


def test_a_run_that_promoted_nothing_cannot_have_promoted_wrongly() -> None:
    found = verdicts(a_record(runs=(STOOD_DOWN,), attempts=BEFORE_ONLY))
    assert found[2] is Verdict.HELD
    assert Verdict.VIOLATED not in found


def test_a_run_that_stood_down_has_not_walked_the_failover_path() -> None:
    """It ends as SUCCEEDED, too: that is no proof that nothing of the dark Region was needed."""
    assert verdicts(a_record(runs=(STOOD_DOWN,), attempts=BEFORE_ONLY))[4] is Verdict.NOT_CHECKED


def test_a_held_run_has_no_output_and_is_judged_by_its_states() -> None:
    """Step Functions keeps no output of an execution that failed: that is not the absence of a durable outcome."""
    spans = (*a_run().spans, Span("RecordOutcome", 109.0, 109.3, None))
    held = a_run(status="FAILED", state={}, spans=spans)
    found = verdicts(a_record(runs=(held,)))
    assert found[2] is Verdict.NOT_CHECKED
    assert found[3] is Verdict.HELD


@dataclass(frozen=True)
class Story:
    """A drill that kept every promise, but for what a test plants in it."""

    record: DrillRecord
    opened: float


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Writes until the fault, a silence, writes by the new leader. Lost are at most the last of the old leader's."""
    old = [acknowledged(number, 99.0 + number / 100, OLD, 1) for number in range(1, draw(st.integers(2, 90)))]
    opened = draw(st.floats(108.0, 140.0))
    new = [
        acknowledged(1000 + number, opened + 0.1 + number / 50, NEW, 3) for number in range(draw(st.integers(1, 60)))
    ]
    others = [
        Attempt("w2", number, 99.5, 100.5 + number, outcome, None, None)
        for number, outcome in enumerate(draw(st.lists(st.sampled_from(["fail", "unknown"]), max_size=10)))
    ]
    kept = old[: len(old) - draw(st.integers(0, len(old)))]
    luck = [one for one in others if one.outcome == "unknown" and draw(st.booleans())]
    spans = tuple(
        replace(span, entered=opened - 0.2, exited=opened) if span.state == "OpenSecondary" else span
        for span in a_run().spans
    )
    record = a_record(
        attempts=tuple(draw(st.permutations([*old, *new, *others]))),
        survivor_rows=frozenset(one.key for one in [*kept, *luck, *new]),
        runs=(a_run(spans=spans),),
    )
    return Story(record, opened)


@given(stories())
def test_a_clean_history_is_never_blamed(story: Story) -> None:
    assert verdicts(story.record) == [Verdict.HELD] * 6


@given(stories(), st.floats(0.001, 50), st.floats(0.001, 2), st.sampled_from([1, 2, None]))
def test_an_old_leader_that_acknowledges_after_the_new_one_opened_is_always_found(
    story: Story, after: float, takes: float, epoch: int | None
) -> None:
    started = story.opened + after
    late = Attempt("w3", 1, started, started + takes, "ok", OLD, epoch)
    record = replace(story.record, attempts=(*story.record.attempts, late))
    assert verdicts(record)[0] is Verdict.VIOLATED


@given(stories(), st.data())
def test_a_row_that_the_new_leader_acknowledged_and_lost_is_always_found(story: Story, data: st.DataObject) -> None:
    own = [one for one in story.record.attempts if one.outcome == "ok" and one.region == NEW]
    gone = data.draw(st.sampled_from(own))
    assert story.record.survivor_rows is not None
    record = replace(story.record, survivor_rows=story.record.survivor_rows - {gone.key})
    assert verdicts(record)[5] is Verdict.VIOLATED


@given(stories(), st.floats(3.01, 20))
def test_a_loss_over_the_gates_bound_is_always_found(story: Story, older: float) -> None:
    """The gate saw 3 s: a row from before that is missing was promised to be there."""
    early = Attempt("w3", 1, 80.0, 99.01 - older, "ok", OLD, 1)
    record = replace(story.record, attempts=(early, *story.record.attempts))
    assert verdicts(record)[5] is Verdict.VIOLATED


@given(stories())
def test_a_refused_write_that_is_there_is_always_found(story: Story) -> None:
    refused = Attempt("w3", 7, 99.0, 99.1, "fail", OLD, None)
    assert story.record.survivor_rows is not None
    record = replace(
        story.record,
        attempts=(refused, *story.record.attempts),
        survivor_rows=story.record.survivor_rows | {refused.key},
    )
    assert verdicts(record)[5] is Verdict.VIOLATED


@given(stories())
def test_an_epoch_that_comes_back_is_always_found(story: Story) -> None:
    """Whatever the run's states say: a newer epoch's leader had acknowledged before this was tried."""
    last = max(one.ended for one in story.record.attempts)
    stale = Attempt("w3", 8, last + 1, last + 2, "ok", "eu-west-1", 2)
    assert verdicts(replace(story.record, attempts=(*story.record.attempts, stale)))[0] is Verdict.VIOLATED
