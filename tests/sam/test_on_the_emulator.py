"""Does every function start and answer under AWS's own emulator and runtime client, and is its end told as on Lambda?"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from emulator import ROOT, Emulated, missing, packages
from events import FAILOVER_BY_HAND, NAMES, REFUSED, event, of_now
from judgements import judge, observed

from lab.laboratory import Laboratory
from lab.settings import SECONDARY_REGION

pytestmark = [
    pytest.mark.sam,
    pytest.mark.skipif(
        missing() is not None and not os.environ.get("DRLAB_REQUIRE_SAM_LOCAL"), reason=missing() or "it can"
    ),
]
MISBEHAVING = Path(__file__).parent / "misbehaving"
OWN_PACKAGES = packages(Path(sys.prefix))


def test_every_function_has_an_event_and_a_judgement(lab: Laboratory) -> None:
    deployed = {one["Handler"] for one in functions(lab).values()}
    assert set(functions(lab)) == set(NAMES)
    assert {name for name, _ in FAILOVER_BY_HAND} == set(NAMES) - set(REFUSED)
    assert len(deployed) == len(NAMES)


def test_a_failover_by_hand_goes_through_every_function(lab: Laboratory) -> None:
    """Each function in a process of its own, with the environment that the template gives it in the lab."""
    configurations = functions(lab)
    for name, given in FAILOVER_BY_HAND:
        before = observed(lab)
        with Emulated(ROOT / "functions", configurations[name], OWN_PACKAGES, SECONDARY_REGION) as function:
            answered = function.invoke(of_now(given))
            logged = function.end()
        assert not answered.error, (name, answered.body, logged)
        judge(lab, name, answered.body, before)


@pytest.mark.parametrize("name", REFUSED)
def test_a_step_that_has_no_place_here_starts_and_refuses(lab: Laboratory, name: str) -> None:
    with Emulated(ROOT / "functions", functions(lab)[name], OWN_PACKAGES, SECONDARY_REGION) as function:
        answered = function.invoke(event(name))
    assert answered.error == "RunRefused"
    assert REFUSED[name] in answered.body["errorMessage"]


@pytest.mark.parametrize(
    ("do", "error", "message"),
    [
        ("raise", "TransientFailure", "the copy in us-east-1 does not answer"),
        ("exit", "Runtime.ExitError", "exit status 3"),
    ],
)
def test_a_failure_is_told_by_its_name(do: str, error: str, message: str) -> None:
    with misbehaving() as function:
        answered = function.invoke({"do": do})
    assert answered.error == error
    assert message in answered.body["errorMessage"]


def test_a_timeout_is_told_as_one_and_the_next_call_is_served() -> None:
    with misbehaving() as function:
        answered = function.invoke({"do": "sleep"})
        assert "Task timed out after 1.00 seconds" in str(answered.body)
        assert 1 <= answered.seconds < 5
        assert function.invoke({}).body == {"answered": True}


def misbehaving() -> Emulated:
    configuration = {"Handler": "misbehaving.handler", "FunctionName": "misbehaving", "Timeout": 1}
    return Emulated(MISBEHAVING, configuration, OWN_PACKAGES, SECONDARY_REGION)


def functions(lab: Laboratory) -> dict[str, dict[str, Any]]:
    """The deployed functions' configurations, by the name of their state."""
    pages = lab.client("cloudformation", SECONDARY_REGION).get_paginator("list_stack_resources")
    resources = [
        one
        for page in pages.paginate(StackName="drlab-app-control-plane")
        for one in page["StackResourceSummaries"]
        if one["ResourceType"] == "AWS::Lambda::Function"
    ]
    client = lab.client("lambda", SECONDARY_REGION)
    return {
        one["LogicalResourceId"].removesuffix("Function"): client.get_function_configuration(
            FunctionName=one["PhysicalResourceId"]
        )
        for one in resources
    }
