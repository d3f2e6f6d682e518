"""Is a switchover measured by what clients saw of it, and failed for a single missing write?"""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from drill_records import OLD, a_switchover, acknowledged
from rich.console import Console

from lab.measuring import invariants, measure
from lab.measuring.drill_record import DrillRecord
from lab.reports import report, result


def test_a_switchover_is_counted_from_the_request_and_no_alarm_has_a_part_in_it() -> None:
    """An alarm goes off in every switchover, because the fenced leader's health check fails."""
    clocks = measure.clocks(a_switchover())
    assert (clocks.detect, clocks.alarm, clocks.event) == (pytest.approx(1.0), None, None)
    assert clocks.fence_wait == pytest.approx(0.8)
    assert clocks.control_plane == pytest.approx(105.0 - 101.0 - 0.8 - 0.5)
    assert clocks.outage == pytest.approx(106.0 - 103.2)


def test_a_write_that_the_old_leader_acknowledged_after_the_gate_of_a_switchover_is_found() -> None:
    """There the fence ends with what the tasks confirmed, and not with the wait for the lease, which is none."""
    record = a_switchover()
    assert measure.acknowledgements_past_the_fence(record) == ()
    late = acknowledged(999, 103.9, OLD, 1)
    found = measure.acknowledgements_past_the_fence(replace(record, attempts=(*record.attempts, late)))
    assert found == (late,)


def verdict(record: DrillRecord, words: str) -> tuple[str, str]:
    (found,) = [one for one in invariants.check(record) if words in one.invariant]
    return found.verdict.value, found.evidence


def test_a_switchover_that_lost_its_very_last_write_is_no_switchover_without_loss() -> None:
    """It is missing for no time at all, which an unplanned failover's bound would allow."""
    record = a_switchover()
    last = max((one for one in record.attempts if one.region == OLD), key=lambda one: one.ended)
    assert record.survivor_rows is not None
    record = replace(record, survivor_rows=record.survivor_rows - {last.key})
    assert measure.loss(record).seconds == 0
    assert verdict(record, "reported loss")[0] == "violated"
    found = result.build(record)
    assert not found["passed"]
    assert {one["name"]: one["met"] for one in found["targets"]} == {"Outage": True, "Loss": False}


def test_a_switchover_with_any_bound_but_zero_passed_no_gate() -> None:
    run = a_switchover().runs[0]
    bounded = {**run.state, "prepared": {"loss": {"known": True, "accepted": True, "bound_seconds": 0.1}}}
    assert verdict(a_switchover(), "loss bound")[0] == "held"
    assert verdict(a_switchover(runs=(replace(run, state=bounded),)), "loss bound")[0] == "violated"
    assert verdict(a_switchover(), "failed Region") == ("not checked", "No Region failed.")


def test_an_outage_over_the_target_fails_a_switchover() -> None:
    record = a_switchover()
    found = result.build(replace(record, settings={**record.settings, "outage_target_seconds": 1.0}))
    assert (found["passed"], found["complaints"]) == (False, ["Outage over the target."])
    assert result.build(record)["passed"]


def test_the_report_of_a_switchover_speaks_of_a_request_and_of_no_fault(tmp_path: Path) -> None:
    found = result.build(a_switchover())
    pages = {name: path.read_text() for name, path in report.write(found, tmp_path).items()}
    for name in ("report.md", "report.html"):
        text = re.sub(r"<style>.*</style>", "", pages[name], flags=re.S)
        assert "request to workflow started" in text
        assert re.findall(r".{0,30}\b(?:[Ff]ault|RTO)\b.{0,30}", text) == []
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(report.summary(found))
    assert "RTO" not in console.export_text()
