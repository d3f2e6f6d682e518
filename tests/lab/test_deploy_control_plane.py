"""Is the control plane that runs in the lab the one that the templates describe, to the last property?"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from lab.cloud.cloudformation.coverage import TYPES, inert, unsupported
from lab.cloud.cloudformation.deploy_control_plane import Deployed, DeploymentError, Stack, deploy, deploy_stack
from lab.cloud.cloudformation.resource import (
    Clients,
    Created,
    Made,
    Properties,
    ResourceError,
    ResourceType,
    Wanted,
    differences,
    make,
)
from lab.data_plane import PLAN_PARAMETER
from lab.settings import ACCOUNT_ID, PRIMARY_REGION, SECONDARY_REGION, WITNESS_REGION
from tests.templates.expanded import CONTROL_PLANE, source

REGIONS = (PRIMARY_REGION, SECONDARY_REGION)
WEBHOOK = "http://127.0.0.1:9/notifications"
HEALTH_CHECKS = {
    "ap-southeast-2": "5f3b1a52-0000-4000-8000-000000000000",
    "us-west-2": "5f3b1a52-0000-4000-8000-000000000001",
}

Client = Callable[[str, str], Any]


def control_bucket(region: str) -> str:
    return f"drlab-app-control-{ACCOUNT_ID}-{region}"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The emulated AWS as the drill runs it: a process of its own, which ends with its standard input."""
    folder = tmp_path_factory.mktemp("cloud")
    command = [sys.executable, "-m", "lab.cloud", "--die-with-stdin"]
    command += ["--mailbox", str(folder / "mailbox"), "--state-dir", str(folder / "state")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            ready, _, port = process.stdout.readline().partition(" ")
            assert ready == "ready"
            yield f"http://127.0.0.1:{int(port)}"
        finally:
            process.stdin.close()
            process.wait(20)


@pytest.fixture(scope="module")
def client(endpoint: str) -> Client:
    def make_client(service: str, region: str) -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=endpoint,
            aws_access_key_id="operator",
            aws_secret_access_key="unused",
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, read_timeout=30),
        )

    return make_client


@pytest.fixture(scope="module")
def deployed(endpoint: str) -> dict[str, Deployed]:
    return deploy(endpoint, HEALTH_CHECKS, webhook_url=WEBHOOK)


def test_the_three_regions_are_deployed_and_say_what_they_made(deployed: dict[str, Deployed]) -> None:
    assert set(deployed) == {*REGIONS, WITNESS_REGION}
    for region in REGIONS:
        machine = f"arn:aws:states:{region}:{ACCOUNT_ID}:stateMachine:drlab-app-failover"
        assert deployed[region].outputs["StateMachineArn"] == machine
        assert deployed[region].outputs["ControlBucketName"] == control_bucket(region)
    assert deployed[WITNESS_REGION].outputs["ControlBucketName"] == control_bucket(WITNESS_REGION)


def test_what_is_left_out_is_said_with_a_reason(deployed: dict[str, Deployed]) -> None:
    lines = deployed[PRIMARY_REGION].inert
    assert any(line.startswith("AWS::Lambda::LayerVersion: ") for line in lines)
    assert not any(line.startswith("AWS::IAM::") for line in lines)


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_s_functions_carry_their_settings(deployed: dict[str, Deployed], client: Client, region: str) -> None:
    functions = client("lambda", region).list_functions()["Functions"]
    declared = source(CONTROL_PLANE)["Resources"].values()
    assert len(functions) == sum(one["Type"] == "AWS::Serverless::Function" for one in declared)
    receiver = next(item for item in functions if item["FunctionName"] == "drlab-app-receive-alarm")
    variables = receiver["Environment"]["Variables"]
    assert variables["PLAN_PARAMETER"] == PLAN_PARAMETER
    assert variables["STATE_MACHINE_ARN"] == deployed[region].outputs["StateMachineArn"]
    assert receiver["DeadLetterConfig"]["TargetArn"].endswith(":drlab-app-undecided-alarms")
    assert receiver["LoggingConfig"]["LogGroup"] == "/drlab/app/control-plane"


