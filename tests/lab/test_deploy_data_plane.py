"""Is the lab's data plane what the synthesized templates say, with a reason for everything that it leaves out?"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.cloud.cloudformation import deploy_data_plane
from lab.cloud.cloudformation.deploy_data_plane import DataPlaneStacks
from lab.cloud.cloudformation.stack_creation import DeploymentError
from lab.cloud.cloudformation.synthesized_templates import SynthesizedError, stacks, with_outputs
from tests.lab.emulated_cloud import EmulatedCloud

PRIMARY, STANDBY, ACCOUNT = "ap-southeast-2", "us-west-2", "123456789012"
REGIONS = (PRIMARY, STANDBY)


@pytest.fixture(scope="module")
def deployed(cloud: EmulatedCloud) -> DataPlaneStacks:
    for number, region in enumerate(REGIONS):
        cloud.control.set_database_endpoint(region, f"app-{region}", "127.0.0.1", 5001 + number)
    return deploy_data_plane.deploy(cloud.endpoint)


def test_every_synthesized_stack_is_deployed_in_its_region(deployed: DataPlaneStacks) -> None:
    assert set(deployed.outputs) == {(stack.region, stack.name) for stack in stacks()}


def test_everything_that_is_left_out_has_a_reason(deployed: DataPlaneStacks) -> None:
    for line in deployed.inert:
        what, _, reason = line.partition(": ")
        assert what.startswith("AWS::"), line
        assert len(reason.split()) >= 4, line
    # What a drill stands on is made, not left out.
    whole = {line.partition(":" + " ")[0] for line in deployed.inert}
    assert whole.isdisjoint({"AWS::RDS::DBInstance", "AWS::ECS::Service", "AWS::Route53::RecordSet", "AWS::S3::Bucket"})


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_reaches_its_own_server_with_the_generated_password(
    cloud: EmulatedCloud, deployed: DataPlaneStacks, region: str
) -> None:
    """The template's references were resolved: to the endpoint that listens, and to the shared secret's value."""
    manager = cloud.client("secretsmanager", region)
    own = json.loads(manager.get_secret_value(SecretId="drlab/app/database")["SecretString"])
    shared = json.loads(manager.get_secret_value(SecretId="drlab/app/credentials")["SecretString"])
    assert own["password"] == shared["password"]
    assert len(own["password"]) == 40
    assert (own["host"], int(own["port"])) == ("127.0.0.1", 5001 + REGIONS.index(region))


def test_the_replica_is_one_and_the_standby_runs_its_warm_tasks(
    cloud: EmulatedCloud, deployed: DataPlaneStacks
) -> None:
    rds = cloud.client("rds", STANDBY)
    replica = rds.describe_db_instances(DBInstanceIdentifier=f"app-{STANDBY}")["DBInstances"][0]
    assert replica["ReadReplicaSourceDBInstanceIdentifier"].endswith(f"{PRIMARY}:{ACCOUNT}:db:app-{PRIMARY}")
    wanted = {
        region: cloud.client("ecs", region).describe_services(cluster="app", services=["app"])["services"][0]
        for region in REGIONS
    }
    assert {region: one["desiredCount"] for region, one in wanted.items()} == {PRIMARY: 2, STANDBY: 1}


def test_the_public_name_fails_over_by_health_checks(cloud: EmulatedCloud, deployed: DataPlaneStacks) -> None:
    route53 = cloud.client("route53", "us-east-1")
    zone = next(one for one in route53.list_hosted_zones()["HostedZones"] if one["Name"] == "app.example.com.")
    listed = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    public = {one["Failover"]: one for one in listed if one.get("Failover")}
    assert {role: one["SetIdentifier"] for role, one in public.items()} == {"PRIMARY": PRIMARY, "SECONDARY": STANDBY}
    assert all(one["HealthCheckId"] for one in public.values())


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[dict[str, Any]], Path]:
    """Synthesized templates of one stack with these resources."""

    def write(resources: dict[str, Any]) -> Path:
        (tmp_path / "one.json").write_text(json.dumps({"Resources": resources}))
        listed = [{"name": "one", "region": STANDBY, "template": "one.json", "depends_on": []}]
        (tmp_path / "deployment.json").write_text(json.dumps({"stacks": listed}))
        return tmp_path

    return write


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        ({"Type": "AWS::Moon::Base"}, "the lab does not know the type AWS::Moon::Base"),
        ({"Type": "AWS::EC2::VPC", "Properties": {"Colour": "red"}}, "the lab does not know the property Colour"),
    ],
)
def test_what_the_lab_does_not_know_is_an_error(
    cloud: EmulatedCloud, folder: Callable[[dict[str, Any]], Path], resource: dict[str, Any], said: str
) -> None:
    with pytest.raises(DeploymentError, match=said):
        deploy_data_plane.deploy(cloud.endpoint, folder=folder({"Thing": resource}))


def test_a_resource_that_reads_back_otherwise_is_an_error(
    cloud: EmulatedCloud, folder: Callable[[dict[str, Any]], Path]
) -> None:
    """A stack that says CREATE_COMPLETE proves nothing: here the zone's name is kept with a final dot."""
    zone = {"Name": "moon.example", "HostedZoneConfig": {"Comment": "none"}}
    resources = {"Zone": {"Type": "AWS::Route53::HostedZone", "Properties": zone}}
    with pytest.raises(DeploymentError, match=r'Name should be "moon.example" and reads back as "moon.example\."'):
        deploy_data_plane.deploy(cloud.endpoint, folder=folder(resources))


