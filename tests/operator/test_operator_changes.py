"""Does the API change what it says, once, in its caller's name?"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from control_plane_world import PRIMARY, STANDBY, WITNESS, plan_dict
from emulated_aws import Cloud
from gateway import MARIA, OMAR, Gateway, Told

from failover.adapters import s3_outcomes
from failover.application.errors import TransientFailure
from failover.domain.approval import ApprovalRequest, request_key, told_key
from failover.domain.digest import digest_of
from failover.domain.leader_record import LeaderRecord, disarm, fence, hand_over
from failover.wiring.register import register_of
from failover.wiring.this_region import load_plan

KEY = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
TWO_HOURS = {"duration_seconds": 7200, "reason": "storage upgrade"}


def record() -> LeaderRecord:
    return register_of(load_plan()).read()


def journal(cloud: Cloud) -> list[dict[str, Any]]:
    s3, bucket = cloud.client("s3"), plan_dict()["record_copies"][STANDBY]
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="journal/").get("Contents", [])
    return [json.loads(s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()) for one in listed]


def told_in_journal(cloud: Cloud) -> list[tuple[str, str]]:
    return [(entry["kind"], entry["by"]) for entry in journal(cloud)]


def after_a_failover(to: str = PRIMARY) -> None:
    register, now = register_of(load_plan()), datetime.now(UTC)
    register.change(fence("failover-e1-0123abcd", now))
    register.change(hand_over("failover-e1-0123abcd", to, now, now))


def test_a_disarm_and_an_arm_change_the_record_and_name_their_callers(cloud: Cloud, gateway: Gateway) -> None:
    told = gateway.ask("PUT", "/disarm", TWO_HOURS)
    assert (told.status, told.body["recorded"], told.body["repeated"]) == (200, True, False)
    disarmed = record().disarmed
    assert disarmed is not None
    assert (disarmed.by, disarmed.reason) == (MARIA, "storage upgrade")
    assert gateway.ask("DELETE", "/disarm", by=OMAR).status == 200
    assert record().disarmed is None
    assert told_in_journal(cloud) == [("disarmed", MARIA), ("armed", OMAR)]


def test_an_acknowledgement_lets_alarms_count_again(cloud: Cloud, gateway: Gateway) -> None:
    after_a_failover()
    assert record().acknowledged is False
    assert gateway.ask("POST", "/acknowledgement").status == 200
    assert record().acknowledged is True
    assert told_in_journal(cloud) == [("acknowledged", MARIA)]


def test_a_run_is_started_by_hand_with_the_documented_input(cloud: Cloud, gateway: Gateway) -> None:
    """Disarmed, no alarm starts a run; a person still can."""
    now = datetime.now(UTC)
    register_of(load_plan()).change(disarm(now + timedelta(hours=1), OMAR, "storage upgrade", now))
    told = gateway.ask("POST", "/runs", {"reason": "the power goes at noon"})
    assert told.status == 202
    assert cloud.executions() == [told.body["run"]]
    arn = cloud.state_machine_arn.replace(":stateMachine:", ":execution:") + f":{told.body['run']}"
    given = json.loads(cloud.client("stepfunctions").describe_execution(executionArn=arn)["input"])
    assert (given["expected_epoch"], given["trigger"]["kind"]) == (1, "manual")
    assert given["trigger"]["reason"] == "the power goes at noon"
    assert [(one["kind"], one["by"], one["run"]) for one in journal(cloud)] == [
        ("run-started", MARIA, told.body["run"])
    ]


def test_a_switchover_is_started_once_for_each_key(cloud: Cloud, gateway: Gateway) -> None:
    wanted = {"mode": "planned", "reason": "storage upgrade"}
    told = gateway.ask("POST", "/runs", wanted, key=KEY)
    assert (told.status, told.body["run"].startswith("switchover-")) == (202, True)
    arn = cloud.state_machine_arn.replace(":stateMachine:", ":execution:") + f":{told.body['run']}"
    given = json.loads(cloud.client("stepfunctions").describe_execution(executionArn=arn)["input"])
    assert (given["mode"], given["trigger"]["kind"]) == ("planned", "manual")
    assert gateway.ask("POST", "/runs", wanted, key=KEY).body["repeated"] is True
    assert gateway.ask("POST", "/runs", {**wanted, "mode": "unplanned"}, key=KEY).status == 422
    assert gateway.ask("POST", "/runs", {**wanted, "mode": "by-force"}).status == 422
    assert cloud.executions() == [told.body["run"]]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("POST", "/runs", {"reason": "to see it"}), ("PUT", "/disarm", TWO_HOURS), ("GET", "/preview", None)],
)
def test_a_parameter_that_nobody_reads_is_refused_and_nothing_is_done(
    cloud: Cloud, gateway: Gateway, method: str, path: str, body: Any
) -> None:
    """Whoever asks for a dry run would otherwise get a run."""
    told = gateway.ask(method, path, body, query="dry_run=true")
    assert (told.status, told.body["type"]) == (422, "/problems/invalid-request")
    assert told.body["detail"] == "query: this request has no parameter of the name 'dry_run'."
    assert (cloud.executions(), record().disarmed, journal(cloud)) == ([], None, [])


def test_a_run_is_refused_while_another_is_in_progress(cloud: Cloud, gateway: Gateway) -> None:
    cloud.client("stepfunctions").start_execution(stateMachineArn=cloud.state_machine_arn, name="failover-e1-0123abcd")
    told = gateway.ask("POST", "/runs", {"reason": "to see it"})
    assert (told.status, told.body["type"]) == (409, "/problems/refused")
    assert told.body["detail"].startswith("Another run is in progress: failover-e1-0123abcd. Wait for its end")
    assert cloud.executions() == ["failover-e1-0123abcd"]
    assert told_in_journal(cloud) == [("run-refused", MARIA)]


def test_a_run_is_refused_where_the_region_leads_already(cloud: Cloud, gateway: Gateway) -> None:
    after_a_failover(to=STANDBY)
    told = gateway.ask("POST", "/runs", {"reason": "to see it"})
    assert told.status == 409
    assert told.body["detail"].startswith(f"{STANDBY} already leads, in epoch 3, so nothing was changed.")
    assert cloud.executions() == []


def test_a_run_is_refused_while_a_run_holds_the_fence(cloud: Cloud, gateway: Gateway) -> None:
    register_of(load_plan()).change(fence("failover-e1-0123abcd", datetime.now(UTC)))
    told = gateway.ask("POST", "/runs", {"reason": "to see it"})
    assert told.status == 409
    assert "failover-e1-0123abcd holds the fence" in told.body["detail"]
    assert cloud.executions() == []


def test_a_replayed_disarm_does_not_disarm_again(cloud: Cloud, gateway: Gateway) -> None:
    """Somebody recorded the request, and sends it after it was armed again."""
    first = gateway.ask("PUT", "/disarm", TWO_HOURS, key=KEY)
    gateway.ask("DELETE", "/disarm")
    again = gateway.ask("PUT", "/disarm", TWO_HOURS, key=KEY)
    assert (again.status, again.body) == (200, {**first.body, "repeated": True})
    assert record().disarmed is None
    assert told_in_journal(cloud) == [("disarmed", MARIA), ("armed", MARIA)]


def test_a_replayed_start_starts_nothing(cloud: Cloud, gateway: Gateway) -> None:
    first = gateway.ask("POST", "/runs", {"reason": "to see it"}, key=KEY)
    arn = cloud.state_machine_arn.replace(":stateMachine:", ":execution:") + f":{first.body['run']}"
    cloud.client("stepfunctions").stop_execution(executionArn=arn)
    again = gateway.ask("POST", "/runs", {"reason": "to see it"}, key=KEY)
    assert (again.status, again.body["run"], again.body["repeated"]) == (202, first.body["run"], True)
    assert len(cloud.executions()) == 1


def test_a_replayed_refusal_is_refused_even_when_it_would_be_allowed_by_now(cloud: Cloud, gateway: Gateway) -> None:
    register_of(load_plan()).change(fence("failover-e1-0123abcd", datetime.now(UTC)))
    first = gateway.ask("POST", "/acknowledgement", key=KEY)
    now = datetime.now(UTC)
    register_of(load_plan()).change(hand_over("failover-e1-0123abcd", PRIMARY, now, now))
    again = gateway.ask("POST", "/acknowledgement", key=KEY)
    assert (first.status, first.body["repeated"]) == (409, False)
    assert (again.status, again.body["repeated"], again.body["detail"]) == (409, True, first.body["detail"])
    assert record().acknowledged is False


def test_a_key_is_of_one_request_and_of_one_person(cloud: Cloud, gateway: Gateway) -> None:
    gateway.ask("PUT", "/disarm", TWO_HOURS, key=KEY)
    other = gateway.ask("PUT", "/disarm", {**TWO_HOURS, "duration_seconds": 60}, key=KEY)
    assert (other.status, other.body["type"]) == (422, "/problems/key-reused")
    assert gateway.ask("DELETE", "/disarm", key=KEY).status == 422
    assert record().disarmed is not None
    assert gateway.ask("DELETE", "/disarm", key=KEY, by=OMAR).status == 200
    assert record().disarmed is None


def test_a_change_that_broke_off_is_not_done_again(
    cloud: Cloud, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one may have changed something: nobody knows, and that is what is said."""
    for region in (STANDBY, WITNESS):
        bucket = plan_dict()["record_copies"][region]
        cloud.client("s3", region).put_object(Bucket=bucket, Key="leader-record.json", Body=b"{")
    first = gateway.ask("PUT", "/disarm", TWO_HOURS, key=KEY)
    assert (first.status, first.body["type"]) == (503, "/problems/unavailable")
    assert first.headers["retry-after"] == "2"
    again = gateway.ask("PUT", "/disarm", TWO_HOURS, key=KEY)
    assert (again.status, again.body["type"]) == (409, "/problems/undecided")


