"""Does a round trip pass only if both ways did, what was lost is listed, and nothing was lost on the way back?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from lab.drills.roundtrip import RoundTrip
from lab.measuring.drill_record import DrillRecord, Run, Span
from lab.reports import trip_report, trip_result
from tests.lab.drill_records import NEW, OLD, a_record

LOST = {("w1", 98), ("w1", 99)}


def rebuild(**changes: Any) -> Run:
    state = {
        "divergence": {"rows": 2, "key": "divergence/app-diverged-3.jsonl"},
        "kept": {"kept_as": "app-diverged-3"},
        "outcome": {"summary": "a standby again", "result": "rebuilt", "key": "k"},
    }
    spans = (Span("CheckRebuild", 120.0, 121.0, None),)
    return replace(Run("rebuild-e3-1", "SUCCEEDED", 120.0, 130.0, spans, state), **changes)


def back(**changes: Any) -> DrillRecord:
    """The same figures the other way round, with nothing missing."""
    record = a_record()
    swap = {OLD: NEW, NEW: OLD, None: None}
    attempts = tuple(replace(one, region=swap[one.region]) for one in record.attempts)
    everything = frozenset(one.key for one in attempts if one.outcome == "ok")
    settings = {**record.settings, "outage_target_seconds": 20.0}
    gate = {"prepared": {"loss": {"known": True, "accepted": True, "bound_seconds": 0.0}}}
    runs = tuple(replace(run, state={**run.state, **gate}) for run in record.runs)
    told = replace(record, old_leader=NEW, new_leader=OLD, planned=True, settings=settings, runs=runs)
    return replace(told, attempts=attempts, survivor_rows=everything, **changes)


def a_trip(**changes: Any) -> RoundTrip:
    whole = RoundTrip(
        trip="20260101T000000Z-roundtrip",
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        seconds=61.0,
        out=a_record(),
        rebuild=rebuild(),
        listed=frozenset({*LOST, ("w1", 100)}),
        back=back(),
    )
    return replace(whole, **changes)


def test_a_whole_trip_passes_and_tells_its_rows() -> None:
    found = trip_result.build(a_trip())
    assert found["passed"], found["complaints"]
    assert found["rows"] == {"lost_out": 2, "listed": 3, "lost_and_unlisted": 0, "lost_back": 0}
    assert "lost 2 acknowledged rows, all of them among the 3 that the rebuild listed" in found["verdict"]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"listed": frozenset({("w1", 98)})}, "1 rows that the failover lost are not in the rebuild's list"),
        ({"listed": None}, "what only the old primary had is unknown"),
        ({"rebuild": None}, "no rebuild of the standby was started"),
        ({"rebuild": rebuild(status="FAILED")}, "rebuild-e3-1 ended as FAILED"),
        ({"back": None}, "there was no way back"),
        ({"seconds": 91.0}, "91 s of wall time"),
        ({"out": a_record(survivor_rows=None)}, "what only the old primary had is unknown"),
    ],
)
def test_anything_less_is_a_complaint(changes: dict[str, Any], complaint: str) -> None:
    found = trip_result.build(a_trip(**changes))
    assert not found["passed"]
    assert any(complaint in one for one in found["complaints"]), found["complaints"]


def test_of_a_global_database_nobody_lists_what_was_lost_and_the_verdict_says_so(tmp_path: Path) -> None:
    """Aurora gives the old cluster a new volume: unknown there, and no reason to fail."""
    whole = a_trip(listed=None)
    simulated = replace(whole.out, settings={**whole.out.settings, "database_mode": "aurora-global"})
    found = trip_result.build(replace(whole, out=simulated))
    assert found["passed"], found["complaints"]
    assert found["rows"]["lost_and_unlisted"] is None
    assert "lost 2 acknowledged rows, which nobody listed" in found["verdict"]
    assert "The database was simulated." in found["verdict"]
    failed = trip_result.build(replace(whole, out=simulated, rebuild=None))
    assert not failed["passed"]
    page = trip_report.write(failed, tmp_path / "trip")
    for text in (page.read_text(), (page.parent / "report.md").read_text()):
        assert "The database is simulated" in text, "whether it passed or not"
    console = Console(record=True, width=300)
    console.print(trip_report.summary(failed))
    assert "The database is simulated" in console.export_text()


def test_a_row_lost_on_the_way_back_is_a_complaint() -> None:
    whole = back()
    assert whole.survivor_rows is not None
    missing = replace(whole, survivor_rows=whole.survivor_rows - {("w1", 150)})
    found = trip_result.build(a_trip(back=missing))
    assert (found["passed"], found["rows"]["lost_back"]) == (False, 1)


def test_the_report_has_a_page_for_the_trip_and_one_for_each_way(tmp_path: Path) -> None:
    page = trip_report.write(trip_result.build(a_trip()), tmp_path / "trip")
    assert {path.name for path in page.parent.iterdir()} == {"result.json", "report.md", "report.html", "out", "back"}
    for text in (page.read_text(), (page.parent / "report.md").read_text()):
        assert "out/report.html" in text
        assert "back/report.html" in text
        assert "a standby again" in text
    console = Console(record=True, width=200)
    console.print(trip_report.summary(trip_result.build(a_trip(back=None, rebuild=None, listed=None))))
    assert "The standby was not rebuilt." in console.export_text()
