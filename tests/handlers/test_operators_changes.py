"""Do a person's commands do what they say, name the person, and show in the journal?"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from control_plane_world import PRIMARY, STANDBY, WITNESS, plan_dict
from emulated_aws import Cloud, Context
from moto.core.config import default_user_config

from failover.adapters.clock import SystemClock
from failover.domain.leader_record import LeaderRecord, fence
from failover.wiring.register import register_of
from failover.wiring.this_region import load_plan
from handlers.receive_alarm import handler as receive_alarm
from lab import cli


def record() -> LeaderRecord:
    return register_of(load_plan()).read()


def journal(cloud: Cloud, region: str = STANDBY) -> list[dict[str, Any]]:
    s3, bucket = cloud.client("s3", region), plan_dict()["record_copies"][region]
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="journal/").get("Contents", [])
    return [json.loads(s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()) for one in listed]


def disarm() -> int:
    return cli.main(["disarm", "--for", "2h", "--reason", "storage upgrade"])


def test_disarmed_an_alarm_starts_nothing_until_it_is_armed_again(
    cloud: Cloud, payload: Callable[..., dict[str, Any]], context: Context
) -> None:
    before = record().epoch
    assert disarm() == 0
    disarmed = record().disarmed
    assert disarmed is not None
    assert (disarmed.reason, disarmed.by.startswith("arn:aws")) == ("storage upgrade", True)
    assert record().epoch == before, "what a run has judged is not touched"
    answer = receive_alarm(payload("alarm_metric", fresh=True), context)
    assert (answer["started"], "storage upgrade" in answer["reason"]) == (False, True)
    assert cli.main(["arm"]) == 0
    assert receive_alarm(payload("alarm_metric", fresh=True), context)["started"] is True
    told = [(entry["kind"], entry["by"].startswith("arn:aws")) for entry in journal(cloud)]
    assert told == [("disarmed", True), ("alarm-refused", False), ("armed", True), ("run-started", False)]


def test_a_disarm_that_makes_no_sense_is_refused_and_changes_nothing(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["disarm", "--for", "8d", "--reason", "x"]) == 2
    assert "--for '8d' is out of range: 1m to 7d" in capsys.readouterr().err
    assert record().disarmed is None
    assert cli.main(["disarm", "--for", "7d", "--reason", "x"]) == 0


def test_an_acknowledgement_during_a_run_is_refused_and_recorded(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    register_of(load_plan()).change(fence("failover-e1-0123abcd", SystemClock().now()))
    assert cli.main(["acknowledge"]) == 1
    assert "REFUSED: failover-e1-0123abcd is not over" in capsys.readouterr().out
    assert [entry["kind"] for entry in journal(cloud)] == ["acknowledged-refused"]


def test_the_status_tells_who_leads_what_holds_back_and_what_was_decided(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    assert disarm() == 0
    capsys.readouterr()
    assert cli.main(["status", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["record"]["leader"] == PRIMARY
    assert "Disarmed by" in told["held_back"]
    assert [entry["kind"] for entry in told["entries"]] == ["disarmed"]
    silent = {one["region"]: one["silent"] for one in told["regions"]}
    assert silent[STANDBY] is None
    assert "StateMachineDoesNotExist" in silent[PRIMARY], "what does not answer is said, and hides nothing else"


def test_the_status_without_a_majority_says_that_the_leader_is_unknown(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    for region in (STANDBY, WITNESS):
        bucket = plan_dict()["record_copies"][region]
        cloud.client("s3", region).put_object(Bucket=bucket, Key="leader-record.json", Body=b"{")
    assert cli.main(["status"]) == 1
    assert "UNKNOWN" in capsys.readouterr().out


def test_an_entry_that_was_altered_is_found_and_named(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert disarm() == 0
    assert cli.main(["arm"]) == 0
    assert cli.main(["verify"]) == 0
    s3, bucket = cloud.client("s3"), plan_dict()["record_copies"][STANDBY]
    altered = {**journal(cloud)[0], "by": "nobody"}
    s3.put_object(Bucket=bucket, Key="journal/00000001.json", Body=json.dumps(altered, sort_keys=True).encode())
    capsys.readouterr()
    assert cli.main(["verify"]) == 1
    said = capsys.readouterr().out
    assert "journal/00000002.json does not follow from journal/00000001.json" in said
    assert "NOT WHOLE" in said
    assert f"{PRIMARY}: 0 entries, 0 outcomes: whole" in said


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["status", "--target", "lab", "--cloud-port", "99999"], "--cloud-port 99999 is out of range: 1 to 65535"),
        (["guard", "--target", "lab", "--cloud-port", "-1"], "--cloud-port -1 is out of range: 1 to 65535"),
        (["status", "--entries", "0"], "--entries 0 is out of range: 1 to 1000"),
    ],
)
def test_a_number_out_of_range_is_refused_in_a_sentence(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert cli.main(arguments) == 2
    assert sentence in capsys.readouterr().err


def switchover(to: str = STANDBY) -> int:
    return cli.main(["switchover", "--to", to, "--reason", "storage upgrade"])


def machine_that_ends(cloud: Cloud, result: str) -> None:
    """In place of the workflow, on the interpreter: one state, and an outcome."""
    outcome = {"outcome": {"result": result, "summary": f"app: it ended as {result}."}}
    cloud.client("stepfunctions").create_state_machine(
        name="drlab-app-failover",
        roleArn=cloud.client("iam").get_role(RoleName="states")["Role"]["Arn"],
        definition=json.dumps(
            {"StartAt": "FencePrimary", "States": {"FencePrimary": {"Type": "Pass", "Result": outcome, "End": True}}}
        ),
    )


@pytest.mark.parametrize(("result", "status"), [("failed-over", 0), ("stood-down", 1), ("failed-over-unverified", 1)])
def test_a_switchover_is_followed_to_its_end_and_only_a_new_leader_is_a_success(
    cloud: Cloud,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    result: str,
    status: int,
) -> None:
    monkeypatch.setitem(default_user_config["stepfunctions"], "execute_state_machine", True)
    machine_that_ends(cloud, result)
    assert switchover() == status
    said = capsys.readouterr().out
    assert f"A switchover from {PRIMARY} to {STANDBY} began: storage upgrade" in said
    assert "s  FencePrimary" in said
    assert f"app: it ended as {result}." in said
    (name,) = cloud.executions()
    assert name.startswith("switchover-e1-")
    (entry,) = journal(cloud)
    assert (entry["kind"], entry["run"], entry["by"].startswith("arn:aws")) == ("run-started", name, True)


def test_a_switchover_to_the_leader_is_refused_with_what_to_do_and_starts_nothing(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    before = record()
    cloud.client("stepfunctions", PRIMARY).create_state_machine(
        name="drlab-app-failover",
        definition=json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}),
        roleArn=cloud.client("iam").get_role(RoleName="states")["Role"]["Arn"],
    )
    assert switchover(PRIMARY) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert f"REFUSED: {PRIMARY} already leads, in epoch 1, so nothing was changed." in said
    assert f"switch over to {STANDBY}" in said
    assert (record(), cloud.executions()) == (before, [])
    assert [entry["kind"] for entry in journal(cloud, PRIMARY)] == ["run-refused"]


def test_a_switchover_is_refused_during_a_run_and_under_a_fence(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.client("stepfunctions").start_execution(stateMachineArn=cloud.state_machine_arn, name="failover-e1-0123abcd")
    assert switchover() == 1
    assert "REFUSED: Another run is in progress: failover-e1-0123abcd." in capsys.readouterr().out
    register_of(load_plan()).change(fence("failover-e1-0123abcd", SystemClock().now()))
    assert switchover() == 1
    assert "REFUSED: failover-e1-0123abcd holds the fence" in capsys.readouterr().out


def test_a_switchover_to_nowhere_and_without_a_reason_is_refused_in_a_sentence(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    assert switchover("eu-west-1") == 2
    assert f"--to 'eu-west-1' is not one of {PRIMARY}, {STANDBY}" in capsys.readouterr().err
    assert cli.main(["switchover", "--to", STANDBY, "--reason", " "]) == 2
    assert "--reason: A reason of 1 to 300 characters is needed." in capsys.readouterr().err
    assert cloud.executions() == []


def test_a_switchover_goes_on_when_the_command_is_interrupted_and_that_is_said(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("lab.operations.follow_run.follow", interrupted)
    assert switchover() == 130
    assert "a run that was started goes on" in capsys.readouterr().err
    assert len(cloud.executions()) == 1