def test_nothing_is_changed_while_claims_cannot_be_kept(
    cloud: Cloud, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object) -> str:
        raise TransientFailure("Recording: no answer from AWS (ReadTimeoutError).")

    monkeypatch.setattr(s3_outcomes.S3Outcomes, "put_once", silent)
    assert gateway.ask("PUT", "/disarm", TWO_HOURS).status == 503
    assert record().disarmed is None


@pytest.mark.parametrize(
    ("method", "path", "body"), [("PUT", "/disarm", TWO_HOURS), ("POST", "/acknowledgement", None)]
)
@pytest.mark.parametrize("key", ["", "short", "a key with spaces and more", "x" * 65])
def test_a_change_without_a_key_of_its_own_is_refused(
    cloud: Cloud, gateway: Gateway, method: str, path: str, body: Any, key: str
) -> None:
    told = gateway.ask(method, path, body, headers={"idempotency-key": key})
    assert (told.status, told.body["type"]) == (422, "/problems/invalid-request")
    assert told_in_journal(cloud) == []


def test_an_entry_that_cannot_be_written_is_said(cloud: Cloud, gateway: Gateway) -> None:
    bucket = plan_dict()["record_copies"][STANDBY]
    cloud.client("s3").put_object(Bucket=bucket, Key="journal/00000001.json", Body=b"no entry")
    told = gateway.ask("PUT", "/disarm", TWO_HOURS)
    assert (told.status, told.body["recorded"]) == (200, False)


