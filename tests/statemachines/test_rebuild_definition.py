"""Is the rebuild's workflow sound: by three parsers, and does the old primary keep its place until its rows are settled?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from statelint.linter import Linter

from lab.cloud import sam_templates
from lab.document_workflow import DEFINITION, REBUILD, ROOT, exits, load, longest_run

DEFINED = load(REBUILD)
STATES: dict[str, dict[str, Any]] = DEFINED["States"]
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
ENDS = {name for name, state in STATES.items() if state["Type"] in ("Succeed", "Fail")}
# What Lambda itself may raise, and passes when tried again: the failover's list, which a test of its own holds.
PASSING = set(load(DEFINITION)["States"]["Notify"]["Retry"][-1]["ErrorEquals"])


def ways(start: str, without: str = "") -> set[str]:
    """Every state that some run can enter from `start`, `without` going through one of them."""
    found, waiting = set[str](), [start]
    while waiting:
        name = waiting.pop()
        if name not in found and name != without:
            found.add(name)
            waiting += [target for target, _ in exits(STATES[name])]
    return found


def test_three_parsers_read_it() -> None:
    assert Linter.validate(REBUILD.read_text()) == []
    AmazonStateLanguageParser.parse(REBUILD.read_text())


@pytest.mark.parametrize("name", STATES)
def test_a_state_says_what_it_settles(name: str) -> None:
    assert len(STATES[name]["Comment"]) > 30


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_bounded_retried_and_caught(name: str) -> None:
    state = TASKS[name]
    timeout = sam_templates.load(ROOT / "template.yaml")["Globals"]["Function"]["Timeout"]
    assert state["TimeoutSeconds"] > timeout, "or a second attempt would run beside a first one that still works"
    assert set(state["Retry"][-1]["ErrorEquals"]) == PASSING
    assert all(0 < retrier["MaxAttempts"] <= 150 for retrier in state["Retry"])
    assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"]
    assert state["Parameters"]["FunctionName"] == "${" + name + "FunctionArn}"


def test_every_state_can_be_reached_and_every_way_ends_with_a_record_and_a_message() -> None:
    assert ways(DEFINED["StartAt"]) == set(STATES)
    for needed in ("RecordOutcome", "Notify"):
        assert not ways(DEFINED["StartAt"], without=needed) & ENDS


def test_the_old_primary_keeps_its_place_until_its_rows_are_settled() -> None:
    for needed in ("CheckRebuild", "ExportDivergence", "DivergenceIsSettled"):
        assert not ways(DEFINED["StartAt"], without=needed) & {"KeepOldPrimary", "InstallReplica"}
    choice = STATES["DivergenceIsSettled"]
    assert {tests["And"][1]["Variable"] for tests in choice["Choices"]} == {
        "$.divergence.exported",
        "$.divergence.accepted",
    }
    assert choice["Default"] == "RecordOutcome"


def test_only_a_recorded_success_ends_as_one() -> None:
    choice = STATES["RebuildOutcome"]
    assert choice["Default"] == "Unrecorded"
    succeeds = [tests for tests in choice["Choices"] if STATES[tests["Next"]]["Type"] == "Succeed"]
    assert [tests["And"][1] for tests in succeeds] == [{"Variable": "$.outcome.result", "StringEquals": "rebuilt"}]


def test_the_limit_never_cuts_off_the_record() -> None:
    assert longest_run(DEFINED) + timedelta(minutes=10) < timedelta(seconds=DEFINED["TimeoutSeconds"])
