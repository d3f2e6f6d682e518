"""Is what waits for its replication told as it was counted, and the unknown never as nothing?"""

from __future__ import annotations

from datetime import timedelta

import pytest
from control_plane_world import NOW, run_with

from failover.domain.object_backlog import Backlog, ObjectBacklog, UnknownBacklog, objects_told


@pytest.mark.parametrize(
    ("backlog", "sentence"),
    [
        (Backlog(0, 0, None, NOW), "No object was waiting for its replication at 03:00:00 UTC."),
        (
            Backlog(1, 9, None, NOW),
            "1 object operations (9 bytes) were waiting for replication at 03:00:00 UTC.",
        ),
        (
            Backlog(12, 34, timedelta(seconds=0), NOW),
            "12 object operations (34 bytes) were waiting for replication at 03:00:00 UTC, the oldest for 0 s.",
        ),
        (UnknownBacklog("S3 is silent."), "How many objects wait for replication is unknown: S3 is silent."),
    ],
)
def test_it_is_told_in_one_sentence(backlog: ObjectBacklog, sentence: str) -> None:
    assert backlog.sentence == sentence


def test_it_is_written_down_as_plain_json() -> None:
    known = Backlog(12, 34, timedelta(seconds=40), NOW)
    assert known.to_dict() == {
        "known": True,
        "operations": 12,
        "bytes": 34,
        "behind_seconds": 40.0,
        "at": "2026-11-23T03:00:00+00:00",
        "reason": known.sentence,
    }
    assert Backlog(1, 1, None, NOW).to_dict()["behind_seconds"] is None


def test_the_unknown_is_written_down_without_a_figure() -> None:
    unknown = UnknownBacklog("S3 is silent.")
    figures = {"operations": None, "bytes": None, "behind_seconds": None, "at": None}
    assert unknown.to_dict() == {"known": False, **figures, "reason": unknown.sentence}


def test_a_run_tells_what_its_gate_saw_or_that_it_did_not_look() -> None:
    seen = run_with(prepared={"loss": {"objects": {"reason": "Two wait."}}})
    assert objects_told(seen) == "Two wait."
    assert "was not asked: the run did not come so far" in objects_told(run_with())
