"""Does the README's table say what the kept reports say, and nothing else?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from drill_records import a_record, a_run

from lab import cli
from lab.documentation import evidence
from lab.measuring.drill_record import Span
from lab.reports import result

README = f"# A title\n\n{evidence.BEGIN}\nold\n{evidence.END}\nafter\n"


def kept(folder: Path, name: str = "a.json", **changes: Any) -> dict[str, Any]:
    found = json.loads(json.dumps({**result.build(a_record()), **changes}))
    (folder / name).write_text(json.dumps(found))
    return found


def test_a_row_is_what_its_report_says() -> None:
    row = (
        "| failover | region-dark | 50 ms | 2.0 s | 4.5 s | 1.5 s | 2.0 s | 10.0 s | 10.0 s | 2 | 10 | 3000 ms |"
        " 6 held, 0 violated |"
    )
    assert row in evidence.table([result.build(a_record())])


def test_a_kept_report_is_linked_and_the_rest_of_the_readme_is_left_alone(tmp_path: Path) -> None:
    kept(tmp_path)
    text = evidence.with_table(README, evidence.reports(tmp_path))
    assert text.startswith("# A title\n\n")
    assert text.endswith("\nafter\n")
    assert "| failover | [region-dark](runbooks/evidence/a.json) | 50 ms |" in text
    assert "old" not in text


def test_writing_the_table_twice_changes_nothing_more(tmp_path: Path) -> None:
    """Else the check for drift could never be satisfied."""
    kept(tmp_path)
    once = evidence.with_table(README, evidence.reports(tmp_path))
    assert evidence.with_table(once, evidence.reports(tmp_path)) == once


def test_reports_come_by_fault_and_link_whatever_their_files_are_called(tmp_path: Path) -> None:
    settings = a_record().settings
    kept(tmp_path, "a.json", settings={**settings, "replication_delay_ms": 100.0})
    kept(tmp_path, "b.json", fault={"name": "link-cut", "description": "x"})
    kept(tmp_path, "c.json")
    assert [found["file"] for found in evidence.reports(tmp_path)] == ["b.json", "c.json", "a.json"]


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"counted_from": "request"}, "switchover"),
        ({"fault": {"name": "control-plane-lost", "description": "x"}}, "failover by hand"),
        ({"runs": [{"states": [{"state": "RestoreFromLatestSnapshot"}]}]}, "failover by restore"),
        ({}, "failover"),
    ],
)
def test_each_drill_is_told_by_its_kind_of_run(tmp_path: Path, changes: dict[str, Any], kind: str) -> None:
    kept(tmp_path, **changes)
    assert f"\n| {kind} | [" in evidence.table(evidence.reports(tmp_path))


def test_a_round_trip_is_told_leg_by_leg(tmp_path: Path) -> None:
    out = json.loads(json.dumps(result.build(a_record())))
    trip = {"schema": 1, "wall_seconds": 84.6, "legs": {"out": out, "back": {**out, "counted_from": "request"}}}
    (tmp_path / "trip.json").write_text(json.dumps(trip))
    text = evidence.table(evidence.reports(tmp_path))
    assert "| failover, out in a round trip of 85 s | [region-dark](runbooks/evidence/trip.json) |" in text
    assert "| switchover, back in a round trip of 85 s | [region-dark](runbooks/evidence/trip.json) |" in text


def test_a_round_trip_that_did_not_come_back_has_one_leg(tmp_path: Path) -> None:
    out = json.loads(json.dumps(result.build(a_record())))
    (tmp_path / "trip.json").write_text(
        json.dumps({"schema": 1, "wall_seconds": 1.0, "legs": {"out": out, "back": None}})
    )
    assert len(evidence.reports(tmp_path)) == 1


def test_a_drill_beside_production_is_a_line_below_the_table(tmp_path: Path) -> None:
    found = {"verdict": "Passed: promoted.", "clients": {"others": 3}, "price": {"usd": None}}
    (tmp_path / "isolated").mkdir()
    (tmp_path / "isolated" / "one.json").write_text(json.dumps(found))
    (line,) = evidence.beside_production(tmp_path)
    assert line == (
        "- [Beside production](runbooks/evidence/isolated/one.json): Passed: promoted."
        " 3 of its clients' writes failed meanwhile. Price on AWS: unknown."
    )
    text = evidence.with_table(README, [], [line])
    assert f"|\n\n{line}\n{evidence.END}\nafter" in text
    assert evidence.with_table(text, [], [line]) == text


def test_a_file_that_is_no_drill_beside_production_is_named(tmp_path: Path) -> None:
    (tmp_path / "isolated").mkdir()
    (tmp_path / "isolated" / "one.json").write_text("{}")
    with pytest.raises(evidence.EvidenceError, match=r"one\.json"):
        evidence.beside_production(tmp_path)


def test_what_a_report_does_not_know_is_unknown() -> None:
    row = evidence.table([result.build(a_record(survivor_rows=None, runs=(), attempts=()))]).splitlines()[-1]
    assert row.count("unknown") == 9
    assert "| 0 " not in row.removesuffix(" |")


def test_rows_that_were_not_given_up_are_no_measured_loss() -> None:
    stood_down = a_run(spans=(Span("StandDown", 103.0, 104.0, None),))
    found = {**result.build(a_record(runs=(stood_down,)))}
    found["loss"] = {**found["loss"], "promoted": False}
    assert "| unknown | unknown | 3000 ms |" in evidence.table([found])


def test_hostile_text_stays_in_its_cell(tmp_path: Path) -> None:
    kept(tmp_path, fault={"name": "a|b <img>\n# c", "description": "x"})
    row = evidence.table(evidence.reports(tmp_path)).splitlines()[-1]
    assert "[a\\|b &lt;img> # c](runbooks/evidence/a.json)" in row


@pytest.mark.parametrize("text", ["{", "[]", "null", "{}", '{"schema": 99}', '{"schema": 1}'])
def test_a_file_that_is_no_result_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "broken.json").write_text(text)
    with pytest.raises(evidence.EvidenceError, match=r"broken\.json is not a drill's result"):
        evidence.reports(tmp_path)


@pytest.mark.parametrize("readme", ["# no markers", README + README, README.replace(evidence.END, "")])
def test_a_readme_without_one_pair_of_markers_is_refused(readme: str) -> None:
    with pytest.raises(evidence.EvidenceError, match="evidence:begin"):
        evidence.with_table(readme, [])


def test_a_file_that_is_no_result_is_a_sentence_at_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise evidence.EvidenceError("a.json is not a drill's result")

    monkeypatch.setattr(evidence, "reports", broken)
    monkeypatch.setattr(cli, "_end_on_signals", lambda: None)
    assert cli.main(["documents", "--check"]) == cli.UNUSABLE
    assert "drlab: a.json is not a drill's result" in capsys.readouterr().err


def test_no_reports_make_a_table_without_rows(tmp_path: Path) -> None:
    assert len(evidence.table(evidence.reports(tmp_path)).splitlines()) == 2