def test_missing_templates_and_outputs_are_told_in_a_sentence(cloud: EmulatedCloud, tmp_path: Path) -> None:
    with pytest.raises(DeploymentError, match="run `make synth`"):
        deploy_data_plane.deploy(cloud.endpoint, folder=tmp_path)
    reference = {"Fn::GetStackOutput": {"Region": STANDBY, "StackName": "gone", "OutputName": "Arn"}}
    with pytest.raises(SynthesizedError, match="No stack before it has the output"):
        with_outputs([reference], {})


TASKS = f"arn:aws:ecs:{STANDBY}:{ACCOUNT}:service/app/app"
RECORD = {"Bucket": f"drlab-app-control-{ACCOUNT}-us-east-1", "Key": "leader-record.json"}
LOGIN = {"SecretId": "drlab/app/database"}


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "denied"),
    [
        ("ssm", "GetParameter", {"Name": "/drlab/app/plan"}, None),
        ("secretsmanager", "GetSecretValue", LOGIN, None),
        ("s3", "GetObject", RECORD, None),
        ("s3", "PutObject", RECORD, f"no policy allows s3:PutObject on arn:aws:s3:::{'/'.join(RECORD.values())}"),
        ("s3", "PutObject", {**RECORD, "Key": "heartbeat.json"}, None),
        ("rds", "DeleteDBInstance", {"DBInstanceIdentifier": "app"}, f"arn:aws:rds:{STANDBY}:{ACCOUNT}:db:app"),
    ],
)
def test_a_task_of_the_service_may_do_what_its_role_allows(
    cloud: EmulatedCloud,
    deployed: DataPlaneStacks,
    service: str,
    operation: str,
    parameters: dict[str, str],
    denied: str | None,
) -> None:
    call = {"caller": TASKS, "service": service, "operation": operation, "parameters": parameters, "region": STANDBY}
    told = cloud.control.authorize(call)
    assert (told is None) if denied is None else (denied in str(told))


def test_ecs_may_start_the_service_of_the_templates(cloud: EmulatedCloud, deployed: DataPlaneStacks) -> None:
    found = {arn: one for arn, one in cloud.control.permissions().items() if arn.endswith(":task-definition/drlab-app")}
    assert {arn.split(":")[3] for arn in found} == set(REGIONS)
    assert all(one["used"] and not one["denied"] for one in found.values()), found
    services = cloud.control.desired()["services"]
    assert all(one["desired"] for one in services if one["service"] == "app"), services
