"""Are the figures those of the recorded history, and unknown where there is no evidence?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from drill_records import FAULT_AT, NEW, OLD, a_record, a_run, acknowledged
from hypothesis import given
from hypothesis import strategies as st

from lab.measuring import measure
from lab.measuring.drill_record import Attempt, Span


@pytest.mark.scenario("F36")
def test_the_clocks_add_up_to_the_recovery_time_that_clients_saw() -> None:
    clocks = measure.clocks(a_record())
    assert clocks.detect == pytest.approx(2.0)
    assert clocks.decide == pytest.approx(4.5)
    assert clocks.fence_wait == pytest.approx(3.0)
    assert clocks.execute == pytest.approx(1.5)
    assert clocks.total == pytest.approx(10.01)
    parts = (clocks.detect, clocks.decide, clocks.execute, clocks.traffic)
    assert sum(part for part in parts if part is not None) == pytest.approx(clocks.total)


def test_the_control_planes_own_share_leaves_out_the_lease_and_the_promotion() -> None:
    assert measure.clocks(a_record()).control_plane == pytest.approx(108.0 - 101.5 - 3.0 - 1.0)


def test_without_a_run_or_a_write_the_clocks_are_unknown_and_not_zero() -> None:
    only_before = tuple(attempt for attempt in a_record().attempts if attempt.region != NEW)
    clocks = measure.clocks(a_record(runs=(), attempts=only_before))
    assert clocks.detect is None
    assert clocks.total is None
    assert clocks.outage is None
    assert clocks.control_plane is None


def test_detection_splits_at_the_alarm_that_started_the_run() -> None:
    clocks = measure.clocks(a_record())
    assert clocks.alarm == pytest.approx(1.5)
    assert clocks.event == pytest.approx(0.5)


def alarm(at: float, name: str = "primary", new: str = "ALARM") -> dict[str, object]:
    return {"n": 9, "kind": "alarm", "monotonic": at, "name": name, "old": "OK", "new": new, "reason": "x"}


def test_another_alarm_is_not_the_one_that_started_the_run() -> None:
    state = {**a_run().state, "trigger": {"alarm_arn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:primary"}}
    journal = (alarm(101.2, "another"), alarm(101.5), alarm(101.8, "another"), alarm(105.0))
    assert measure.clocks(a_record(journal=journal, runs=(a_run(state=state),))).alarm == pytest.approx(1.5)


def test_a_run_that_an_alarm_from_before_the_fault_started_tells_nothing_of_detection() -> None:
    """The run begins after the fault, and would make detection look faster than any alarm is."""
    clocks = measure.clocks(a_record(journal=(alarm(99.0),), runs=(a_run(started=100.4),)))
    assert (clocks.detect, clocks.alarm, clocks.event, clocks.control_plane) == (None, None, None, None)
    assert clocks.total == pytest.approx(10.01)


def test_a_run_from_before_the_fault_is_not_the_one_that_is_measured() -> None:
    earlier = a_run(name="earlier", started=90.0)
    assert measure.clocks(a_record(runs=(earlier, a_run()))).detect == pytest.approx(2.0)


def test_of_several_runs_the_one_that_opened_the_new_leader_is_measured() -> None:
    stood_down = a_run(name="first", started=101.6, spans=(Span("CheckPrimaryHealth", 101.6, 101.9, None),))
    run = measure.main_run(a_record(runs=(stood_down, a_run())))
    assert run is not None
    assert run.name == a_run().name


def test_a_write_acknowledged_while_the_opening_state_ends_proves_that_the_record_was_open() -> None:
    """Else the clock for traffic would be negative."""
    slow = tuple(
        replace(span, entered=108.0, exited=110.5) if span.state == "OpenSecondary" else span for span in a_run().spans
    )
    clocks = measure.clocks(a_record(runs=(a_run(spans=slow),)))
    assert clocks.traffic == 0.0
    assert clocks.execute == pytest.approx(110.01 - 106.5)


@pytest.mark.scenario("F42")
def test_the_lost_rows_are_those_that_were_acknowledged_and_are_missing() -> None:
    loss = measure.loss(a_record())
    assert loss.lost is not None
    assert [attempt.number for attempt in loss.lost] == [98, 99]
    assert loss.seconds == pytest.approx(0.01)
    assert (loss.unknown, loss.unknown_survived) == (1, 0)


def test_an_unread_survivor_makes_the_loss_unknown() -> None:
    loss = measure.loss(a_record(survivor_rows=None))
    assert (loss.rows, loss.seconds, loss.unknown_survived) == (None, None, None)


def test_a_bound_that_the_gate_did_not_know_is_unknown() -> None:
    state = {"prepared": {"loss": {"known": False, "bound_seconds": None}}}
    assert measure.bound_seconds(a_record(runs=(a_run(state=state),))) is None


def test_a_loss_is_held_against_what_the_restored_backup_may_lack() -> None:
    state = {"prepared": {"loss": {"known": True, "bound_seconds": 3.0}}, "restored": {"bound_seconds": 33.0}}
    assert measure.bound_seconds(a_record(runs=(a_run(state=state),))) == 33.0


def test_the_outage_is_the_longest_gap_that_ends_after_the_fault() -> None:
    early_gap = acknowledged(1000, 50.0, OLD, 1)
    record = a_record(attempts=(early_gap, *a_record().attempts))
    assert measure.clocks(record).outage == pytest.approx(109.01 + 1.0 - 99.99, abs=0.02)


@given(st.sets(st.integers(1, 60)), st.sets(st.integers(1, 60)))
def test_lost_is_exactly_acknowledged_less_survived(acked: set[int], survived: set[int]) -> None:
    attempts = tuple(acknowledged(number, 90 + number / 10, OLD, 1) for number in sorted(acked))
    loss = measure.loss(a_record(attempts=attempts, survivor_rows=frozenset(("w1", n) for n in survived)))
    assert loss.lost is not None
    assert {attempt.number for attempt in loss.lost} == acked - survived
    assert (loss.seconds == 0.0) == (len(acked - survived) == 0 or max(acked) == min(acked - survived))


def test_a_write_that_was_under_way_when_leadership_changed_is_no_late_acknowledgement() -> None:
    under_way = replace(acknowledged(500, 109.5, OLD, 1), started=FAULT_AT - 1)
    tried_later = replace(acknowledged(501, 110.6, OLD, 1), started=110.5)
    assert measure.late_acknowledgements(a_record(attempts=(*a_record().attempts, under_way))) == ()
    found = measure.late_acknowledgements(a_record(attempts=(*a_record().attempts, tried_later)))
    assert [attempt.number for attempt in found] == [501]


def test_an_acknowledgement_between_opening_and_the_new_leaders_first_write_is_late() -> None:
    """That is when a second leader would show: the name still answers with the old Region."""
    between = replace(acknowledged(502, 108.9, OLD, 1), started=108.5)
    assert measure.late_acknowledgements(a_record(attempts=(*a_record().attempts, between))) == (between,)


def test_an_acknowledgement_after_the_fence_was_waited_out_is_found_before_anything_opens() -> None:
    leaked = replace(acknowledged(503, 106.4, OLD, 1), started=106.2)
    record = a_record(attempts=(*a_record().attempts, leaked))
    assert measure.acknowledgements_past_the_fence(record) == (leaked,)
    assert measure.late_acknowledgements(record) == ()


def test_a_run_that_stood_down_gave_the_old_leader_its_writes_back() -> None:
    spans = (Span("WaitOutLease", 103.0, 106.0, None), Span("StandDown", 106.1, 106.9, None))
    served_again = replace(acknowledged(504, 107.5, OLD, 3), started=107.4)
    record = a_record(runs=(a_run(spans=spans),), attempts=(served_again,))
    assert measure.acknowledgements_past_the_fence(record) == ()


def test_rows_that_nobody_gave_up_are_not_lost_for_good() -> None:
    stood_down = a_run(spans=(Span("StandDown", 103.0, 104.0, None),))
    assert not measure.loss(a_record(runs=(stood_down,))).promoted
    assert measure.loss(a_record()).promoted


ATTEMPTS = st.builds(
    Attempt,
    writer=st.sampled_from(["w1", "w2"]),
    number=st.integers(1, 40),
    started=st.floats(50, 60),
    ended=st.floats(60, 150),
    outcome=st.sampled_from(["ok", "fail", "unknown"]),
    region=st.sampled_from([OLD, NEW, None]),
    epoch=st.sampled_from([1, 3, None]),
)


@given(
    st.lists(ATTEMPTS, max_size=40, unique_by=lambda attempt: attempt.key),
    st.none() | st.frozensets(st.tuples(st.sampled_from(["w1", "w2"]), st.integers(1, 40))),
    st.booleans(),
)
def test_any_history_gives_figures_that_agree_with_it(
    attempts: list[Attempt], survivor: frozenset[tuple[str, int]] | None, with_run: bool
) -> None:
    record = a_record(attempts=tuple(attempts), survivor_rows=survivor, runs=(a_run(),) if with_run else ())
    loss, clocks = measure.loss(record), measure.clocks(record)
    assert loss.acknowledged + loss.unknown + loss.refused == len(attempts)
    assert (loss.rows is None) == (loss.seconds is None) == (loss.unknown_survived is None) == (survivor is None)
    if survivor is not None:
        expected = {one.key for one in attempts if one.outcome == "ok"} - survivor
        assert loss.lost is not None
        assert {one.key for one in loss.lost} == expected
        assert loss.seconds is not None
        assert loss.seconds >= 0
    new = [one.ended for one in attempts if one.outcome == "ok" and one.region == NEW and one.ended > FAULT_AT]
    assert clocks.total == (min(new) - FAULT_AT if new else None)
