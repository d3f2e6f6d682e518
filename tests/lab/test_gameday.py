"""Is a game day that did not go as planned told so, whatever Chaos Toolkit makes of it?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.gameday import actions, probes
from lab.gameday.experiment import GAMEDAYS, GameDay, GameDayError, load, names
from lab.gameday.stage import awaited, the_lab
from lab.laboratory import LabError
from lab.settings import LabSettings, SettingsError

OK = {"status": "succeeded", "output": "it is so", "activity": {"name": "a probe"}}


def ended(**journal: Any) -> GameDay:
    return GameDay("a", {"title": "a"}, print, {"status": "completed", "deviated": False, "run": [OK], **journal})


def test_a_game_day_on_which_everything_was_so_has_no_complaint() -> None:
    assert ended(steady_states={"before": {"probes": [{**OK, "tolerance_met": True}]}}).complaints() == []


@pytest.mark.parametrize(
    ("journal", "sentence"),
    [
        ({"status": "interrupted"}, "ended as interrupted"),
        ({"deviated": True}, "steady state after"),
        (
            {"run": [{**OK, "status": "failed", "exception": ["Traceback", "LabError: it did not come"]}]},
            "did not come",
        ),
        ({"rollbacks": [{**OK, "status": "failed", "exception": ["LabError: too late"]}]}, "too late"),
        ({"steady_states": {"after": {"probes": [{**OK, "tolerance_met": False}]}}}, "NOT SO: a probe"),
    ],
)
def test_what_chaos_toolkit_only_records_counts(journal: dict[str, Any], sentence: str) -> None:
    """A probe of the method that fails, or a rollback that does, leaves its experiment `completed`."""
    complaints = ended(**journal).complaints()
    assert len(complaints) == 1
    assert sentence in complaints[0]


@pytest.mark.parametrize("name", names())
def test_an_experiment_is_valid_and_calls_what_there_is(name: str) -> None:
    pytest.importorskip("chaoslib", reason="Chaos Toolkit is not installed: make .venv/.gameday")
    game_day = load(name, print)
    assert game_day.experiment["steady-state-hypothesis"]["probes"]
    assert (GAMEDAYS / f"{name}.md").exists(), "a page for people belongs to it"


# By what nobody is told: a fault that moves no leadership and that no alarm watches for.
UNWATCHED = {"s3_ransomware"}


def test_every_game_day_asserts_an_alarm_and_that_people_were_told() -> None:
    for path in GAMEDAYS.glob("*.yaml"):
        if path.stem in UNWATCHED:
            assert "No alarm tells of this" in path.read_text(encoding="utf-8")
            continue
        method = yaml.safe_load(path.read_text(encoding="utf-8"))["method"]
        called = {one["provider"]["func"] for one in method}
        assert {"alarm_fires", "people_are_told"} <= called, path.name


def test_an_experiment_says_what_its_lab_needs_and_nothing_that_no_lab_has() -> None:
    game_day = GameDay("a", {"configuration": {"rpo_target_seconds": 2.5, "approval_seconds": 60}}, print)
    settings = game_day.lab_of(LabSettings(cloud_port=7))
    assert (settings.rpo_target_seconds, settings.timers.approval_seconds, settings.cloud_port) == (2.5, 60.0, 7)
    assert GameDay("a", {}, print).lab_of(LabSettings()) == LabSettings()
    with pytest.raises(GameDayError, match="configures weather, which no lab has"):
        GameDay("a", {"configuration": {"weather": "fine"}}, print).lab_of(LabSettings())


def test_a_file_that_is_no_experiment_is_refused_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("chaoslib", reason="Chaos Toolkit is not installed: make .venv/.gameday")
    monkeypatch.setattr("lab.gameday.experiment.GAMEDAYS", tmp_path)
    (tmp_path / "bad.yaml").write_text("title: nothing else\n")
    with pytest.raises(GameDayError, match=r"bad\.yaml is no experiment"):
        load("bad", print)


def test_unknown_names_are_refused_with_those_that_there_are() -> None:
    with pytest.raises(SettingsError, match="primary_outage, s3_ransomware, snapshot_restore, split_brain"):
        load("nope", print)
    with pytest.raises(SettingsError, match="'nope' is not one of region-dark"):
        actions.inject("nope")


def test_a_probe_without_a_lab_says_how_to_get_one() -> None:
    with pytest.raises(LabError, match="drlab gameday"):
        the_lab()
    with pytest.raises(LabError, match="drlab gameday"):
        probes.record_is_open()


def test_what_does_not_come_is_an_error_and_not_silence() -> None:
    with pytest.raises(LabError, match="the alarm did not come within"):
        awaited(lambda: None, "the alarm", 0.1)
    assert awaited(lambda: "here", "the alarm", 0.1) == "here"
