"""Do the three reports say what the result says, and only that?"""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from drill_records import NEW, OLD, a_record, a_run, a_switchover, acknowledged
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from lab.measuring.drill_record import DrillRecord, Span
from lab.reports import report, result
from lab.reports.timeline_picture import draw

HOSTILE = "<script>alert(1)</script> | \"x\" & 'y' [red] `z`"
STOOD_DOWN = a_run(spans=(Span("CheckPrimaryHealth", 102.0, 103.0, None), Span("StandDown", 103.0, 104.0, None)))
BEFORE_ONLY = tuple(one for one in a_record().attempts if one.region != NEW)
OLD_GOES_ON = tuple(acknowledged(number, 99.0 + number / 50, OLD, 1) for number in range(1, 500))


def text_of(found: dict[str, Any], width: int = 100) -> str:
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(report.summary(found))
    return console.export_text()


def written(record: DrillRecord, folder: Path) -> tuple[dict[str, Any], dict[str, str]]:
    found = result.build(record)
    return found, {name: path.read_text() for name, path in report.write(found, folder).items()}


def words(page: str) -> str:
    """What a reader sees of an HTML page, in one line."""
    body = page[page.index("<body>") :]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def test_a_clean_drill_passes_and_its_reports_agree(tmp_path: Path) -> None:
    found, texts = written(a_record(), tmp_path)
    assert found["passed"]
    assert json.loads(texts["result.json"]) == found
    for text in (texts["report.md"], words(texts["report.html"])):
        assert found["verdict"] in text
        assert "Lab seconds are not AWS seconds" in text
        assert "2 rows, 10 ms" in text
        assert "run 60 times faster" in text
        assert found["settings"]["arguments"] in text
        for finding in found["invariants"]:
            assert finding["invariant"] in text
            assert finding["evidence"] in text
        for target in found["targets"]:
            assert target["reason"] in text
        for name, value in found["clocks_seconds"].items():
            assert report.seconds(value) in text, name
    assert "2 of 198 acknowledged rows lost" in text_of(found)


@pytest.mark.parametrize("planned", [False, True])
def test_a_simulated_database_is_said_in_every_report_and_beside_its_figures(tmp_path: Path, planned: bool) -> None:
    """Nobody may take what PostgreSQL did for what Aurora would do."""
    record = a_switchover() if planned else a_record()
    record = replace(record, settings={**record.settings, "database_mode": "aurora-global"})
    found, texts = written(record, tmp_path)
    for text in (texts["report.md"], words(texts["report.html"]), json.dumps(found), " ".join(text_of(found).split())):
        assert "PostgreSQL streaming replication stands in for Aurora's storage replication" in text
        assert "The database was simulated." in text
    assert all("simulated database" in target["measured"] for target in found["targets"])
    rows = "0 rows, 0 ms, simulated" if planned else "2 rows, 10 ms, simulated"
    assert rows in texts["report.md"]
    assert rows in words(texts["report.html"])
    assert "Measured (lab, simulated database)" in texts["report.md"]
    assert "lab, measured, simulated database" in words(texts["report.html"])
    plain, _ = written(a_switchover() if planned else a_record(), tmp_path / "plain")
    assert plain["simulated"] is None
    assert "imulated" not in json.dumps({**plain, "simulated": None}).replace('"simulated"', "")
    assert found["aws_planning_seconds"]["execute"] != plain["aws_planning_seconds"]["execute"]


def test_unknown_is_never_shown_as_zero(tmp_path: Path) -> None:
    found, texts = written(a_record(survivor_rows=None, attempts=BEFORE_ONLY), tmp_path)
    assert not found["passed"]
    assert "| of them missing in us-west-2 (RPO) | unknown rows, unknown ms |" in texts["report.md"]
    assert "| **total (RTO)** | **unknown** |" in texts["report.md"]
    assert "unknown rows, unknown ms" in words(texts["report.html"])
    assert "RPO: unknown, the rows of us-west-2 could not be read" in text_of(found)


@pytest.mark.scenario("F45")
def test_what_waited_for_replication_is_counted_and_unknown_where_nobody_knows(tmp_path: Path) -> None:
    for objects, shown in (
        ({"operations": 12, "reason": "12 wait."}, "12"),
        ({"operations": None, "reason": "?"}, "unknown"),
        (None, "unknown"),
    ):
        loss = {"known": True, "accepted": True, "bound_seconds": 3.0, "objects": objects}
        run = a_run(state={"prepared": {"loss": loss}})
        _, texts = written(a_record(runs=(run,)), tmp_path / shown / str(objects is None))
        assert f"| object operations that waited for S3's replication | {shown} |" in texts["report.md"]


