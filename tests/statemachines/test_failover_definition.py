"""Is the workflow file sound: by three parsers, and by rules of our own that no linter knows?"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from statelint.linter import Linter

from lab.documentation.workflow import (
    DEFINITION,
    DOCUMENT,
    NOT_RUN,
    ONE_WAY_STEPS,
    REHEARSAL,
    ROOT,
    Placed,
    State,
    exits,
    load,
    longest,
    longest_run,
    render,
    states,
)
from tests.templates.expanded import CONTROL_PLANE, source

DEFINED = load()
PLACED: dict[str, Placed] = {placed.name: placed for placed in states(DEFINED)}
TASKS = {name: placed for name, placed in PLACED.items() if placed.state["Type"] == "Task"}
CHOICES = [name for name, placed in PLACED.items() if placed.state["Type"] == "Choice"]
BEFORE = [
    "CheckPrimaryHealth",
    "CheckSecondaryReadiness",
    "WarmSecondary",
    "FencePrimary",
    "PrepareSecondary",
    "AwaitApproval",
    "RestoreFromLatestSnapshot",
]
POLLING = ("failover.application.polling", "failover.application.becoming_primary", "failover.application.errors")
# Waits for a person, not for a function: for as long as the plan says, and its end is no failure to be retried.
WAITS_FOR_A_PERSON = "AwaitApproval"
RESTORE = "RestoreFromLatestSnapshot"
FROM_THE_ONE_WAY_STEP = [
    "PromoteReplica",
    "FailoverGlobalCluster",
    "SwitchoverGlobalCluster",
    "UpdateSecretsAndRotateAppConfig",
    "VerifyWrites",
    "OpenSecondary",
    "FlipRoute53",
    "PostChecks",
]
# What may be raised by Lambda itself rather than by a function, and passes when tried again.
# https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
LAMBDA_ERRORS = {
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
}
# How a function that ended with its process, or was ended at its time, is told: by the errorType of Lambda's answer.
# https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
FUNCTION_ENDS = {"Runtime.ExitError", "Sandbox.Timedout", "Lambda.Unknown"}


def reached(start: str) -> set[str]:
    """Every state outside branches that some run can enter from here."""
    found, waiting = set[str](), [start]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [target for target, _ in exits(DEFINED["States"][name])]
    return found


def test_statelint_finds_nothing() -> None:
    assert Linter.validate(DEFINITION.read_text()) == []


def test_the_lab_s_interpreter_can_read_it() -> None:
    AmazonStateLanguageParser.parse(DEFINITION.read_text())


def test_no_key_stands_twice_in_one_object() -> None:
    """JSON parsers keep the last of two equal keys and say nothing."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        assert len(keys) == len(set(keys)), f"twice: {keys}"
        return dict(pairs)

    json.loads(DEFINITION.read_text(), object_pairs_hook=unique)


