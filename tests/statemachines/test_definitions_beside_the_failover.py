"""Are the workflows beside the failover's sound: by three parsers, and does each of their ways end with a record?"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from statelint.linter import Linter

from lab.documentation.workflow import DEFINITION, NOT_RUN, REBUILD, REHEARSAL, exits, load, longest_run
from tests.templates.expanded import CONTROL_PLANE, source

WORKFLOWS = {path.stem.partition(".")[0]: path for path in (REBUILD, REHEARSAL)}
DEFINED = {name: load(path) for name, path in WORKFLOWS.items()}
STATES = [(name, state) for name, machine in DEFINED.items() for state in machine["States"]]
TASKS = [(name, state) for name, state in STATES if DEFINED[name]["States"][state]["Type"] == "Task"]
# What ends without: nothing happened in the Region that leads, where the schedule is the other's.
SILENT = {"RehearsedElsewhere"}
# What Lambda itself may raise, and passes when tried again: the failover's list, which a test of its own holds.
PASSING = set(load(DEFINITION)["States"]["Notify"]["Retry"][-1]["ErrorEquals"])


def ways(states: dict[str, dict[str, Any]], start: str, without: str = "") -> set[str]:
    """Every state that some run can enter from `start`, `without` going through one of them."""
    found, waiting = set[str](), [start]
    while waiting:
        name = waiting.pop()
        if name not in found and name != without:
            found.add(name)
            waiting += [target for target, _ in exits(states[name])]
    return found


@pytest.mark.parametrize("path", WORKFLOWS.values(), ids=list(WORKFLOWS))
def test_three_parsers_read_it(path: Path) -> None:
    assert Linter.validate(path.read_text()) == []
    AmazonStateLanguageParser.parse(path.read_text())


@pytest.mark.parametrize(("workflow", "name"), STATES)
def test_a_state_says_what_it_settles(workflow: str, name: str) -> None:
    assert len(DEFINED[workflow]["States"][name]["Comment"]) > 30


@pytest.mark.parametrize(("workflow", "name"), TASKS)
def test_a_task_is_bounded_retried_and_caught(workflow: str, name: str) -> None:
    state = DEFINED[workflow]["States"][name]
    timeout = source(CONTROL_PLANE)["Globals"]["Function"]["Timeout"]
    assert state["TimeoutSeconds"] > timeout, "or a second attempt would run beside a first one that still works"
    assert set(state["Retry"][-1]["ErrorEquals"]) == PASSING
    assert all(0 < retrier["MaxAttempts"] <= 150 for retrier in state["Retry"])
    assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"]
    assert state["Parameters"]["FunctionName"] == "${" + name + "FunctionArn}"


@pytest.mark.parametrize(("workflow", "name"), TASKS)
def test_a_function_in_a_vpc_is_waited_for_while_it_wakes_up(workflow: str, name: str) -> None:
    """As in the failover, whose test of this name says why: a rebuild may be the first to ask in months."""
    function = source(CONTROL_PLANE)["Resources"][f"{name}Function"]["Properties"]
    retry = DEFINED[workflow]["States"][name]["Retry"]
    waking = [one for one in retry if set(one["ErrorEquals"]) & NOT_RUN]
    asleep = [one for one in load(DEFINITION)["States"]["PromoteReplica"]["Retry"] if set(one["ErrorEquals"]) & NOT_RUN]
    assert waking == (asleep if "VpcConfig" in function else [])


@pytest.mark.parametrize("workflow", DEFINED)
def test_every_state_can_be_reached_and_every_way_ends_with_a_record_and_a_message(workflow: str) -> None:
    machine = DEFINED[workflow]
    states, start = machine["States"], machine["StartAt"]
    assert ways(states, start) == set(states)
    ends = {name for name, state in states.items() if state["Type"] in ("Succeed", "Fail")}
    for needed in ("RecordOutcome", "Notify"):
        assert ways(states, start, without=needed) & ends <= SILENT


@pytest.mark.parametrize("workflow", DEFINED)
def test_only_a_recorded_success_ends_as_one(workflow: str) -> None:
    states = DEFINED[workflow]["States"]
    (choice,) = [state for name, state in states.items() if name.endswith("Outcome") and state["Type"] == "Choice"]
    assert choice["Default"] == "Unrecorded"
    succeeds = [tests for tests in choice["Choices"] if states[tests["Next"]]["Type"] == "Succeed"]
    proven = {"rebuild_standby": "rebuilt", "restore_rehearsal": "rehearsed"}[workflow]
    assert [tests["And"][1] for tests in succeeds] == [{"Variable": "$.outcome.result", "StringEquals": proven}]


@pytest.mark.parametrize("workflow", DEFINED)
def test_the_limit_never_cuts_off_the_record(workflow: str) -> None:
    machine = DEFINED[workflow]
    assert longest_run(machine) + timedelta(minutes=10) < timedelta(seconds=machine["TimeoutSeconds"])


def test_the_old_primary_keeps_its_place_until_its_rows_are_settled() -> None:
    states, start = DEFINED["rebuild_standby"]["States"], DEFINED["rebuild_standby"]["StartAt"]
    for needed in ("CheckRebuild", "ExportDivergence", "DivergenceIsSettled"):
        assert not ways(states, start, without=needed) & {"KeepOldPrimary", "InstallReplica"}
    choice = states["DivergenceIsSettled"]
    assert {tests["And"][1]["Variable"] for tests in choice["Choices"]} == {
        "$.divergence.exported",
        "$.divergence.accepted",
    }
    assert choice["Default"] == "RecordOutcome"


def test_a_global_database_goes_past_all_that_replaces_an_instance_and_past_nothing_else() -> None:
    """The service is led to a standby that was seen to follow, whoever made it."""
    states = DEFINED["rebuild_standby"]["States"]
    (way,) = [
        one["Next"]
        for one in states["RebuildIsAllowed"]["Choices"]
        if {"Variable": "$.check.db_mode", "StringEquals": "aurora-global"} in one["And"]
    ]
    assert way == "VerifyStandby"
    assert states["RebuildIsAllowed"]["Choices"][0]["Next"] == way, "the first choice that holds is taken"
    gone_past = {"CreateReplica", "ExportDivergence", "DivergenceIsSettled", "KeepOldPrimary", "InstallReplica"}
    assert set(states) - ways(states, way) == {"CheckRebuild", "RefuseInput", "RebuildIsAllowed", *gone_past}
    led = {"UpdateSecretsAndRotateAppConfig", "ReverseObjectReplication"}
    assert not ways(states, "CheckRebuild", without="VerifyStandby") & led


@pytest.mark.parametrize("workflow", DEFINED)
def test_an_input_that_makes_no_sense_is_replaced_as_a_whole_by_the_first_state_alone(workflow: str) -> None:
    """It may be no object, in which there is no place for an error."""
    states, start = DEFINED[workflow]["States"], DEFINED[workflow]["StartAt"]
    refusing = [one for state in states.values() for one in state.get("Catch", ()) if one["Next"] == "RefuseInput"]
    assert refusing == [{"ErrorEquals": ["InputRefused"], "ResultPath": "$", "Next": "RefuseInput"}]
    assert states[start]["Catch"][0] == refusing[0]
    assert states["RefuseInput"]["Next"] == "RecordOutcome"
    asks_for = {"rebuild_standby": "rebuild", "restore_rehearsal": "rehearsal"}[workflow]
    assert states["RefuseInput"]["Parameters"][asks_for] == {}, "by this key the later states know what run it is"


def test_what_was_restored_is_deleted_on_every_way_that_restores() -> None:
    states, start = DEFINED["restore_rehearsal"]["States"], DEFINED["restore_rehearsal"]["StartAt"]
    onward = {target for target, _ in exits(states["RehearseRestore"])}
    assert onward == {"DeleteRehearsedInstance"}
    assert "RehearseRestore" not in ways(states, start, without="CheckRehearsal")
    # A failure of the deletion must not hide that of the restore.
    caught = [states[name]["Catch"][0]["ResultPath"] for name in ("RehearseRestore", "DeleteRehearsedInstance")]
    assert len(set(caught)) == 2