def test_the_workflow_that_runs_names_the_functions_of_its_own_region(
    deployed: dict[str, Deployed], client: Client
) -> None:
    arn = deployed[SECONDARY_REGION].outputs["StateMachineArn"]
    definition = client("stepfunctions", SECONDARY_REGION).describe_state_machine(stateMachineArn=arn)["definition"]
    assert "${" not in definition
    assert f"arn:aws:lambda:{SECONDARY_REGION}:{ACCOUNT_ID}:function:drlab-app-promote-replica" in definition
    assert PRIMARY_REGION not in definition


def test_an_execution_really_runs(deployed: dict[str, Deployed], client: Client) -> None:
    """moto has two stores of state machines, and only one of them executes."""
    arn = deployed[SECONDARY_REGION].outputs["StateMachineArn"]
    states = client("stepfunctions", SECONDARY_REGION)
    execution = states.start_execution(stateMachineArn=arn, name="probe", input="{}")["executionArn"]
    entered = first_state(lambda: states.get_execution_history(executionArn=execution)["events"])
    assert entered == "CheckPrimaryHealth"
    with contextlib.suppress(states.exceptions.ExecutionDoesNotExist):
        states.stop_execution(executionArn=execution)


def first_state(history: Callable[[], list[dict[str, Any]]]) -> str | None:
    """The first state that an execution enters, within ten seconds."""
    pause = threading.Event()
    for _ in range(200):
        for event in history():
            if "stateEnteredEventDetails" in event:
                name: str = event["stateEnteredEventDetails"]["name"]
                return name
        pause.wait(0.05)
    return None


def test_the_alarm_watches_the_health_check_and_its_changes_go_to_both_regions(
    deployed: dict[str, Deployed], client: Client
) -> None:
    cloudwatch, events = client("cloudwatch", WITNESS_REGION), client("events", WITNESS_REGION)
    for which, check in zip(("primary", "secondary"), HEALTH_CHECKS.values(), strict=True):
        (alarm,) = cloudwatch.describe_alarms(AlarmNames=[f"drlab-app-{which}-health-check"])["MetricAlarms"]
        assert alarm["Dimensions"] == [{"Name": "HealthCheckId", "Value": check}]
    assert alarm["TreatMissingData"] == "breaching"
    targets = events.list_targets_by_rule(Rule="drlab-app-forward-health-check")["Targets"]
    assert {target["Arn"].split(":")[3] for target in targets} == set(REGIONS)
    assert all(target["DeadLetterConfig"]["Arn"] and target["RetryPolicy"] for target in targets)


def test_only_the_notifications_that_were_asked_for_are_subscribed(
    deployed: dict[str, Deployed], client: Client
) -> None:
    topic = deployed[SECONDARY_REGION].outputs["NotificationTopicArn"]
    found = client("sns", SECONDARY_REGION).list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert [(item["Protocol"], item["Endpoint"]) for item in found] == [("http", WEBHOOK)]


@pytest.mark.parametrize("region", [*REGIONS, WITNESS_REGION])
def test_the_leader_record_is_written_only_on_a_condition_and_never_deleted(
    deployed: dict[str, Deployed], client: Client, region: str
) -> None:
    s3, bucket, key = client("s3", region), control_bucket(region), "leader-record.json"
    with pytest.raises(ClientError, match=r"403|AccessDenied|Forbidden"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"{}")
    tag = s3.put_object(Bucket=bucket, Key=key, Body=b"{}", IfNoneMatch="*")["ETag"]
    s3.put_object(Bucket=bucket, Key=key, Body=b'{"epoch": 2}', IfMatch=tag)
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"{}", IfMatch=tag)
    with pytest.raises(ClientError, match=r"403|AccessDenied|Forbidden"):
        s3.delete_object(Bucket=bucket, Key=key)
    assert json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) == {"epoch": 2}


@pytest.mark.parametrize("key", ["heartbeat.json", "runs/r-1/outcome.json"])
def test_the_rule_for_the_record_locks_out_no_other_object(
    deployed: dict[str, Deployed], client: Client, key: str
) -> None:
    s3 = client("s3", PRIMARY_REGION)
    s3.put_object(Bucket=control_bucket(PRIMARY_REGION), Key=key, Body=b"1")
    s3.put_object(Bucket=control_bucket(PRIMARY_REGION), Key=key, Body=b"2")
    s3.delete_object(Bucket=control_bucket(PRIMARY_REGION), Key=key)


