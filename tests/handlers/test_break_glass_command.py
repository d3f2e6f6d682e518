"""Does `drlab failover --break-glass` take the real steps, remember them, and say how to go on?

To its end it goes in a drill, on real processes; here it stands down, since nothing replicates.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from control_plane_world import PRIMARY, STANDBY, plan_dict
from emulated_aws import Cloud

from failover.adapters.clock import SystemClock
from failover.application.errors import RunRefused, TransientFailure
from failover.application.kept_steps import DrivenElsewhere
from failover.domain.leader_record import LeaderRecord, State, fence
from failover.wiring.register import register_of
from failover.wiring.this_region import load_plan
from lab import cli
from lab.break_glass import drive
from lab.break_glass.errors import WorkflowError
from lab.commands import breaking_glass

BUCKET = plan_dict()["record_copies"][STANDBY]


@pytest.fixture
def lost(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """The leader answers nobody, and there is no Step Functions."""
    monkeypatch.setattr(cli, "_end_on_signals", lambda: None)
    for name in ("CONTROL_BUCKET", "TOPIC_ARN"):
        monkeypatch.setenv(name, "")

    def unreachable(plan: dict[str, Any]) -> None:
        for region in (PRIMARY, STANDBY):
            plan["regions"][region]["service_url"] = "http://127.0.0.1:9"

    cloud.publish_plan(unreachable)
    cloud.client("stepfunctions").delete_state_machine(stateMachineArn=cloud.state_machine_arn)
    cloud.client("sns").create_topic(Name="drlab-app-notifications")
    return cloud


def break_glass(*more: str) -> int:
    return cli.main(["failover", "--break-glass", "--to", STANDBY, *more])


def record() -> LeaderRecord:
    return register_of(load_plan()).read()


def kept(cloud: Cloud, prefix: str) -> dict[str, Any]:
    s3 = cloud.client("s3")
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    return {one["Key"]: json.loads(s3.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read()) for one in listed}


@pytest.mark.scenario("F44")
def test_a_run_that_stands_down_is_shown_kept_recorded_and_told(
    lost: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    before = record()
    assert break_glass("--reason", "the control plane is gone") == 1
    said = capsys.readouterr().out
    assert f"A failover from {PRIMARY} to {STANDBY} began: the control plane is gone" in said
    assert "s  CheckPrimaryHealth" in said
    assert f"the run stood down and {PRIMARY} leads as before" in said
    assert record() == before
    steps = kept(lost, "runs/break-glass-e1-")
    states = [one["state"] for key, one in sorted(steps.items()) if "/steps/" in key]
    assert (states[0], states[-1]) == ("CheckPrimaryHealth", "StoodDown")
    (outcome,) = [one for key, one in steps.items() if key.endswith("/outcome.json")]
    assert outcome["result"] == "stood-down"
    journal = kept(lost, "journal/").values()
    assert [(one["kind"], one["by"].startswith("arn:aws")) for one in journal] == [
        ("run-started", True),
        ("run-ended", False),
    ]


def test_a_run_that_is_interrupted_says_how_to_go_on_and_does_when_it_is_asked(
    lost: Cloud, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(drive.UseCases, "invoke", interrupted)
        patch.setattr("lab.break_glass.interpreter._within", lambda _, call: call())
        assert break_glass("--reason", "x") == 130
    said = capsys.readouterr().err
    assert "To go on: `drlab failover --break-glass --to us-west-2 --target aws --resume break-glass-e1-" in said
    assert said.count("\n") == 1, "a command that is broken over two lines is not one that can be copied"
    run = said.partition("--resume ")[2].partition("`")[0]
    assert break_glass("--resume", run, "--stand-down") == 1
    assert "broke it off in CheckPrimaryHealth and stood it down" in " ".join(capsys.readouterr().out.split())
    assert break_glass("--resume", run) == 1
    assert "has ended, in StoodDown" in " ".join(capsys.readouterr().out.split())
    assert break_glass("--resume", "failover-e1-0123abcd") == 1
    assert "has kept no step of failover-e1-0123abcd" in " ".join(capsys.readouterr().out.split())


@pytest.mark.scenario("F44")
def test_a_fence_of_a_lost_run_is_in_the_way_until_it_is_taken_over(
    lost: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    register_of(load_plan()).change(fence("failover-e1-0123abcd", SystemClock().now() - timedelta(minutes=5)))
    assert break_glass("--reason", "x") == 1
    assert "--take-over RUN" in capsys.readouterr().out
    assert record().state is State.FENCED
    lost.client("rds").create_db_instance(
        DBInstanceIdentifier=f"app-{STANDBY}", DBInstanceClass="db.t4g.micro", Engine="postgres", AllocatedStorage=20
    )
    assert break_glass("--reason", "x", "--take-over", "failover-e1-0123abcd") == 1
    said = " ".join(capsys.readouterr().out.split())
    assert f"failover-e1-0123abcd is taken over by break-glass-{datetime.now(UTC):%Y}" in said
    assert "nobody leads" in said, "nothing serves here, so the run holds"
    assert (record().state, str(record().run).startswith("break-glass-")) == (State.FENCED, True)
    kinds = [one["kind"] for one in kept(lost, "journal/").values()]
    assert kinds == ["run-refused", "run-taken-over", "run-ended"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (TransientFailure("Writing a step: no answer from AWS."), True),
        (RunRefused("Writing a step: AWS refused with ExpiredToken: it is over."), True),
        (DrivenElsewhere("Another terminal goes on with it."), False),
    ],
)
def test_a_run_that_breaks_off_by_itself_says_how_to_go_on_unless_somebody_does(
    lost: Cloud, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, error: Exception, told: bool
) -> None:
    """It was begun, and may hold the fence: that is not a command that could not start."""

    def keep(*_: object) -> None:
        raise error

    monkeypatch.setattr(drive._Shown, "_keep", keep)
    assert break_glass("--reason", "x") == 1
    said = capsys.readouterr().out
    assert f"\nBROKEN OFF: {error}\n" in said
    assert ("To go on: `drlab failover --break-glass" in said) is told


def test_what_no_state_catches_leaves_the_run_where_it_is_and_says_how_to_go_on(
    lost: Cloud, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def invoke(*_: object) -> None:
        raise WorkflowError("States.Runtime", "The workflow names no such function.")

    monkeypatch.setattr(drive.UseCases, "invoke", invoke)
    assert break_glass("--reason", "x") == 1
    said = capsys.readouterr().out
    assert "It ended in CheckPrimaryHealth: " in said
    assert "To go on: `drlab failover --break-glass" in said


def test_how_to_go_on_names_the_lab_and_the_service_that_were_meant() -> None:
    """Copied as it stands, the line must not go to another service's leader record."""
    line = ["failover", "--break-glass", "--to", STANDBY, "--reason", "x", "--service", "shop"]
    on_aws, in_a_lab = (cli._parser().parse_args([*line, *more]) for more in ([], ["--target", "lab"]))
    assert f"--to {STANDBY} --target aws --service shop --resume RUN`" in breaking_glass._how_to_go_on(on_aws, "RUN")
    assert "--target lab --cloud-port 5055 --service shop --resume" in breaking_glass._how_to_go_on(in_a_lab, "RUN")
