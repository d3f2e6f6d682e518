"""Does `drlab rehearse` start the rehearsal's workflow, follow it, and refuse with what to do instead?"""

from __future__ import annotations

import json

import pytest
from control_plane_world import PRIMARY, STANDBY, plan_dict
from emulated_aws import Cloud
from moto.core.config import default_user_config

from lab import cli


def machines(cloud: Cloud, region: str, result: str = "rehearsed") -> None:
    """In place of the workflows, on the interpreter: one state, and an outcome."""
    states = cloud.client("stepfunctions", region)
    role = cloud.client("iam").get_role(RoleName="states")["Role"]["Arn"]
    outcome = {"outcome": {"result": result, "summary": f"app: it ended as {result}."}}
    one = {"StartAt": "CheckRehearsal", "States": {"CheckRehearsal": {"Type": "Pass", "Result": outcome, "End": True}}}
    for name in ("failover", "rebuild-standby", "restore-rehearsal"):
        states.create_state_machine(name=f"drlab-app-{name}", definition=json.dumps(one), roleArn=role)


def started(cloud: Cloud) -> list[str]:
    states = cloud.client("stepfunctions", STANDBY)
    (arn,) = [one["stateMachineArn"] for one in states.list_state_machines()["stateMachines"] if "reh" in one["name"]]
    return [one["name"] for one in states.list_executions(stateMachineArn=arn)["executions"]]


@pytest.mark.parametrize(("result", "status"), [("rehearsed", 0), ("not-rehearsed", 1)])
def test_a_rehearsal_is_followed_to_its_end_and_only_one_that_passed_is_a_success(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, result: str, status: int
) -> None:
    monkeypatch.setitem(default_user_config["stepfunctions"], "execute_state_machine", True)
    machines(cloud, STANDBY, result)
    assert cli.main(["rehearse"]) == status
    said = capsys.readouterr().out
    assert f"A rehearsal of a restore began in {STANDBY}." in said
    assert "s  CheckRehearsal" in said
    assert f"app: it ended as {result}." in said


def test_what_the_run_kept_is_printed_with_its_price(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(default_user_config["stepfunctions"], "execute_state_machine", True)
    machines(cloud, STANDBY)
    kept = {"restored_from": "a", "seconds": 9.5, "price_usd": 0.01, "price": "of a day", "unusable": []}
    state = {"kept": {**kept, "left_behind": None, "disturbed": []}, "restored": {"content": {"writes": 3}}}
    monkeypatch.setattr("failover.adapters.s3_outcomes.S3Outcomes.read", lambda self, key: json.dumps({"state": state}))
    assert cli.main(["rehearse"]) == 0
    said = capsys.readouterr().out
    told = json.loads(said[said.index("{") :])
    assert (told["seconds"], told["price_usd"], told["content"]) == (9.5, 0.01, {"writes": 3})


def test_the_region_that_leads_is_refused_and_nothing_is_started(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    machines(cloud, PRIMARY)
    machines(cloud, STANDBY)
    cloud.client("ssm", PRIMARY).put_parameter(
        Name="/drlab/app/plan", Value=json.dumps(plan_dict()), Type="String", Overwrite=True
    )
    assert cli.main(["rehearse", "--region", PRIMARY]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert f"REFUSED: {PRIMARY} leads: a restore is rehearsed in the standby, {STANDBY}." in said
    assert started(cloud) == []


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--region", "eu-west-1"], "eu-west-1"),
        (["--to", "yesterday"], "--to 'yesterday' is neither latest nor a moment with its zone"),
    ],
)
def test_what_makes_no_sense_is_refused(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], options: list[str], why: str
) -> None:
    assert cli.main(["rehearse", *options]) != 0
    said = capsys.readouterr()
    assert why in " ".join((said.out + said.err).split())
    assert "Traceback" not in said.out + said.err
