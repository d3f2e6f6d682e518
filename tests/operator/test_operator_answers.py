"""Does the API tell what is, and say so when it cannot know?"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber
from control_plane_world import PRIMARY, STANDBY, WITNESS, plan_dict, plan_with
from emulated_aws import Cloud
from gateway import MARIA, Gateway

from failover.adapters.functions import Functions
from failover.adapters.run_book import StepFunctionsBook
from failover.application.by_hand_runs import heard_key
from failover.application.errors import RunRefused
from failover.application.kept_steps import KeptSteps, Step
from failover.application.preview_failover import PreviewFailover
from failover.domain.leader_record import fence
from failover.domain.plan import Plan
from failover.domain.run import Run
from failover.domain.run_input import require_failover
from failover.wiring.operators import outcomes_of
from failover.wiring.register import register_of
from lab.documentation.workflow import load
from webapi.operator import desk

AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def test_the_status_is_that_of_the_command(gateway: Gateway) -> None:
    gateway.ask("PUT", "/disarm", {"duration_seconds": 60, "reason": "storage upgrade"})
    told = gateway.ask("GET", "/status")
    assert told.status == 200
    assert told.body["record"]["leader"] == PRIMARY
    assert "Disarmed by" in told.body["held_back"]
    assert [(one["kind"], one["by"], one["region"]) for one in told.body["entries"]] == [("disarmed", MARIA, STANDBY)]
    assert {one["region"]: one["silent"] is None for one in told.body["regions"]} == {STANDBY: True, PRIMARY: False}


def test_an_unknown_leader_is_told_as_unknown(cloud: Cloud, gateway: Gateway) -> None:
    for region in (STANDBY, WITNESS):
        bucket = plan_dict()["record_copies"][region]
        cloud.client("s3", region).put_object(Bucket=bucket, Key="leader-record.json", Body=b"{")
    told = gateway.ask("GET", "/status")
    assert (told.status, told.body["record"], bool(told.body["unknown"])) == (200, None, True)


def test_a_run_s_timeline_has_its_states_its_decisions_and_its_outcome(cloud: Cloud, gateway: Gateway) -> None:
    run = gateway.ask("POST", "/runs", {"reason": "to see it"}).body["run"]
    gateway.ask("PUT", "/disarm", {"duration_seconds": 60, "reason": "of no run"})
    told = gateway.ask("GET", f"/runs/{run}")
    assert (told.body["run"]["name"], told.body["run"]["status"]) == (run, "RUNNING")
    assert [one["kind"] for one in told.body["decisions"]] == ["run-started"]
    assert (told.body["decisions"][0]["by"], told.body["outcome"]) == (MARIA, None)
    assert told.body["states"], "moto's history has a state"
    outcome = {"result": "stood-down", "reason": "It is healthy.", "summary": "app: it is healthy.", "leader": PRIMARY}
    cloud.client("s3").put_object(
        Bucket=plan_dict()["record_copies"][STANDBY],
        Key=f"runs/{run}/outcome.json",
        Body=json.dumps({**outcome, "epoch": 3, "recorded_at": AT.isoformat(), "state": {"secret": "no"}}),
    )
    told = gateway.ask("GET", f"/runs/{run}")
    assert told.body["outcome"]["result"] == "stood-down"
    assert "secret" not in told.text
    assert [one["name"] for one in gateway.ask("GET", "/runs").body["runs"]] == [run]


def test_a_run_that_a_person_drives_is_in_the_status_and_among_the_runs_with_its_states(
    cloud: Cloud, gateway: Gateway
) -> None:
    """No Step Functions knows of it, and its terminal has not been heard of."""
    run, began = "break-glass-e1-20261124T030000Z", AT - timedelta(hours=1)
    plan = Plan.parse(json.dumps(plan_dict()))
    register_of(plan).change(fence(run, began))
    first = Step(run, 0, "CheckPrimaryHealth", began.isoformat(), {}, promotes=False)
    steps = KeptSteps(outcomes_of(plan, STANDBY), "kim", first)
    steps.keep("FencePrimary", {}, began)
    steps.keep("PromoteReplica", {}, began + timedelta(seconds=9))
    (here,) = [one for one in gateway.ask("GET", "/status").body["regions"] if one["region"] == STANDBY]
    assert here["running"] == [run]
    assert here["under_way"][0]["state"] == "PromoteReplica (its terminal is silent)"
    assert [(one["name"], one["status"]) for one in gateway.ask("GET", "/runs").body["runs"]] == [(run, "ABANDONED")]
    told = gateway.ask("GET", f"/runs/{run}").body
    assert [(one["state"], one["left_at"] is None) for one in told["states"]] == [
        ("FencePrimary", False),
        ("PromoteReplica", True),
    ]
    outcomes_of(plan, STANDBY).put_once(heard_key(run, datetime.now(UTC)), "{}")
    assert gateway.ask("GET", f"/runs/{run}").body["run"]["status"] == "RUNNING"
    steps.keep("FailedOver", {}, AT)
    assert gateway.ask("GET", f"/runs/{run}").body["run"]["status"] == "SUCCEEDED"


def test_an_unknown_run_is_not_found(gateway: Gateway) -> None:
    told = gateway.ask("GET", "/runs/no-such-run")
    assert (told.status, told.body["type"]) == (404, "/problems/no-such-run")


def test_a_damaged_outcome_is_said_in_a_sentence(cloud: Cloud, gateway: Gateway) -> None:
    run = gateway.ask("POST", "/runs", {"reason": "to see it"}).body["run"]
    bucket = plan_dict()["record_copies"][STANDBY]
    cloud.client("s3").put_object(Bucket=bucket, Key=f"runs/{run}/outcome.json", Body=b"{")
    told = gateway.ask("GET", f"/runs/{run}")
    assert (told.status, told.body["type"]) == (502, "/problems/not-allowed")
    assert "is no outcome" in told.body["detail"]


def test_a_missing_plan_is_said_in_a_sentence(cloud: Cloud, gateway: Gateway) -> None:
    cloud.client("ssm").delete_parameter(Name="/drlab/app/plan")
    told = gateway.ask("GET", "/status")
    assert (told.status, "There is no plan" in told.body["detail"]) == (502, True)


def test_a_journal_that_was_changed_is_not_whole(cloud: Cloud, gateway: Gateway) -> None:
    gateway.ask("PUT", "/disarm", {"duration_seconds": 60, "reason": "storage upgrade"})
    gateway.ask("DELETE", "/disarm")
    assert gateway.ask("GET", "/journal/verification").body["whole"] is True
    shown = gateway.ask("GET", "/journal", query="count=1").body["entries"]
    assert [one["kind"] for one in shown] == ["armed"]
    s3, bucket = cloud.client("s3"), plan_dict()["record_copies"][STANDBY]
    entry = json.loads(s3.get_object(Bucket=bucket, Key="journal/00000001.json")["Body"].read())
    s3.put_object(Bucket=bucket, Key="journal/00000001.json", Body=json.dumps({**entry, "by": "nobody"}))
    told = gateway.ask("GET", "/journal/verification").body
    assert told["whole"] is False
    assert any("does not follow" in flaw for flaw in told["flaws"])
    assert any("was overwritten" in flaw for flaw in told["flaws"])


def test_the_preview_names_every_state_and_what_the_functions_say(cloud: Cloud, gateway: Gateway) -> None:
    """No function is deployed here: a run would stand down at the first that gives no answer."""
    cloud.client("stepfunctions").update_state_machine(
        stateMachineArn=cloud.state_machine_arn, definition=json.dumps(load())
    )
    told = gateway.ask("GET", "/preview")
    assert (told.status, told.body["stands_down_at"]) == (200, "CheckPrimaryHealth")
    steps = {one["state"]: one for one in told.body["steps"]}
    assert "drlab-app-check-primary-health" in steps["CheckPrimaryHealth"]["reason"]
    assert steps["PromoteReplica"]["goes_on"] is None


def test_readiness_is_the_standby_s_own_answer(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when a run holds the fence, and nothing can be said."""
    fenced = {"evaluated": False, "reason": "a-run holds the fence.", "verdict": "unknown", "checks": []}
    monkeypatch.setattr(desk, "ask_readiness", lambda _: fenced)
    told = gateway.ask("GET", "/readiness")
    assert (told.status, told.body["verdict"], told.body["standby"]) == (200, "unknown", None)
    assert told.body["reason"] == "a-run holds the fence."


