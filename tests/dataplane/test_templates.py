"""Are the templates wired as a failover needs them, and are the committed ones those that would be deployed?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from failover.domain.plan import Plan
from tests.dataplane.templates import (
    ACCOUNT,
    FOLDER,
    PRIMARY,
    STANDBY,
    WITNESS,
    deployment,
    of_type,
    only,
    stack,
    text,
)

REGIONS = (PRIMARY, STANDBY)


def test_the_committed_templates_are_those_that_would_be_deployed(synthesized: dict[str, str]) -> None:
    """They are what is reviewed, and what the lab deploys. `make synth` writes them anew."""
    committed = {path.name: path.read_text() for path in FOLDER.glob("*.json")}
    assert sorted(committed) == sorted(synthesized), "run `make synth`"
    assert [name for name in committed if committed[name] != synthesized[name]] == [], "run `make synth`"


def test_there_are_stacks_in_three_regions_each_after_what_it_needs() -> None:
    seen: set[str] = set()
    for one in deployment():
        assert set(one["depends_on"]) <= seen, one["name"]
        seen.add(one["name"])
    assert {one["region"] for one in deployment()} == {PRIMARY, STANDBY, WITNESS}


def references(value: Any) -> list[dict[str, str]]:
    """Every Fn::GetStackOutput below `value`."""
    if isinstance(value, dict):
        found = [value["Fn::GetStackOutput"]] if "Fn::GetStackOutput" in value else []
        return found + [one for item in value.values() for one in references(item)]
    if isinstance(value, list):
        return [one for item in value for one in references(item)]
    return []


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("concern", ["network", "storage", "database", "service", "control", "observability"])
def test_what_is_needed_on_failover_day_refers_to_nothing_in_the_other_region(region: str, concern: str) -> None:
    """A stack that refers to a dark Region cannot be updated. Keys are apart: a replica key names its primary."""
    assert {one["Region"] for one in references(stack(region, concern))} <= {region}


def test_the_replica_is_of_the_primary_and_can_stand_alone() -> None:
    primary, replica = (only(region, "database", "AWS::RDS::DBInstance") for region in REGIONS)
    assert primary["DBInstanceIdentifier"] == f"app-{PRIMARY}"
    assert text(replica["SourceDBInstanceIdentifier"]).count(f"arn:aws:rds:{PRIMARY}:{ACCOUNT}:db:app-{PRIMARY}") == 1
    assert "SourceDBInstanceIdentifier" not in primary
    assert replica["BackupRetentionPeriod"] == primary["BackupRetentionPeriod"] == 7
    assert "StorageEncrypted" not in replica
    for region, database in zip(REGIONS, (primary, replica), strict=True):
        assert {one["Region"] for one in references(database["KmsKeyId"])} == {region}
        assert database["DeletionProtection"] is True
        assert database["EnablePerformanceInsights"] is True
        assert database["EnableCloudwatchLogsExports"] == ["postgresql", "upgrade"]
        parameters = only(region, "database", "AWS::RDS::DBParameterGroup")["Parameters"]
        assert parameters["rds.force_ssl"] == "1"
        # In MiB, and below what storage there is: the slot of a standby that is away must not stop the leader, and RDS adds
        # storage too slowly for that. A day of an idle leader, which fills 64 MiB in five minutes, is kept.
        kept = int(parameters["max_slot_wal_keep_size"])
        assert 24 * 12 * 64 < kept <= int(primary["AllocatedStorage"]) * 1024 // 2


def test_backups_are_copied_to_the_other_region_under_its_key() -> None:
    primary = only(PRIMARY, "database", "AWS::RDS::DBInstance")
    assert primary["AutomaticBackupReplicationRegion"] == STANDBY
    key = primary["AutomaticBackupReplicationKmsKeyId"]
    assert f'"arn:aws:kms:{STANDBY}:{ACCOUNT}:key/"' in text(key)
    (own,) = references(key)
    (kms_key,) = of_type(PRIMARY, "keys", "AWS::KMS::Key")
    told = stack(own["Region"], "keys")["Outputs"][own["OutputName"]]
    assert (own["Region"], told["Value"]) == (PRIMARY, {"Ref": kms_key}), (
        "a multi-Region key has one id in both Regions"
    )


def parameter(region: str, concern: str, name: str) -> dict[str, Any]:
    """The one of that name."""
    (found,) = (one for one in of_type(region, concern, "AWS::SSM::Parameter").values() if one["Name"] == name)
    return found


def test_both_regions_publish_one_plan_that_the_control_plane_accepts() -> None:
    texts = {region: parameter(region, "control", "/drlab/app/plan") for region in REGIONS}
    assert texts[PRIMARY]["Value"] == texts[STANDBY]["Value"]
    plan = Plan.parse(texts[PRIMARY]["Value"])
    for region in REGIONS:
        here = plan.region(region)
        secrets = of_type(region, "database", "AWS::SecretsManager::Secret").values()
        assert here.database_secret in {one["Name"] for one in secrets}
        assert parameter(region, "database", here.database_parameter)["Type"] == "String"
        assert here.database_instance == only(region, "database", "AWS::RDS::DBInstance")["DBInstanceIdentifier"]
        assert here.ecs_cluster == only(region, "service", "AWS::ECS::Cluster")["ClusterName"]
        assert here.ecs_service == only(region, "service", "AWS::ECS::Service")["ServiceName"]


@pytest.mark.scenario("F28")
@pytest.mark.parametrize("region", REGIONS)
def test_a_region_reaches_its_own_database_with_the_shared_password(region: str) -> None:
    secrets = of_type(region, "database", "AWS::SecretsManager::Secret").values()
    own = next(one for one in secrets if one["Name"] == "drlab/app/database")
    assert "{{resolve:secretsmanager:drlab/app/credentials:SecretString:password}}" in text(own["SecretString"])
    assert "Endpoint.Address" in text(own["SecretString"])


def test_the_credentials_are_copied_to_the_other_region() -> None:
    secrets = of_type(PRIMARY, "database", "AWS::SecretsManager::Secret").values()
    shared = next(one for one in secrets if one["Name"] == "drlab/app/credentials")
    assert shared["ReplicaRegions"] == [{"Region": STANDBY, "KmsKeyId": "alias/drlab-app"}]


@pytest.mark.scenario("F31")
@pytest.mark.parametrize(("region", "least"), [(PRIMARY, 2), (STANDBY, 1)])
def test_no_deploy_resets_the_number_of_tasks(region: str, least: int) -> None:
    service = only(region, "service", "AWS::ECS::Service")
    assert "DesiredCount" not in service
    assert only(region, "service", "AWS::ApplicationAutoScaling::ScalableTarget")["MinCapacity"] == least
    assert service["DeploymentConfiguration"]["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}


@pytest.mark.parametrize(("region", "disabled"), [(PRIMARY, False), (STANDBY, True)])
def test_an_idle_standby_does_not_take_back_the_tasks_of_a_failover(region: str, disabled: bool) -> None:
    """Its CPU is low all the time, so scaling in would follow within minutes."""
    policy = only(region, "service", "AWS::ApplicationAutoScaling::ScalingPolicy")
    assert policy["TargetTrackingScalingPolicyConfiguration"].get("DisableScaleIn", False) is disabled


@pytest.mark.parametrize("region", REGIONS)
def test_the_load_balancer_asks_livez_and_the_records_ask_healthz(region: str) -> None:
    """A standby's tasks are healthy targets although they refuse writes; traffic goes where /healthz says so."""
    assert only(region, "service", "AWS::ElasticLoadBalancingV2::TargetGroup")["HealthCheckPath"] == "/livez"
    check = only(region, "routing", "AWS::Route53::HealthCheck")["HealthCheckConfig"]
    assert (check["ResourcePath"], check["FullyQualifiedDomainName"]) == ("/healthz", f"{region}.app.example.com")


