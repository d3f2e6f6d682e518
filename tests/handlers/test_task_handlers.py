"""Does each Task's function parse, call and dump, and tell its failures by the workflow's names?"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest
from control_plane_world import ACCOUNT, PRIMARY, STANDBY, plan_dict
from emulated_aws import Cloud, Context

from failover.adapters import aws
from failover.application.errors import RunRefused, StillInProgress, TransientFailure

NAMES = sorted(
    path.stem
    for path in (Path(__file__).parents[2] / "functions" / "handlers").glob("[a-z]*.py")
    if path.stem not in ("receive_alarm", "probe_leader", "evaluate_readiness", "operator_api")
)
STARTED = "2026-11-23T03:00:00.000Z"
RUN = "failover-e1-0123abcd"


def served(name: str, context: Context, state: dict[str, Any], run: str = RUN) -> dict[str, Any]:
    trigger = {"kind": "alarm", "reason": "it is down", "alarm_arn": None, "observed_at": STARTED}
    event = {"run": run, "started_at": STARTED, "state": {"trigger": trigger, "expected_epoch": 1, **state}}
    answer: dict[str, Any] = importlib.import_module(f"handlers.{name}").handler(event, context)
    return answer


@pytest.fixture
def data_plane(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """A replica of the primary, one task, a secret; nothing listens at any address of the service."""
    nowhere = "http://127.0.0.1:1"

    def unreachable(described: dict[str, Any]) -> None:
        described["public_url"] = nowhere
        for region in described["regions"].values():
            region["service_url"] = nowhere

    cloud.publish_plan(unreachable)
    cloud.client("rds", PRIMARY).create_db_instance(
        DBInstanceIdentifier=f"app-{PRIMARY}",
        DBInstanceClass="db.t4g.medium",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="app",
        MasterUserPassword="not-shown",
        BackupRetentionPeriod=7,
    )
    cloud.client("rds").create_db_instance_read_replica(
        DBInstanceIdentifier=f"app-{STANDBY}",
        SourceDBInstanceIdentifier=f"arn:aws:rds:{PRIMARY}:{ACCOUNT}:db:app-{PRIMARY}",
        SourceRegion=PRIMARY,
    )
    secret = {"host": "127.0.0.1", "port": 1, "username": "app", "password": "not-shown", "dbname": "app"}
    cloud.client("secretsmanager").create_secret(Name="drlab/app/database", SecretString=json.dumps(secret))
    ecs = cloud.client("ecs")
    ecs.create_cluster(clusterName="app")
    ecs.register_task_definition(family="app", containerDefinitions=[{"name": "app", "image": "app", "memory": 128}])
    elbv2 = cloud.client("elbv2")
    vpc = cloud.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = elbv2.create_target_group(Name="app", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")
    target = {"targetGroupArn": group["TargetGroups"][0]["TargetGroupArn"], "containerName": "app", "containerPort": 80}
    ecs.create_service(cluster="app", serviceName="app", taskDefinition="app", desiredCount=1, loadBalancers=[target])
    topic = cloud.client("sns").create_topic(Name="drlab-app-notifications")["TopicArn"]
    monkeypatch.setenv("TOPIC_ARN", topic)
    monkeypatch.setenv("CONTROL_BUCKET", plan_dict()["record_copies"][STANDBY])
    return cloud


def test_a_run_is_judged_fenced_and_undone_by_its_functions(
    data_plane: Cloud, context: Context, caplog: pytest.LogCaptureFixture
) -> None:
    """As far as an emulation without a database can go: what is beyond it must refuse, not pretend."""
    cloudwatch = data_plane.client("cloudwatch", "us-east-1")
    cloudwatch.put_metric_alarm(
        AlarmName="drlab-app-primary-health-check",
        EvaluationPeriods=1,
        ComparisonOperator="LessThanThreshold",
        Threshold=1,
    )
    cloudwatch.set_alarm_state(
        AlarmName="drlab-app-primary-health-check", StateValue="ALARM", StateReason="Threshold Crossed"
    )
    state: dict[str, Any] = {"health": served("check_primary_health", context, {})}
    assert (state["health"]["verdict"], state["health"]["leader"]) == ("down", PRIMARY)
    state["readiness"] = served("check_secondary_readiness", context, state)
    assert state["readiness"]["ready"] is True
    state["fence"] = served("fence_primary", context, state)
    assert (state["fence"]["held"], state["fence"]["epoch"]) == (True, 2)
    loss = served("bound_data_loss", context, state)
    assert (loss["accepted"], loss["known"]) == (False, False)
    state["prepared"] = {"loss": loss}
    with pytest.raises(RunRefused, match="No loss bound was accepted"):
        served("promote_replica", context, state)
    state["stood_down"] = served("stand_down", context, state)
    assert (state["stood_down"]["reopened"], state["stood_down"]["epoch"]) == (True, 3)
    state["outcome"] = served("record_outcome", context, state)
    assert state["outcome"]["result"] == "stood-down"
    assert served("notify", context, state)["message_id"]
    told = [record for record in caplog.records if record.name == "drlab-app"]
    assert [record.getMessage() for record in told].count("decided") == 7
    refused = next(record for record in told if record.getMessage() == "not done")
    assert (vars(refused)["error"], vars(refused)["reason"]) == (
        "RunRefused",
        "No loss bound was accepted, so nothing is promoted.",
    )


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("scale_secondary_ecs", {}),
        ("verify_writes", {}),
        ("flip_route53", {"opened": {"opened_at": STARTED}}),
        ("post_checks", {}),
    ],
)
def test_what_has_not_happened_within_the_budget_is_still_in_progress(
    data_plane: Cloud, context: Context, name: str, state: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StillInProgress):
        served(name, context, state)


def test_a_promotion_that_does_not_show_is_still_in_progress(data_plane: Cloud, context: Context) -> None:
    state: dict[str, Any] = {"health": {"epoch": 1, "leader": PRIMARY}}
    state["fence"] = served("fence_primary", context, state)
    state["prepared"] = {"loss": {"accepted": True, "known": True, "bound_seconds": 2.0}}
    with pytest.raises(StillInProgress):
        served("promote_replica", context, state)


def test_secret_and_parameter_are_updated_and_the_secret_is_never_logged(
    data_plane: Cloud, context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = served("update_secrets_and_rotate_app_config", context, {})
    assert answer["changed"] is True
    stored = data_plane.client("ssm").get_parameter(Name="/drlab/app/database")["Parameter"]["Value"]
    assert json.loads(stored)["port"] == 5432
    assert "not-shown" not in capsys.readouterr().out


def test_opening_without_the_fence_is_refused_and_counted(
    data_plane: Cloud, context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RunRefused, match="does not hold the fence"):
        served("open_secondary", context, {"verified": {"read_back": True, "region": STANDBY}})
    assert '"RunRefused":[1.0]' in capsys.readouterr().out


def test_a_call_that_no_run_would_make_is_refused_in_a_sentence_by_every_function(
    data_plane: Cloud, context: Context
) -> None:
    for name in NAMES:
        handler = importlib.import_module(f"handlers.{name}").handler
        for event in (None, {}, {"run": RUN, "started_at": STARTED, "state": {}}):
            with pytest.raises(RunRefused, match=r"malformed: [^\n]+\.$"):
                handler(event, context)


def test_without_a_plan_every_function_says_so(cloud: Cloud, context: Context) -> None:
    cloud.client("ssm").delete_parameter(Name="/drlab/app/plan")
    for name in NAMES:
        with pytest.raises(RunRefused, match="There is no plan"):
            served(name, context, {})


def test_a_region_outside_the_plan_and_an_incomplete_environment_are_refused(
    cloud: Cloud, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RunRefused, match="no TOPIC_ARN"):
        served("notify", context, {})
    monkeypatch.delenv("PLAN_PARAMETER")
    with pytest.raises(RunRefused, match="no PLAN_PARAMETER"):
        served("notify", context, {})
    monkeypatch.setenv("PLAN_PARAMETER", "/drlab/app/plan")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    plan = cloud.client("ssm").get_parameter(Name="/drlab/app/plan")["Parameter"]["Value"]
    cloud.client("ssm", "eu-west-1").put_parameter(Name="/drlab/app/plan", Value=plan, Type="String")
    with pytest.raises(RunRefused, match="eu-west-1 is not a Region of the plan"):
        served("verify_writes", context, {})


def test_a_parameter_store_that_does_not_answer_is_tried_again(
    cloud: Cloud, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A closed port stands for an endpoint that is gone; an empty address would mean AWS itself."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    aws.client.cache_clear()
    with pytest.raises(TransientFailure):
        served("verify_writes", context, {})