def test_a_standby_that_cannot_be_asked_is_no_standby_that_is_ready(gateway: Gateway) -> None:
    """Here there is no such function at all."""
    told = gateway.ask("GET", "/readiness")
    assert told.status == 502
    assert "Asking drlab-app-evaluate-readiness" in told.body["detail"]


def test_a_preview_goes_through_when_every_function_says_so() -> None:
    answers = {
        "CheckPrimaryHealth": {"allowed": True, "reason": "It is down."},
        "CheckSecondaryReadiness": {"ready": True, "reason": "It is ready."},
        "BoundDataLoss": {"accepted": True, "reason": "At most 1 s."},
    }
    asked: dict[str, Any] = {}

    def ask(state: str, event: dict[str, Any]) -> Any:
        asked[state] = event
        return lambda: answers[state]

    steps = list(PreviewFailover(plan_with(), STANDBY, load(), ask)(AT))
    assert [one.state for one in steps if one.goes_on] == list(answers)
    assert [one for one in steps if one.goes_on is False] == []
    require_failover(Run.parse(asked.pop("CheckPrimaryHealth")))  # as of a person who asks for a failover
    assert {event["state"]["health"]["leader"] for event in asked.values()} == {PRIMARY}


@pytest.mark.parametrize(
    ("payload", "failed", "sentence"),
    [
        (b'{"errorType": "TransientFailure", "errorMessage": "No majority."}', True, "No majority."),
        (b'{"errorType": "Runtime.ExitError"}', True, "drlab-app-bound-data-loss failed without a reason."),
        (b"[]", False, "drlab-app-bound-data-loss answered no JSON object."),
        (b"<html>", False, "drlab-app-bound-data-loss answered something that is no JSON."),
    ],
)
def test_a_function_that_fails_is_told_in_its_own_words(payload: bytes, failed: bool, sentence: str) -> None:
    client = boto3.client("lambda", region_name=STANDBY, aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        answer: dict[str, Any] = {"Payload": StreamingBody(_Stream(payload), len(payload))}
        stub.add_response("invoke", {**answer, **({"FunctionError": "Unhandled"} if failed else {})})
        with pytest.raises(RunRefused, match=sentence):
            Functions(client, "app").ask("BoundDataLoss", {})


class _Stream:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, *_: object) -> bytes:
        return self._content