def test_state_names_are_unique_across_branches() -> None:
    names = [placed.name for placed in states(DEFINED)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", PLACED)
def test_a_state_says_what_it_settles(name: str) -> None:
    assert len(PLACED[name].state.get("Comment", "")) > 40


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_has_a_default_that_does_not_go_on(name: str) -> None:
    """Without a Default an unexpected value ends the execution with no record and nobody told."""
    state = PLACED[name].state
    assert state["Default"] in ("StandDown", "Held")
    assert state["Default"] not in [choice["Next"] for choice in state["Choices"]]


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_bounded_retried_and_caught(name: str) -> None:
    placed = TASKS[name]
    assert placed.state["TimeoutSecondsPath" if name == WAITS_FOR_A_PERSON else "TimeoutSeconds"]
    assert placed.state["Retry"]
    catching = placed.state if placed.parent is None else PLACED[placed.parent].state
    assert catching["Catch"][-1]["ErrorEquals"] == ["States.ALL"], "what nothing else catches goes on as well"


@pytest.mark.parametrize("name", TASKS)
def test_every_retry_is_bounded_and_names_its_errors(name: str) -> None:
    """RunRefused and a bug in a function are final: States.ALL among the retries would hide both for minutes."""
    retriers = TASKS[name].state["Retry"]
    for retrier in retriers:
        assert set(retrier) >= {"IntervalSeconds", "BackoffRate", "MaxAttempts"}
        assert retrier["MaxAttempts"] <= (150 if name == RESTORE else 30)
        assert not {"States.ALL", "States.TaskFailed", "RunRefused"} & set(retrier["ErrorEquals"])
    named = {error for retrier in retriers for error in retrier["ErrorEquals"]}
    assert named >= LAMBDA_ERRORS | FUNCTION_ENDS | {"TransientFailure"}
    assert ("States.Timeout" in named) is (name != WAITS_FOR_A_PERSON)


@pytest.mark.parametrize("name", TASKS)
def test_a_function_in_a_vpc_is_waited_for_while_it_wakes_up(name: str) -> None:
    """After weeks without a call Lambda takes its network interfaces back: the next call fails, "a minute or so" of them.

    Without this PromoteReplica would hold every first failover, fenced, and BoundDataLoss would stand it down.
    https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html (Inactive)
    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html (ResourceNotReadyException, ENINotReadyException)
    """
    waking = [one for one in TASKS[name].state["Retry"] if set(one["ErrorEquals"]) & NOT_RUN]
    if "VpcConfig" in source(CONTROL_PLANE)["Resources"][f"{name}Function"]["Properties"]:
        (retrier,) = waking
        assert set(retrier["ErrorEquals"]) == NOT_RUN
        assert retrier["BackoffRate"] == 1, "the moment at which it is awake is not slept through"
        assert 120 <= retrier["IntervalSeconds"] * retrier["MaxAttempts"] <= 180
    else:
        assert not waking


@pytest.mark.scenario("F22")
@pytest.mark.parametrize("name", TASKS)
def test_a_growing_pause_has_a_limit_and_is_spread(name: str) -> None:
    for retrier in TASKS[name].state["Retry"]:
        if retrier["BackoffRate"] > 1:
            assert retrier["MaxDelaySeconds"] <= 15
            assert retrier["JitterStrategy"] == "FULL"


@pytest.mark.parametrize("name", BEFORE)
def test_a_failover_is_not_given_up_for_a_throttle_that_passes(name: str) -> None:
    """A stand-down costs an outage the probe's whole pause, minutes that double: the pauses between attempts, seconds."""
    placed = [PLACED[name], *(one for one in PLACED.values() if one.parent == name)]
    for retrier in [retrier for one in placed for retrier in one.state.get("Retry", [])]:
        if "TransientFailure" in retrier["ErrorEquals"]:
            assert retrier["MaxAttempts"] >= 5, "spread over some ten seconds, of pauses drawn from 1, 2, 4, 8 and 8"


@pytest.mark.parametrize("name", [name for name in TASKS if name != WAITS_FOR_A_PERSON])
def test_a_task_outlives_its_function(name: str) -> None:
    """Otherwise the state ends first, and a second attempt runs beside a first one that still works."""
    template = source(CONTROL_PLANE)
    function = template["Resources"][f"{name}Function"]["Properties"]
    timeout = function.get("Timeout", template["Globals"]["Function"]["Timeout"])
    assert TASKS[name].state["TimeoutSeconds"] > timeout


@pytest.mark.parametrize("name", TASKS)
def test_a_task_takes_only_the_fields_that_it_names(name: str) -> None:
    """An explicit selector keeps the run's state small and makes a missing field an error where it happens."""
    state = TASKS[name].state
    waits = name == WAITS_FOR_A_PERSON
    assert state["Resource"] == f"arn:aws:states:::lambda:invoke{'.waitForTaskToken' if waits else ''}"
    assert state["Parameters"]["FunctionName"] == "${" + name + "FunctionArn}"
    assert state["Parameters"]["Payload"] == {
        "run.$": "$$.Execution.Name",
        "started_at.$": "$$.Execution.StartTime",
        "state.$": "$",
        **({"task_token.$": "$$.Task.Token"} if waits else {}),
    }
    for key, path in state["ResultSelector"].items():
        # The answer of a person comes without an envelope.
        assert path == f"$.{'' if waits else 'Payload.'}{key.removesuffix('.$')}"


def test_exactly_the_steps_that_report_themselves_unfinished_are_asked_again() -> None:
    """A step that polls past its budget raises StillInProgress; without a retrier for it the run would fail."""
    asked_again = {
        name
        for name, placed in TASKS.items()
        if any(retrier["ErrorEquals"] == ["StillInProgress"] for retrier in placed.state["Retry"])
    }
    assert asked_again == {name for name in TASKS if imported(name) & {"poll", "BecomingPrimary", "StillInProgress"}}


def test_only_a_switchover_is_warmed_and_always_before_its_fence() -> None:
    """A failover has no time for it; a switchover that scaled after its fence would make its outage longer."""
    ready = PLACED["SecondaryIsReady"].state["Choices"]
    (planned,) = [choice for choice in ready if choice["Next"] == "WarmSecondary"]
    assert ready[0] == planned, "the first choice that holds is taken"
    assert {"Variable": "$.health.mode", "StringEquals": "planned"} in planned["And"]
    assert PLACED["WarmSecondary"].state["Next"] == "FencePrimary"
    assert "WarmSecondary" not in reached("FencePrimary")


def imported(state: str) -> set[str]:
    """What a state's use case imports of that which polls: `poll` raises StillInProgress, and BecomingPrimary by it."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", state).lower()
    tree = ast.parse((ROOT / "functions" / "failover" / "application" / f"{name}.py").read_text())
    return {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in POLLING
        for alias in node.names
    }


def test_no_two_states_write_to_the_same_place() -> None:
    """Re-driving relies on it: what a state found is still there for the states after it."""
    # A run takes one of the ways in which a database becomes the primary, and all answer alike.
    others = ("FailoverGlobalCluster", "SwitchoverGlobalCluster")
    placed = [one for name, one in PLACED.items() if name not in others]
    assert {PLACED[name].state["ResultPath"] for name in others} == {PLACED["PromoteReplica"].state["ResultPath"]}
    paths = [one.state["ResultPath"] for one in placed if "ResultPath" in one.state]
    assert len(paths) == len(set(paths))
    assert "$" not in paths


def test_every_state_can_be_reached() -> None:
    assert reached(DEFINED["StartAt"]) == set(DEFINED["States"])


def test_the_one_way_steps_are_those_that_lead_to_a_database_of_its_own() -> None:
    decided = {choice["Next"] for choice in PLACED["DecideAuroraOrStandard"].state["Choices"]}
    assert decided == set(ONE_WAY_STEPS)


@pytest.mark.parametrize("name", BEFORE)
def test_a_failure_before_the_one_way_step_stands_down(name: str) -> None:
    """A restore too: until it is proven, nothing was changed that the old leader depends on."""
    refused = ["RefuseInput"] if name == DEFINED["StartAt"] else []
    assert [catcher["Next"] for catcher in PLACED[name].state["Catch"]] == [*refused, "StandDown"]


@pytest.mark.scenario("F04")
@pytest.mark.parametrize("name", FROM_THE_ONE_WAY_STEP)
def test_after_the_one_way_step_no_way_leads_to_standing_down(name: str) -> None:
    assert "StandDown" not in reached(name)
    assert [catcher["Next"] for catcher in PLACED[name].state["Catch"]] == ["RecordOutcome"]


@pytest.mark.parametrize("name", DEFINED["States"])
def test_every_way_ends_with_a_record_and_a_notification(name: str) -> None:
    if name not in ("Notify", "Outcome", "FailedOver", "StoodDown", "Held"):
        assert ends_without({"RecordOutcome", "Notify"}, name) == set()


def ends_without(needed: set[str], start: str) -> set[str]:
    """The ends that can be reached while one of the needed states was not entered."""
    found: set[str] = set()

    def walk(name: str, missing: set[str]) -> None:
        missing = missing - {name}
        onward = exits(DEFINED["States"][name])
        if not onward and missing:
            found.add(name)
        for target, _ in onward:
            walk(target, missing)

    walk(start, needed)
    return found


def test_held_always_has_an_error_to_show() -> None:
    """Its ErrorPath must exist: no way leads there but after a caught failure, unless a record says held."""
    held = PLACED["Held"].state
    assert (held["ErrorPath"], held["CausePath"]) == ("$.error.Error", "$.error.Cause")
    for name, catcher in caught():
        if catcher["Next"] != "RefuseInput":
            assert catcher["ResultPath"] == ("$.notify_error" if name == "Notify" else "$.error"), name
    assert PLACED["RefuseInput"].state["Parameters"]["error.$"] == "$"


def test_an_input_that_makes_no_sense_is_replaced_as_a_whole_by_the_first_state_alone() -> None:
    """It may be no object, in which there is no place for an error."""
    (found,) = [(name, catcher) for name, catcher in caught() if catcher["Next"] == "RefuseInput"]
    assert found == (DEFINED["StartAt"], {"ErrorEquals": ["InputRefused"], "ResultPath": "$", "Next": "RefuseInput"})
    assert PLACED["RefuseInput"].state["Next"] == "StandDown"


def caught() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, placed in PLACED.items():
        for catcher in placed.state.get("Catch", []):
            yield name, catcher


def test_the_run_s_limit_never_cuts_off_its_record() -> None:
    """A machine that times out ends at once: no record, nobody told, and the fence stays on."""
    limit = timedelta(seconds=DEFINED["TimeoutSeconds"])
    assert longest_run(DEFINED) + timedelta(minutes=10) < limit < timedelta(hours=12)


@pytest.mark.parametrize("name", sorted({*ONE_WAY_STEPS} - {RESTORE}))
def test_a_promotion_may_take_as_long_as_aws_says(name: str) -> None:
    """Several minutes or longer: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReadRepl.html"""
    state = PLACED[name].state
    assert timedelta(minutes=20) < looks(state) < timedelta(minutes=30)
    assert longest(state) < timedelta(hours=1)


def test_a_restore_may_take_as_long_as_the_rehearsal_that_promised_it() -> None:
    (rehearsed,) = [one.state for one in states(load(REHEARSAL)) if one.name == "RehearseRestore"]
    assert looks(PLACED[RESTORE].state) >= looks(rehearsed)


def looks(state: State) -> timedelta:
    """How long it is asked for something that is still in progress."""
    again = next(retrier for retrier in state["Retry"] if retrier["ErrorEquals"] == ["StillInProgress"])
    return timedelta(seconds=45) * (1 + int(again["MaxAttempts"]))


def test_the_readme_is_what_the_file_says() -> None:
    assert DOCUMENT.read_text() == render(), "run `make documents`"
