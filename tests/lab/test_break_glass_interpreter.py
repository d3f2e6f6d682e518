"""Does the laptop's interpreter refuse what it would otherwise pass over, and keep time and retries as Step Functions does?

That it goes every way through the workflow file as Step Functions does is tests/statemachines/test_failover_paths.py.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any

import pytest

from lab.break_glass.errors import NotUnderstood, WorkflowError
from lab.break_glass.interpreter import Interpreter
from lab.documentation.workflow import load


class Silent:
    """Functions that answer what they are made to, and an observer that hears nothing."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        self.answer, self.pauses = answer, list[float]()

    def invoke(self, function: str, payload: Any) -> Any:
        return self.answer()

    def ask(self, function: str, payload: Any, within_seconds: float) -> Any:
        return self.answer()

    def entering(self, state: str, data: Any, outermost: bool) -> None:
        pass

    def again(self, state: str, error: WorkflowError, in_seconds: float) -> None:
        pass

    def left(self, state: str, error: WorkflowError | None) -> None:
        pass


def a_task(**changes: Any) -> dict[str, Any]:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "f", "Payload": {"run.$": "$$.Execution.Name"}},
        "ResultSelector": {"said.$": "$.Payload.said"},
        "TimeoutSeconds": 1,
        "End": True,
    }
    return {"StartAt": "Only", "States": {"Only": {**task, **changes}}}


def run(machine: dict[str, Any], answer: Callable[[], Any]) -> tuple[Any, str | None, list[float]]:
    stand_in = Silent(answer)
    ended = Interpreter(machine, stand_in, stand_in, stand_in.pauses.append, draw=lambda: 1.0).run(
        {}, {"Execution": {"Name": "r"}}
    )
    return ended.output, ended.error.name if ended.error else None, stand_in.pauses


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("States", "CheckPrimaryHealth", "HeartbeatSeconds"), 3, "CheckPrimaryHealth says HeartbeatSeconds"),
        (("States", "CheckPrimaryHealth", "Resource"), "arn:aws:states:::sqs:sendMessage", "sqs:sendMessage"),
        (("States", "CheckPrimaryHealth", "Next"), "Nowhere", "leads to Nowhere, which there is not"),
        (("States", "StoodDown", "Type"), "Map", "of type Map"),
        (("States", "LeaderAllowsRun", "Choices"), [{"Not": {}, "Next": "StandDown"}], "LeaderAllowsRun says"),
        (("States", "FencePrimary", "Retry"), [{"ErrorEquals": ["X"]}], "a Retry of FencePrimary does not say"),
        (("QueryLanguage",), "JSONata", "the workflow says QueryLanguage"),
    ],
)
def test_a_file_that_says_more_is_refused_before_anything_is_done(path: tuple[str, ...], value: Any, told: str) -> None:
    """Passed over, it would be a run that is not the one that was drilled."""
    machine = copy.deepcopy(load())
    place = machine
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(NotUnderstood, match=told):
        Interpreter(machine, Silent(dict), Silent(dict), time.sleep)


def test_a_call_that_takes_too_long_is_given_up_by_the_name_that_retries_know() -> None:
    machine = a_task(TimeoutSeconds=0.05, Catch=[{"ErrorEquals": ["States.ALL"], "ResultPath": "$", "Next": "Only2"}])
    machine["States"]["Only2"] = {"Type": "Succeed"}
    output, error, _ = run(machine, lambda: time.sleep(1))
    assert (output["Error"], error) == ("States.Timeout", None)


def test_pauses_grow_to_their_limit_and_each_retrier_counts_for_itself() -> None:
    def retrier(name: str, **more: Any) -> dict[str, Any]:
        return {"ErrorEquals": [name], "IntervalSeconds": 1, "BackoffRate": 2.0, "MaxAttempts": 3, **more}

    errors = iter(["A", "A", "B", "A", "B", "B", "B"])

    def fail() -> Any:
        raise WorkflowError(next(errors), "no")

    machine = a_task(Retry=[retrier("A", MaxDelaySeconds=3), retrier("B", JitterStrategy="FULL")])
    assert run(machine, fail) == (None, "B", [1.0, 2.0, 1.0, 3.0, 2.0, 4.0])


def test_an_answer_without_a_field_that_the_file_selects_ends_the_walk_as_on_aws() -> None:
    """States.Runtime is caught by nobody: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html"""
    machine = a_task(Catch=[{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Only"}])
    assert run(machine, lambda: {"other": 1})[:2] == (None, "States.Runtime")
