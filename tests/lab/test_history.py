"""Is the workload's history read as it was written, and a damaged line named?"""

from __future__ import annotations

import contextlib
import json
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from drill_records import NEW, OLD, acknowledged
from hypothesis import given
from hypothesis import strategies as st

from lab.measuring.history import HistoryError, first_acknowledged_by, outage, read_history

LINE = {"writer": "w1", "number": 1, "started": 1.0, "ended": 2.0, "outcome": "ok", "region": "us-west-2", "epoch": 3}


def written(path: Path, *lines: object) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_attempts_come_in_the_order_in_which_they_ended(tmp_path: Path) -> None:
    lines = [{**LINE, "number": n, "ended": 10.0 - n} for n in (1, 2, 3)]
    assert [attempt.number for attempt in read_history(written(tmp_path / "history", *lines))] == [3, 2, 1]


def test_a_last_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_text(json.dumps(LINE) + '\n{"writer": "w')
    assert len(read_history(path)) == 1


@pytest.mark.parametrize("text", ["", '{"writer"'])
def test_a_history_without_a_whole_line_has_no_attempts(tmp_path: Path, text: str) -> None:
    path = tmp_path / "history"
    path.write_text(text)
    assert read_history(path) == ()


def test_why_a_write_was_not_acknowledged_is_kept(tmp_path: Path) -> None:
    line = {**LINE, "outcome": "fail", "problem": "/problems/not-leader", "status": 503}
    assert read_history(written(tmp_path / "history", line))[0].problem == "/problems/not-leader"


WRONG = [
    {**LINE, "outcome": "maybe"},
    {**LINE, "number": "x"},
    {**LINE, "ended": None},
    {**LINE, "ended": float("nan")},
    {**LINE, "ended": 0.5},
    {**LINE, "region": 5},
    {**LINE, "epoch": "3"},
    {name: value for name, value in LINE.items() if name != "writer"},
    [],
    None,
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_damaged_line_is_named(tmp_path: Path, wrong: object) -> None:
    path = written(tmp_path / "history", {**LINE, "number": 2}, wrong)
    with pytest.raises(HistoryError, match="line 2 of the history cannot be read"):
        read_history(path)


def test_a_line_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_bytes(b"\xff\xfe\xfa\n")
    with pytest.raises(HistoryError, match="line 1 of the history"):
        read_history(path)


def test_a_number_that_was_tried_twice_is_refused(tmp_path: Path) -> None:
    """Of two outcomes for one row nobody could say which one the row is evidence of."""
    path = written(tmp_path / "history", LINE, {**LINE, "outcome": "unknown"})
    with pytest.raises(HistoryError, match="w1/1 was tried before"):
        read_history(path)


@given(st.binary(max_size=80))
def test_a_file_of_anything_is_refused_and_breaks_nothing(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history"
        path.write_bytes(content)
        with contextlib.suppress(HistoryError):
            assert read_history(path) == ()


@given(st.lists(st.integers(0, 400), min_size=1, max_size=40), st.integers(0, 400))
def test_the_outage_is_no_shorter_than_any_silence_after_the_fault(moments: list[int], fault: int) -> None:
    attempts = [acknowledged(number, float(at), OLD, 1) for number, at in enumerate(moments)]
    gap, at_least = outage(attempts, float(fault))
    ends = sorted(moments)
    silences = [later - earlier for earlier, later in pairwise(ends) if later > fault]
    assert gap == max(silences, default=None)
    assert at_least == (gap if gap is not None else 0)


def test_an_outage_that_did_not_end_is_unknown_however_short_the_gaps_before_it() -> None:
    """One answer that was under way when the fault came must not pass for the end of the outage."""
    refused = acknowledged(9, 70.0, OLD, 1)
    attempts = [
        acknowledged(1, 9.99, OLD, 1),
        acknowledged(2, 10.01, OLD, 1),
        type(refused)("w1", 3, 69.0, 70.0, "unknown", None, None),
    ]
    gap, at_least = outage(attempts, 10.0)
    assert gap is None
    assert at_least == pytest.approx(59.99)


def test_the_first_acknowledgement_is_that_of_the_region_after_the_instant() -> None:
    attempts = [acknowledged(1, 5.0, NEW, 1), acknowledged(2, 11.0, OLD, 1), acknowledged(3, 12.0, NEW, 3)]
    assert first_acknowledged_by(attempts, NEW, 10.0) == 12.0
    assert first_acknowledged_by(attempts, NEW, 20.0) is None