def test_a_record_s_bucket_is_versioned_encrypted_and_closed(deployed: dict[str, Deployed], client: Client) -> None:
    s3, bucket = client("s3", WITNESS_REGION), control_bucket(WITNESS_REGION)
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    assert s3.get_bucket_encryption(Bucket=bucket)


def written(path: Path, resources: dict[str, Any]) -> Stack:
    path.write_text(json.dumps({"Resources": resources}))
    return Stack("probe", PRIMARY_REGION, path, {})


def test_every_type_and_property_that_the_lab_does_not_know_is_listed(endpoint: str, tmp_path: Path) -> None:
    stack = written(
        tmp_path / "template.json",
        {
            "Lake": {"Type": "AWS::Glue::Database"},
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q", "DelaySeconds": 1}},
        },
    )
    with pytest.raises(DeploymentError) as raised:
        deploy_stack(endpoint, stack)
    assert "Lake: the lab does not know the type AWS::Glue::Database" in str(raised.value)
    assert "Queue (AWS::SQS::Queue): the lab does not know the property DelaySeconds" in str(raised.value)


def test_what_aws_refuses_fails_the_deployment_and_names_the_resource(endpoint: str, tmp_path: Path) -> None:
    properties = {"AlarmName": "a", "Namespace": "AWS/SQS", "MetricName": "M", "ComparisonOperator": "AlmostThere"}
    stack = written(tmp_path / "template.json", {"A": {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}})
    with pytest.raises(DeploymentError, match=r"A \(AWS::CloudWatch::Alarm\)"):
        deploy_stack(endpoint, stack)


def test_a_code_directory_that_is_missing_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(
        "Transform: AWS::Serverless-2016-10-31\n"
        "Resources: {F: {Type: AWS::Serverless::Function, Properties: {CodeUri: nowhere}}}\n"
    )
    with pytest.raises(DeploymentError, match="nowhere is named as code"):
        deploy_stack("http://127.0.0.1:1", Stack("probe", PRIMARY_REGION, path, {}))


def wanted(properties: Properties) -> Wanted:
    return Wanted(Clients(1), ACCOUNT_ID, PRIMARY_REGION, "name", properties)


def kind(found: Properties) -> ResourceType:
    """A type whose resources read back as `found`, whatever was wanted."""

    def read(made: Made) -> Properties:
        return found

    return ResourceType("Test::A::B", frozenset({"Size", "Names"}), lambda _: Created("ref"), read)


def test_a_resource_that_reads_back_otherwise_is_an_error_that_names_what_differs() -> None:
    with pytest.raises(ResourceError, match=r"Thing: Size should be .*2.* and reads back as .*1"):
        make(kind({"Size": 1, "Names": ["a"]}), wanted({"Size": 2, "Names": ["a"]}), "Thing")


def test_a_property_that_was_dropped_is_a_difference() -> None:
    with pytest.raises(ResourceError, match=r"Names should be .* and reads back as null"):
        make(kind({"Size": 2}), wanted({"Size": 2, "Names": ["a"]}), "Thing")


@pytest.mark.parametrize(
    ("template", "service"),
    [(60, "60"), (60, 60.0), (True, "true"), (["b", "a"], ["a", "b"]), ({"A": 1}, {"A": "1", "B": None})],
)
def test_the_same_value_in_another_spelling_is_no_difference(template: Any, service: Any) -> None:
    assert differences({"P": template}, {"P": service}, ["P"]) == []


@pytest.mark.parametrize(("template", "service"), [(60, 61), (True, False), (["a"], ["a", "b"]), (0.1, 0.12)])
def test_another_value_is_a_difference(template: Any, service: Any) -> None:
    assert len(differences({"P": template}, {"P": service}, ["P"])) == 1


def test_a_type_is_either_made_and_read_back_or_inert_as_a_whole() -> None:
    for name, found in TYPES.items():
        if "*" in found.inert:
            assert not found.made, name
        else:
            assert found.create, name
            assert found.read, name
            assert not found.made & set(found.inert), name


def test_inert_names_only_what_a_template_really_holds() -> None:
    template = {"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}}}}
    assert (unsupported(template), inert(template)) == ([], [])