def test_a_drill_that_observed_nothing_is_reported_as_such(tmp_path: Path) -> None:
    found, texts = written(a_record(survivor_rows=None, runs=(), attempts=(), journal=()), tmp_path)
    assert found["verdict"] == "Failed: no write was acknowledged by us-west-2 after region-dark."
    assert "No run was started." in texts["report.md"]
    assert "No run was started." in texts["report.html"]
    assert set(found["clocks_seconds"].values()) == {None}


def test_an_outage_that_did_not_end_is_said_and_not_measured(tmp_path: Path) -> None:
    found, texts = written(a_record(attempts=BEFORE_ONLY), tmp_path)
    assert found["clocks_seconds"]["outage"] is None
    assert "| longest silence that clients saw | unknown |" in texts["report.md"]
    assert "The outage had not ended when the drill did" in texts["report.md"]


def test_rows_that_were_not_given_up_are_not_called_lost(tmp_path: Path) -> None:
    found, texts = written(a_record(runs=(STOOD_DOWN,), attempts=BEFORE_ONLY), tmp_path)
    assert found["loss"]["rows"] == 2
    assert found["targets"][1]["measured"] == "unknown"
    assert "so the 2 acknowledged rows that us-west-2 lacks are not counted as lost" in texts["report.md"]
    assert "nothing was promoted" in text_of(found)
    assert "lost (" not in text_of(found)


def test_why_a_run_stood_down_is_the_first_thing_that_a_reader_learns(tmp_path: Path) -> None:
    run = replace(STOOD_DOWN, state={"stood_down": {"reason": "Up to 3.0 s could be lost, more than the RPO."}})
    found, texts = written(a_record(runs=(run,), attempts=BEFORE_ONLY), tmp_path)
    assert "The run stood down: Up to 3.0 s could be lost, more than the RPO." in found["notes"]
    assert "- The run stood down: Up to 3.0 s could be lost" in texts["report.md"]


def test_a_violated_invariant_fails_the_drill_even_if_writes_flow() -> None:
    found = result.build(a_record(mailbox_messages=0))
    assert not found["passed"]
    assert found["verdict"].startswith("Failed: 1 invariant violated")


def test_a_missed_target_fails_the_drill() -> None:
    settings = {**a_record().settings, "rto_target_minutes": 0.1}
    found = result.build(a_record(settings=settings))
    assert found["verdict"] == "Failed: RTO over the target."


def test_a_loss_that_a_person_accepted_is_judged_by_the_figure_that_was_accepted() -> None:
    """The plan's target asked for the answer; more than was accepted still fails."""
    settings = {**a_record().settings, "rpo_target_seconds": 0.001}
    run = a_run()
    for accepted, figure, met in ((True, "2.5", True), (True, "0.002", False), (False, "2.5", False)):
        state = {**run.state, "approval": {"accepted": accepted, "bound_seconds": figure}}
        found = result.build(a_record(settings=settings, runs=(replace(run, state=state),)))
        (rpo,) = [one for one in found["targets"] if one["name"] == "RPO"]
        assert rpo["met"] is met, (accepted, figure)


def test_every_complaint_is_shown_and_the_gravest_is_the_verdict(tmp_path: Path) -> None:
    settings = {**a_record().settings, "rto_target_minutes": 0.1}
    found, texts = written(a_record(settings=settings, mailbox_messages=0), tmp_path)
    assert found["verdict"].startswith("Failed: 1 invariant violated")
    assert "RTO over the target." in texts["report.md"]
    assert "RTO over the target." in texts["report.html"]


def test_a_fault_that_should_not_lead_to_a_failover_passes_while_the_leader_goes_on() -> None:
    found = result.build(a_record(expected="no failover", runs=(STOOD_DOWN,), attempts=OLD_GOES_ON))
    assert found["passed"], found["complaints"]
    assert found["verdict"] == "Passed: ap-southeast-2 still leads after region-dark, as it should."
    assert found["targets"] == []


def test_a_promotion_that_was_not_called_for_fails_the_drill() -> None:
    found = result.build(a_record(expected="no failover"))
    assert "Failed: writes had stopped, or were not ap-southeast-2's" in found["verdict"]
    assert "region-dark led to a promotion, and should not have." in found["complaints"]


