"""Does the emulated Lambda run functions as Lambda does: from their archive, within their Timeout, errors reported?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.lab.emulated_cloud import EmulatedCloud

REGION = "us-west-2"
SOURCE = """
import os, time
CALLS = 0
def handler(event, context):
    global CALLS
    CALLS += 1
    print("called with", event)
    if event.get("do") == "raise":
        raise LookupError("no such thing")
    if event.get("do") == "hang":
        time.sleep(60)
    if event.get("do") == "exit":
        os._exit(3)
    return {
        "calls": CALLS,
        "caller": os.environ["AWS_ACCESS_KEY_ID"],
        "setting": os.environ["SETTING"],
        "name": context.function_name,
        "left": context.get_remaining_time_in_millis(),
    }
"""


@pytest.fixture(scope="module")
def function(cloud: EmulatedCloud) -> str:
    return cloud.function(REGION, SOURCE, Timeout=2, Environment={"Variables": {"SETTING": "from the template"}})


def invoke(cloud: EmulatedCloud, function: str, event: dict[str, Any]) -> tuple[str | None, Any]:
    answer = cloud.client("lambda", REGION).invoke(FunctionName=function, Payload=json.dumps(event))
    return answer.get("FunctionError"), json.loads(answer["Payload"].read())


def test_a_function_gets_its_environment_and_its_regions_identity(cloud: EmulatedCloud, function: str) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"""
    error, answer = invoke(cloud, function, {})
    assert error is None
    assert answer["setting"] == "from the template"
    assert answer["caller"] == f"LAB-{REGION}"
    assert answer["name"] == function.rsplit(":", 1)[-1]
    assert 0 < answer["left"] <= 2000


def test_a_warm_function_keeps_its_memory(cloud: EmulatedCloud, function: str) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html"""
    first, second = (invoke(cloud, function, {})[1]["calls"] for _ in range(2))
    assert second == first + 1


def test_an_exception_is_an_unhandled_function_error(cloud: EmulatedCloud, function: str) -> None:
    """https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html (FunctionError)"""
    error, answer = invoke(cloud, function, {"do": "raise"})
    assert error == "Unhandled"
    assert (answer["errorType"], answer["errorMessage"]) == ("LookupError", "no such thing")


def test_a_function_is_ended_at_its_timeout_and_starts_anew(cloud: EmulatedCloud, function: str) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html"""
    error, answer = invoke(cloud, function, {"do": "hang"})
    assert error == "Unhandled"
    assert answer["errorType"] == "Sandbox.Timedout"
    assert answer["errorMessage"].endswith("Task timed out after 2.00 seconds")
    assert invoke(cloud, function, {})[0] is None


def test_a_function_that_exits_is_reported_and_starts_anew(cloud: EmulatedCloud, function: str) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html (Runtime.ExitError)"""
    error, answer = invoke(cloud, function, {"do": "exit"})
    assert (error, answer["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert invoke(cloud, function, {})[1]["calls"] == 1


def test_an_invocation_is_journalled_with_its_error(cloud: EmulatedCloud, function: str) -> None:
    after = cloud.last()
    invoke(cloud, function, {"do": "raise"})
    entry = cloud.wait_for("lambda", after, function=function.rsplit(":", 1)[-1])
    assert (entry["error"], entry["region"]) == ("LookupError", REGION)