RUN, TOKEN = "failover-e1-0123abcd", "failover-e1-0123abcd.dGhpcyBpcyBub3QgYSB0b2tlbg"


def waiting(cloud: Cloud, seconds_left: float = 60) -> None:
    """A run that asks about 2.4 s. No emulated execution really waits: its end is told like a late answer's."""
    digest = digest_of(TOKEN)
    asked = ApprovalRequest(RUN, digest, 2.31, datetime.now(UTC) + timedelta(seconds=seconds_left), "task-token")
    cloud.client("s3").put_object(
        Bucket=plan_dict()["record_copies"][STANDBY], Key=request_key(RUN, digest), Body=json.dumps(asked.to_dict())
    )


def accept(gateway: Gateway, figure: str = "2.4", run: str = RUN, by: str = MARIA) -> Told:
    body = {"answer": "accept", "token": TOKEN, "accepted_seconds": figure}
    return gateway.ask("POST", f"/runs/{run}/approval", body, by=by)


def test_a_token_that_was_used_is_refused(cloud: Cloud, gateway: Gateway) -> None:
    waiting(cloud)
    answer = json.dumps({"accepted_seconds": "2.4", "by": MARIA}, sort_keys=True)
    outcomes = s3_outcomes.S3Outcomes(cloud.client("s3"), plan_dict()["record_copies"][STANDBY])
    outcomes.put_once(f"runs/{RUN}/approvals/{digest_of(TOKEN)[:16]}-answer.json", answer)
    outcomes.put_once(told_key(RUN, digest_of(TOKEN)), "{}")
    for by in (MARIA, OMAR):
        told = accept(gateway, by=by)
        assert (told.status, "has been used" in told.body["detail"]) == (409, True)
    assert told_in_journal(cloud) == [("approval-refused", MARIA), ("approval-refused", OMAR)]


@pytest.mark.parametrize(
    ("figure", "run", "seconds_left", "reason"),
    [
        ("0.1", RUN, 60, "is about 2.4 s, not 0.1 s"),
        ("2.4", "another-run", 60, "of another run than another-run"),
        ("2.4", RUN, -1, "has expired"),
    ],
)
def test_an_answer_that_does_not_fit_its_request_is_refused_and_recorded(
    cloud: Cloud, gateway: Gateway, figure: str, run: str, seconds_left: float, reason: str
) -> None:
    waiting(cloud, seconds_left)
    told = accept(gateway, figure, run)
    assert told.status == 409
    assert reason in told.body["detail"]
    assert told_in_journal(cloud) == [("approval-refused", MARIA)]


def test_a_token_is_neither_shown_nor_logged(
    cloud: Cloud, gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting(cloud)
    told = accept(gateway)
    refused = gateway.ask("POST", f"/runs/{RUN}/approval", {"answer": "perhaps", "token": TOKEN})
    assert refused.status == 422
    secret = TOKEN.partition(".")[2]
    assert secret not in told.text + refused.text + capsys.readouterr().out + json.dumps(journal(cloud))