def test_a_state_that_was_entered_twice_is_told_twice_and_one_that_goes_on_is_open() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html"""
    client = boto3.client("stepfunctions", region_name=STANDBY, aws_access_key_id="x", aws_secret_access_key="x")
    arn = "arn:aws:states:us-west-2:123456789012:stateMachine:drlab-app-failover"

    def seen(number: int, kind: str, **details: Any) -> dict[str, Any]:
        return {"timestamp": AT + timedelta(seconds=number), "type": kind, "id": number, **details}

    events = [
        seen(1, "ExecutionStarted"),
        seen(2, "TaskStateEntered", stateEnteredEventDetails={"name": "A"}),
        seen(3, "TaskStateExited", stateExitedEventDetails={"name": "A"}),
        seen(4, "TaskStateEntered", stateEnteredEventDetails={"name": "B"}),
        seen(5, "TaskStateEntered", stateEnteredEventDetails={"name": "A"}),
        seen(6, "TaskStateExited", stateExitedEventDetails={"name": "B"}),
    ]
    with Stubber(client) as stub:
        stub.add_response("get_execution_history", {"events": events})
        found = StepFunctionsBook(client, arn).states("run")
    spans = [(one.state, one.left_at and (one.left_at - AT).total_seconds()) for one in found]
    assert spans == [("A", 3), ("B", 6), ("A", None)]


def test_no_other_function_waits_for_a_web_framework() -> None:
    """Every import of a handler is part of its cold start."""
    folder = Path(__file__).parents[2] / "functions" / "handlers"
    names = [f"handlers.{path.stem}" for path in folder.glob("[a-z]*.py") if path.stem != "operator_api"]
    assert len(names) > 10
    code = f"import sys, importlib; [importlib.import_module(n) for n in {names}]; print('fastapi' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
