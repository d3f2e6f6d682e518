"""Does the interpreter run workflows as Step Functions does, where moto alone does not?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.lab.emulated_cloud import EmulatedCloud, unique, until

REGION = "us-west-2"


def run(
    cloud: EmulatedCloud, definition: dict[str, Any], data: Any, role: str | None = None
) -> tuple[dict[str, Any], str]:
    machines = cloud.client("stepfunctions", REGION)
    machine = machines.create_state_machine(
        name=unique("machine"), definition=json.dumps(definition), roleArn=role or cloud.role("states")
    )["stateMachineArn"]
    arn = machines.start_execution(stateMachineArn=machine, input=json.dumps(data))["executionArn"]
    ended = until(
        lambda: (found := machines.describe_execution(executionArn=arn))["status"] != "RUNNING" and found,
        within=10,
    )
    return ended, arn


def test_a_path_into_a_list_names_one_value(cloud: EmulatedCloud) -> None:
    """A reference path identifies exactly one value: https://states-language.net/#reference-paths"""
    taken = {"StartAt": "Take", "States": {"Take": {"Type": "Pass", "InputPath": "$.a[1].b", "End": True}}}
    ended, _ = run(cloud, taken, {"a": [{"b": 1}, {"b": {"c": 2}}]})
    assert json.loads(ended["output"]) == {"c": 2}


def test_every_state_is_journalled_as_it_is_entered_and_left(cloud: EmulatedCloud) -> None:
    after = cloud.last()
    two = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Succeed"}}}
    _, arn = run(cloud, two, {})
    cloud.wait_for("workflow", after, execution=arn, event="ExecutionSucceeded")
    told = [(entry["event"], entry["state"]) for entry in cloud.entries("workflow", after, execution=arn)]
    assert told == [
        ("ExecutionStarted", None),
        ("PassStateEntered", "A"),
        ("PassStateExited", "A"),
        ("SucceedStateEntered", "B"),
        ("SucceedStateExited", "B"),
        ("ExecutionSucceeded", None),
    ]


def test_the_same_name_and_input_start_one_execution(cloud: EmulatedCloud) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html (idempotent)"""
    machines = cloud.client("stepfunctions", REGION)
    waiting = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 1, "End": True}}}
    machine = machines.create_state_machine(
        name=unique("machine"), definition=json.dumps(waiting), roleArn=cloud.role("states")
    )["stateMachineArn"]
    twice = {machines.start_execution(stateMachineArn=machine, name="one", input="{}")["executionArn"] for _ in "12"}
    assert len(twice) == 1


def test_an_execution_that_was_stopped_is_aborted_even_where_its_task_fails_then(
    cloud: EmulatedCloud, tmp_path: Path
) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/apireference/API_StopExecution.html"""
    begun = tmp_path / "begun"
    failing = (
        "import pathlib, time\ndef handler(event, context):\n"
        f"    pathlib.Path({str(begun)!r}).touch()\n    time.sleep(0.5)\n    raise ValueError('too late')\n"
    )
    arn, after = cloud.function(REGION, failing), cloud.last()
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": arn},
        "End": True,
    }
    machines, role = cloud.client("stepfunctions", REGION), cloud.role("states", ("lambda:InvokeFunction", arn))
    machine = machines.create_state_machine(
        name=unique("machine"), definition=json.dumps({"StartAt": "Fail", "States": {"Fail": task}}), roleArn=role
    )["stateMachineArn"]
    execution = machines.start_execution(stateMachineArn=machine)["executionArn"]
    until(begun.exists)
    machines.stop_execution(executionArn=execution)
    cloud.wait_for("lambda", after, function=arn.rpartition(":")[2])
    ended = until(
        lambda: (found := machines.describe_execution(executionArn=execution))["status"] != "RUNNING" and found,
        within=10,
    )
    assert ended["status"] == "ABORTED"


@pytest.mark.scenario("F43")
def test_an_execution_goes_on_by_the_definition_that_it_was_started_with(cloud: EmulatedCloud, tmp_path: Path) -> None:
    """Whatever is deployed meanwhile: https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateStateMachine.html"""
    begun, deployed = tmp_path / "begun", tmp_path / "deployed"
    waiting = (
        "import pathlib, time\ndef handler(event, context):\n"
        f"    pathlib.Path({str(begun)!r}).touch()\n    until = time.monotonic() + 10\n"
        f"    while not pathlib.Path({str(deployed)!r}).exists() and time.monotonic() < until:\n        time.sleep(0.02)\n"
    )
    function = cloud.function(REGION, waiting)

    def ends_as(told: str) -> str:
        task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": function}}
        last = {"Type": "Pass", "Result": {"by": told}, "End": True}
        return json.dumps({"StartAt": "Wait", "States": {"Wait": {**task, "Next": told}, told: last}})

    machines = cloud.client("stepfunctions", REGION)
    role = cloud.role("states", ("lambda:InvokeFunction", function))
    machine = machines.create_state_machine(name=unique("machine"), definition=ends_as("Before"), roleArn=role)
    arn = machine["stateMachineArn"]
    running = machines.start_execution(stateMachineArn=arn, name="running")["executionArn"]
    until(begun.exists)
    # Another role too, which may invoke nothing: the execution keeps that of its start.
    machines.update_state_machine(stateMachineArn=arn, definition=ends_as("After"), roleArn=cloud.role("states"))
    assert machines.describe_execution(executionArn=running)["status"] == "RUNNING"
    deployed.touch()
    ended = until(lambda: (found := machines.describe_execution(executionArn=running))["status"] != "RUNNING" and found)
    assert (ended["status"], json.loads(ended["output"])) == ("SUCCEEDED", {"by": "Before"})
    machines.update_state_machine(stateMachineArn=arn, roleArn=role)
    later = machines.start_execution(stateMachineArn=arn, name="later")["executionArn"]
    ended = until(lambda: (found := machines.describe_execution(executionArn=later))["status"] != "RUNNING" and found)
    assert json.loads(ended["output"]) == {"by": "After"}


def test_a_task_is_done_only_where_the_workflows_role_allows_it(cloud: EmulatedCloud) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html (IAM policies)"""
    arn = cloud.function(REGION, "def handler(event, context):\n    return event\n")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": arn},
        "End": True,
    }
    definition = {"StartAt": "Ask", "States": {"Ask": task}}
    ended, _ = run(cloud, definition, {}, cloud.role("states", ("lambda:InvokeFunction", f"{arn}-of-another-name")))
    assert ended["status"] == "FAILED"
    assert f"no policy allows lambda:InvokeFunction on {arn}" in ended["cause"]
    role = cloud.role("states", ("lambda:InvokeFunction", arn))
    ended, execution = run(cloud, definition, {}, role)
    assert ended["status"] == "SUCCEEDED", ended
    found = cloud.control.permissions()[execution.replace(":execution:", ":stateMachine:").rpartition(":")[0]]
    assert (found["used"], found["unused"], found["denied"]) == ([["lambda:InvokeFunction", arn]], [], [])
