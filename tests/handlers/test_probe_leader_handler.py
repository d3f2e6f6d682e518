"""Does the scheduled probe open an incident on real clients, and tell in a sentence why it does not?"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from control_plane_world import PRIMARY, STANDBY, WITNESS, plan_dict
from emulated_aws import Cloud, Context

from failover.application.errors import RunRefused
from failover.domain.leader_record import fence
from failover.wiring.register import register_of
from failover.wiring.this_region import load_plan
from handlers.probe_leader import handler

SCHEDULED = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}


@pytest.fixture(autouse=True)
def surroundings(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTROL_BUCKET", plan_dict()["record_copies"][STANDBY])
    monkeypatch.setenv("TOPIC_ARN", cloud.client("sns").create_topic(Name="people")["TopicArn"])


def put_heartbeat(cloud: Cloud, age: timedelta) -> None:
    at = (datetime.now(UTC) - age).isoformat()
    body = json.dumps({"region": PRIMARY, "epoch": 1, "sequence": 7, "at": at, "lsn": "0/1"})
    for region in (STANDBY, WITNESS):
        bucket = plan_dict()["record_copies"][region]
        cloud.client("s3", region).put_object(Bucket=bucket, Key="heartbeat.json", Body=body)


def test_a_leader_silent_for_long_is_opened_as_an_incident(cloud: Cloud, context: Context) -> None:
    put_heartbeat(cloud, timedelta(minutes=30))
    probed = handler(SCHEDULED, context)
    assert probed["started"] is True
    execution = cloud.client("stepfunctions").describe_execution(executionArn=probed["execution_arn"])
    assert json.loads(execution["input"])["trigger"]["kind"] == "probe"


def test_a_leader_that_lives_is_left_alone_and_what_was_seen_is_said_and_counted(
    cloud: Cloud, context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    put_heartbeat(cloud, timedelta(0))
    probed = handler(SCHEDULED, context)
    assert (probed["started"], probed["run"]) == (False, None)
    assert "heartbeat: healthy" in probed["reason"]
    assert 0 <= probed["heartbeat_age_seconds"] < 60
    (counted,) = (line for line in capsys.readouterr().out.splitlines() if '"HeartbeatAge"' in line)
    assert json.loads(counted)["HeartbeatAge"] == [probed["heartbeat_age_seconds"]]


def test_the_leaders_own_region_opens_nothing(cloud: Cloud, context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = json.dumps(plan_dict())
    cloud.client("ssm", PRIMARY).put_parameter(Name="/drlab/app/plan", Value=plan, Type="String")
    monkeypatch.setenv("AWS_REGION", PRIMARY)
    probed = handler(SCHEDULED, context)
    assert f"{PRIMARY} already leads" in probed["reason"]
    assert probed["heartbeat_age_seconds"] is None, "not zero: nobody looked"


def test_without_a_plan_nothing_is_decided(cloud: Cloud, context: Context) -> None:
    cloud.client("ssm").delete_parameter(Name="/drlab/app/plan")
    with pytest.raises(RunRefused, match="There is no plan"):
        handler(SCHEDULED, context)


def test_the_fence_of_a_run_that_was_aborted_is_taken_away(cloud: Cloud, context: Context) -> None:
    states = cloud.client("stepfunctions")
    run = states.start_execution(stateMachineArn=cloud.state_machine_arn, name="failover-e1-0123abcd", input="{}")
    register = register_of(load_plan())
    register.change(fence("failover-e1-0123abcd", datetime.now(UTC)))
    put_heartbeat(cloud, timedelta(0))
    handler(SCHEDULED, context)
    assert register.read().state == "fenced", "while the run goes on"
    states.stop_execution(executionArn=run["executionArn"])
    deadline = time.monotonic() + 10
    while register.read().state == "fenced" and time.monotonic() < deadline:
        handler(SCHEDULED, context)
    assert (register.read().state, register.read().leader) == ("open", PRIMARY)