def test_writes_that_stop_again_fail_the_drill() -> None:
    silence = [replace(acknowledged(5000 + n, 130.0 + n, NEW, 3), outcome="unknown", region=None) for n in range(3)]
    found = result.build(a_record(attempts=(*a_record().attempts, *silence)))
    assert found["verdict"] == "Failed: writes had stopped, or were not us-west-2's, when the drill ended."


def test_hostile_text_is_escaped(tmp_path: Path) -> None:
    attempts = [replace(one, problem=HOSTILE, writer=HOSTILE) for one in a_record().attempts]
    record = a_record(
        fault_description=HOSTILE,
        environment={HOSTILE: HOSTILE},
        attempts=tuple(attempts),
        survivor_rows=frozenset(),
        runs=(a_run(name=HOSTILE, state={**a_run().state, "outcome": {"key": "k", "summary": HOSTILE}}),),
        journal=({"n": 1, "kind": "database", "monotonic": 101.0, "instance": HOSTILE, "status": HOSTILE},),
        settings={**a_record().settings, "arguments": HOSTILE},
    )
    found, texts = written(record, tmp_path)
    assert "<script" not in texts["report.html"]
    assert "alert(1)" in texts["report.html"]
    tables = [line for line in texts["report.md"].splitlines() if line.startswith("|")]
    assert not any("<script" in line for line in tables)
    assert all(line.count("|") - line.count("\\|") == line_of_heads for line, line_of_heads in cells(tables))
    assert "Passed" in text_of(found) or "Failed" in text_of(found)


def cells(lines: list[str]) -> list[tuple[str, int]]:
    """Each table row with the number of bars that its table's ruler has."""
    found, bars = [], 0
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if following.startswith("|---"):
            bars = following.count("|")
        found.append((line, bars))
    return found


def test_a_long_list_of_lost_rows_is_cut_in_what_people_read_only(tmp_path: Path) -> None:
    found, texts = written(a_record(survivor_rows=frozenset()), tmp_path)
    lost = len(found["loss"]["lost"])
    assert lost == 198
    assert len(json.loads(texts["result.json"])["loss"]["lost"]) == lost
    assert f"{lost - report.ROWS_SHOWN} more are in `result.json`" in texts["report.md"]
    assert f"{lost - report.ROWS_SHOWN} more are in result.json" in texts["report.html"]
    assert texts["report.md"].count("| w1 |") == report.ROWS_SHOWN


@pytest.mark.parametrize("width", [60, 80, 160])
def test_the_summary_fits_its_terminal(width: int) -> None:
    assert all(len(line) <= width for line in text_of(result.build(a_record()), width).splitlines())


def test_the_four_clocks_share_the_whole_or_nothing() -> None:
    shares = report.shares(result.build(a_record()))
    assert sum(shares.values()) == pytest.approx(100)
    assert report.shares(result.build(a_record(runs=()))) == {}


def test_calls_without_an_answer_are_counted_by_who_called_whom() -> None:
    call = {"n": 1, "kind": "refused-call", "monotonic": 102.0, "region": OLD, "caller": NEW, "service": "s3"}
    found = result.build(a_record(journal=(call, {**call, "monotonic": 101.0})))
    assert found["refused_calls"] == [{"caller": NEW, "region": OLD, "service": "s3", "count": 2, "first": 1.0}]


SPANS = st.lists(
    st.builds(
        Span,
        state=st.sampled_from(["CheckPrimaryHealth", "PromoteReplica", "WaitOutLease", "OpenSecondary"]),
        entered=st.floats(100, 200),
        exited=st.none() | st.floats(200, 300),
        error=st.none() | st.just("TransientFailure"),
    ),
    max_size=12,
)


@given(SPANS)
def test_whatever_the_workflow_did_is_drawn_inside_the_picture(spans: list[Span]) -> None:
    picture = draw(result.build(a_record(runs=(a_run(spans=tuple(spans)),))))
    for box in (*picture.states, *picture.bars, picture.outage):
        assert 0 <= box.x <= box.x + box.width <= picture.width + 4
        assert 0 <= box.y <= box.y + box.height <= picture.height
    assert all(0 <= mark.x <= picture.width for mark in (*picture.marks, *picture.signals, *picture.ticks))