@pytest.mark.parametrize(("region", "role"), [(PRIMARY, "PRIMARY"), (STANDBY, "SECONDARY")])
def test_both_failover_records_carry_their_own_regions_check(region: str, role: str) -> None:
    (check,) = of_type(region, "routing", "AWS::Route53::HealthCheck")
    records = {one["Name"]: one for one in of_type(region, "routing", "AWS::Route53::RecordSet").values()}
    public = records["app.example.com."]
    assert (public["Failover"], public["SetIdentifier"]) == (role, region)
    assert check in text(public["HealthCheckId"])
    assert "HealthCheckId" not in records[f"{region}.app.example.com."]


@pytest.mark.parametrize("region", REGIONS)
def test_each_tier_admits_the_one_before_it_alone(region: str) -> None:
    groups = of_type(region, "network", "AWS::EC2::SecurityGroup")
    open_to_all = [name for name, one in groups.items() if "0.0.0.0/0" in text(one.get("SecurityGroupIngress", []))]
    assert [name.startswith("TiersEdge") for name in open_to_all] == [True]
    admitted = {
        (
            text(one["GroupId"]).split('"')[3][:12],
            text(one["SourceSecurityGroupId"]).split('"')[3][:12],
            one["FromPort"],
        )
        for one in of_type(region, "network", "AWS::EC2::SecurityGroupIngress").values()
    }
    assert admitted == {
        ("TiersService", "TiersEdgeDCE", 8080),
        ("TiersDatabas", "TiersService", 5432),
        ("TiersDatabas", "TiersFunctio", 5432),
        # Nobody but a function looks at what a rehearsal restored.
        ("TiersRehears", "TiersFunctio", 5432),
    }


def test_objects_are_replicated_in_time_under_the_other_regions_key() -> None:
    buckets = of_type(PRIMARY, "storage", "AWS::S3::Bucket").values()
    data = next(one for one in buckets if "app-data" in one["BucketName"])
    (rule,) = data["ReplicationConfiguration"]["Rules"]
    assert rule["Filter"] == {"Prefix": "app-data/"}
    assert rule["DeleteMarkerReplication"] == {"Status": "Disabled"}
    assert rule["Destination"]["ReplicationTime"] == {"Status": "Enabled", "Time": {"Minutes": 15}}
    assert rule["Destination"]["Metrics"]["Status"] == "Enabled"
    assert rule["SourceSelectionCriteria"] == {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
    assert STANDBY in rule["Destination"]["Bucket"]
    assert STANDBY in rule["Destination"]["EncryptionConfiguration"]["ReplicaKmsKeyID"]
    (move, _) = data["LifecycleConfiguration"]["Rules"]
    assert [(one["StorageClass"], one["TransitionInDays"]) for one in move["Transitions"]] == [
        ("STANDARD_IA", 30),
        ("DEEP_ARCHIVE", 90),
    ]
    standby = of_type(STANDBY, "storage", "AWS::S3::Bucket").values()
    assert not [one for one in standby if "ReplicationConfiguration" in one]


def test_the_task_may_read_its_lease_and_write_its_heartbeat_and_no_more() -> None:
    policies = of_type(PRIMARY, "service", "AWS::IAM::Policy").items()
    (policy,) = [one for name, one in policies if name.startswith("TaskRole")]
    actions = {
        action
        for statement in policy["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    assert actions == {
        "ssm:GetParameter",
        "secretsmanager:GetSecretValue",
        "kms:Decrypt",
        "s3:GetObject",
        "s3:PutObject",
        "s3:ListBucket",
    }
    assert '"*"' not in json.dumps(policy["PolicyDocument"]["Statement"])
