"""Is the workload's history read as it was written, and a damaged line named?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.drill_record import HistoryError, read_history

LINE = {"writer": "w1", "number": 1, "started": 1.0, "ended": 2.0, "outcome": "ok", "region": "us-west-2", "epoch": 3}


def test_attempts_come_in_the_order_in_which_they_ended(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_text("".join(json.dumps({**LINE, "number": n, "ended": 10.0 - n}) + "\n" for n in (1, 2, 3)))
    assert [attempt.number for attempt in read_history(path)] == [3, 2, 1]


def test_a_last_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_text(json.dumps(LINE) + '\n{"writer": "w')
    assert len(read_history(path)) == 1


@pytest.mark.parametrize("wrong", [{"outcome": "maybe"}, {"number": "x"}, {"ended": None}])
def test_a_damaged_line_is_named(tmp_path: Path, wrong: dict[str, object]) -> None:
    path = tmp_path / "history"
    path.write_text(json.dumps(LINE) + "\n" + json.dumps({**LINE, **wrong}) + "\n")
    with pytest.raises(HistoryError, match="line 2 of the history"):
        read_history(path)
