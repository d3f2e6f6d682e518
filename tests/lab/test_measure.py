"""Are the figures those of the recorded history, and unknown where there is no evidence?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from drill_records import FAULT_AT, NEW, OLD, a_record, a_run, acknowledged
from hypothesis import given
from hypothesis import strategies as st

from lab import measure


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
