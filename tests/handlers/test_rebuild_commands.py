"""Do `drlab rebuild-standby` and `drlab release-old-primary` do what they say, and refuse with what to do instead?"""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from control_plane_world import PRIMARY, STANDBY, plan_dict
from emulated_aws import Cloud
from moto.core.config import default_user_config
from moto.stepfunctions.parser.backend.execution import Execution

from lab import cli

KEPT = f"app-{STANDBY}-diverged-3"


def machines(cloud: Cloud, region: str, result: str = "rebuilt") -> None:
    """In place of both workflows, on the interpreter: one state, and an outcome."""
    states = cloud.client("stepfunctions", region)
    role = cloud.client("iam").get_role(RoleName="states")["Role"]["Arn"]
    outcome = {"outcome": {"result": result, "summary": f"app: it ended as {result}."}}
    one = {"StartAt": "CheckRebuild", "States": {"CheckRebuild": {"Type": "Pass", "Result": outcome, "End": True}}}
    for name in ("failover", "rebuild-standby"):
        states.create_state_machine(name=f"drlab-app-{name}", definition=json.dumps(one), roleArn=role)


def rebuild(region: str = STANDBY) -> int:
    return cli.main(["rebuild-standby", "--region", region, "--reason", "it is back"])


@pytest.mark.parametrize(("result", "status"), [("rebuilt", 0), ("not-rebuilt", 1)])
def test_a_rebuild_is_followed_to_its_end_and_only_a_standby_is_a_success(
    cloud: Cloud,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    result: str,
    status: int,
) -> None:
    monkeypatch.setitem(default_user_config["stepfunctions"], "execute_state_machine", True)
    machines(cloud, STANDBY, result)
    assert rebuild() == status
    said = capsys.readouterr().out
    assert f"A rebuild of the standby in {STANDBY} began: it is back" in said
    assert "s  CheckRebuild" in said
    assert f"app: it ended as {result}." in said


@pytest.mark.parametrize("kind", ["Pass", "Fail"])
def test_a_run_is_never_seen_to_have_ended_without_its_end(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Whoever follows a run may look at the very moment: the emulator showed the status first, and then the rest."""
    monkeypatch.setitem(default_user_config["stepfunctions"], "execute_state_machine", True)
    ended = threading.Event()
    seen: list[tuple[str, Any, Any]] = []

    def show(execution: Any, status: Any) -> None:
        vars(execution)["exec_status"] = status
        if status not in (None, "RUNNING"):
            seen.append((status, execution.output, execution.error))
            ended.set()

    monkeypatch.setattr(Execution, "exec_status", property(lambda one: vars(one)["exec_status"], show), raising=False)
    one = {"Pass": {"Result": {"done": 1}, "End": True}, "Fail": {"Error": "Broken"}}[kind]
    definition = {"StartAt": "One", "States": {"One": {"Type": kind, **one}}}
    states = cloud.client("stepfunctions", STANDBY)
    role = cloud.client("iam").get_role(RoleName="states")["Role"]["Arn"]
    made = states.create_state_machine(name="one", definition=json.dumps(definition), roleArn=role)
    states.start_execution(stateMachineArn=made["stateMachineArn"])
    assert ended.wait(10)
    assert seen == [{"Pass": ("SUCCEEDED", {"done": 1}, None), "Fail": ("FAILED", None, "Broken")}[kind]]


def test_the_leaders_own_region_is_refused(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    machines(cloud, PRIMARY)
    assert rebuild(PRIMARY) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert f"REFUSED: {PRIMARY} leads, in epoch 1: rebuild {STANDBY}, or switch over first." in said


@pytest.mark.parametrize("command", [["rebuild-standby"], ["release-old-primary", KEPT]])
def test_a_region_outside_the_plan_is_unusable(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert cli.main([*command, "--region", "eu-west-1", "--reason", "x"]) == 2
    assert "--region 'eu-west-1' is not one of" in " ".join(capsys.readouterr().err.split())


def release(*more: str) -> int:
    return cli.main(["release-old-primary", KEPT, "--region", STANDBY, "--reason", "settled", *more])


def test_the_kept_primary_is_let_go_only_when_its_rows_are_listed_and_a_snapshot_stays(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    rds, s3, bucket = cloud.client("rds"), cloud.client("s3"), plan_dict()["record_copies"][STANDBY]
    rds.create_db_instance(
        DBInstanceIdentifier=KEPT,
        DBInstanceClass="db.t4g.medium",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="app",
        MasterUserPassword="not-shown",
        DeletionProtection=True,
    )
    assert release() == 1
    assert f"REFUSED: What only {KEPT} has is listed nowhere" in " ".join(capsys.readouterr().out.split())
    s3.put_object(Bucket=bucket, Key=f"divergence/{KEPT}.jsonl", Body=b"")
    assert release() == 0
    assert f"its snapshot {KEPT}-final stays: settled" in " ".join(capsys.readouterr().out.split())
    assert rds.describe_db_instances()["DBInstances"] == []
    snapshots = rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert [one["DBSnapshotIdentifier"] for one in snapshots] == [f"{KEPT}-final"]


def test_what_the_journal_could_not_be_told_is_told_to_whoever_asked(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who let the evidence go, and why, is nowhere then."""
    machines(cloud, PRIMARY)
    for use_case in ("release_old_primary", "start_rebuild"):
        monkeypatch.setattr(f"failover.application.{use_case}.remember", lambda *_: False)
    assert release() == rebuild(PRIMARY) == 1
    assert capsys.readouterr().out.count("This could NOT be written to the journal.") == 2
