"""Is everything that would be deployed priced, and is the sum right?"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lab.cost.charge import Charge
from lab.cost.errors import CostError
from lab.cost.estimate import RULES, Estimate, estimate
from lab.cost.free_types import FREE
from lab.cost.installation import committed_stacks, installation
from lab.cost.load import Load
from lab.cost.options import priced_options
from lab.cost.price_table import read_prices
from lab.cost.resources import Resource
from lab.cost.usage import Usage, read_usage
from tests.cost.conftest import PRIMARY, STANDBY, WITNESS, data_plane

PRICES = read_prices()
NAT = {"Nat": {"Type": "AWS::EC2::NatGateway", "Properties": {}}}
SMALL_DATABASE = {
    "Engine": "postgres",
    "DBInstanceClass": "db.t4g.medium",
    "DBInstanceIdentifier": "a",
    "AllocatedStorage": "20",
    "StorageType": "gp3",
}


@pytest.fixture(scope="module")
def month() -> Estimate:
    return estimate(installation(committed_stacks()), PRICES, read_usage())


def cost_of(resources: Mapping[str, Any], usage: Usage) -> dict[str, Decimal]:
    """What they add in each Region to an installation without them."""

    def sums(parts: Mapping[str, Any]) -> dict[str, Decimal]:
        found = dict.fromkeys((PRIMARY, STANDBY, WITNESS), Decimal(0))
        for one in estimate(installation(data_plane(parts)), PRICES, usage).items:
            found[one.region] += one.usd
        return found

    before, after = sums({}), sums(resources)
    return {region: after[region] - before[region] for region in before}


def test_every_type_of_every_template_is_priced_or_free_with_a_reason() -> None:
    kinds = {one.kind for one in installation(committed_stacks()).resources}
    assert len(kinds) > 50
    assert kinds - set(RULES) - set(FREE) == set()
    assert set(RULES) & set(FREE) == set()
    assert all(reason.strip() for reason in FREE.values())


def test_both_halves_in_all_three_regions_are_read() -> None:
    found = {(one.template.split("/")[-1], one.region) for one in installation(committed_stacks()).resources}
    assert {("template.yaml", PRIMARY), ("template.yaml", STANDBY), ("witness.yaml", WITNESS)} <= found
    assert {("drlab-app-us-east-1-overview", WITNESS), ("drlab-app-us-west-2-database", STANDBY)} <= found


def test_an_unknown_type_is_an_error_that_names_type_resource_and_template(idle: Usage) -> None:
    unknown = {"Line": {"Type": "AWS::DirectConnect::Connection", "Properties": {}}}
    with pytest.raises(CostError) as refused:
        estimate(installation(data_plane(unknown)), PRICES, idle)
    assert str(refused.value) == (
        "AWS::DirectConnect::Connection Line in first has no price and is not known to be free."
    )


def test_a_region_without_a_price_is_an_error_that_names_it(idle: Usage) -> None:
    with pytest.raises(CostError, match="The Region 'eu-west-1' has no price; known are ap-southeast-2"):
        estimate(installation(data_plane({}, primary="eu-west-1")), PRICES, idle)


@pytest.mark.parametrize(
    ("kind", "properties", "told"),
    [
        ("AWS::RDS::DBInstance", {**SMALL_DATABASE, "DBInstanceClass": "db.x9"}, "No price 'rds.postgres.db.x9.single"),
        ("AWS::RDS::DBInstance", {**SMALL_DATABASE, "StorageType": "io2"}, "No price 'rds.io2.single'"),
        ("AWS::RDS::DBInstance", {**SMALL_DATABASE, "Iops": 12000}, "has Iops 12000, which has no price"),
        ("AWS::RDS::DBInstance", {"PerformanceInsightsRetentionPeriod": 731}, "for 731 days; only 7 are free"),
        ("AWS::RDS::DBCluster", {"StorageType": "aurora-iopt1"}, "only aurora has a price"),
        ("AWS::SSM::Parameter", {"Tier": "Advanced"}, "only standard parameters"),
        ("AWS::StepFunctions::StateMachine", {"StateMachineType": "EXPRESS"}, "only STANDARD has a price"),
        ("AWS::RDS::DBInstance", {"SourceDBInstanceIdentifier": "a:gone"}, "the database 'gone', which is in no"),
        ("AWS::EC2::VPCEndpoint", {"VpcEndpointType": "Interface"}, "only gateway endpoints have a price"),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", {"Type": "network"}, "only application load balancers"),
        ("AWS::ECS::Cluster", {"ClusterSettings": [{"Name": "containerInsights", "Value": "enhanced"}]}, "enhanced"),
        ("AWS::CloudWatch::Alarm", {"Period": 10}, "looks every 10 seconds"),
        ("AWS::Logs::LogGroup", {"LogGroupName": "/new", "RetentionInDays": 1}, "the log group /new; no assumption"),
        ("AWS::S3::Bucket", {"BucketName": "new"}, "the bucket new; no assumption"),
        ("AWS::S3::Bucket", {}, "has no BucketName, which its price depends on"),
        ("AWS::Route53::RecordSet", {"Name": "a"}, "is no alias"),
        ("AWS::Synthetics::Canary", {"Schedule": {"Expression": "cron(0 1 * * ? *)"}}, "only a rate in minutes"),
    ],
)
def test_a_setting_that_changes_the_price_and_is_not_known_is_an_error(
    idle: Usage, kind: str, properties: dict[str, Any], told: str
) -> None:
    """A rule must not price something by the price of something else."""
    with pytest.raises(CostError) as refused:
        estimate(installation(data_plane({"One": {"Type": kind, "Properties": properties}})), PRICES, idle)
    assert told in str(refused.value)


def test_a_gateway_an_address_and_two_alarms_cost_what_a_hand_computes(idle: Usage) -> None:
    """730 x 0.059 + 730 x 0.005 + 2 x 0.10 + 0.50, in Sydney."""
    added = {
        **NAT,
        "Address": {"Type": "AWS::EC2::EIP", "Properties": {}},
        "One": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Period": 60}},
        "Two": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Period": 300}},
        "Both": {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": {}},
    }
    assert cost_of(added, idle) == {PRIMARY: Decimal("47.42"), STANDBY: 0, WITNESS: 0}


def test_a_database_and_its_replica_cost_what_a_hand_computes(idle: Usage) -> None:
    """The class and 20 GB twice, here in one Region: 2 x (730 x 0.102 + 20 x 0.138)."""
    replica = {"SourceDBInstanceIdentifier": "arn:aws:rds:x:1:db:a", "DBInstanceClass": "db.t4g.medium"}
    added = {
        "First": {"Type": "AWS::RDS::DBInstance", "Properties": SMALL_DATABASE},
        "Second": {"Type": "AWS::RDS::DBInstance", "Properties": replica},
    }
    assert cost_of(added, idle)[PRIMARY] == Decimal("154.44")


def test_a_replicas_empty_log_is_paid_like_a_full_one(month: Estimate) -> None:
    """64 MB each 5 minutes from Sydney: 730 x 12 / 16 GB at 0.098."""
    (sent,) = [one for one in month.items if one.quantity == Decimal("547.5")]
    assert (sent.region, sent.price.key) == (PRIMARY, "transfer.region")
    assert sent.usd == Decimal("53.655")


def test_the_leases_writes_are_those_of_the_decision(month: Estimate) -> None:
    """Two tasks, one renewal each five seconds, a PUT into each of three buckets (decision 0002)."""
    puts = [one for one in month.items if one.price.key == "s3.put" and "ControlBucket" in one.resource]
    assert {one.region for one in puts} == {PRIMARY, STANDBY, WITNESS}
    assert {one.quantity for one in puts} == {Decimal(2 * 730 * 3600 // 5) / 1000}


def test_each_renewal_reads_a_copy_and_writes_it(idle: Usage) -> None:
    target = {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {"MinCapacity": 1}}
    one = Load(installation(data_plane({"One": target})), idle)
    two = Load(installation(data_plane({"One": target, "Two": target})), idle)
    renewals = Decimal(730 * 3600) / 5
    assert one.heartbeats() == (renewals, renewals)
    assert two.heartbeats() == (2 * renewals, 2 * renewals)


def test_the_sums_by_service_and_region_add_up_to_the_total(month: Estimate) -> None:
    rows = month.by_service()
    added = sum((usd for row in rows.values() for usd in row.values()), Decimal(0))
    assert abs(added - month.total) < Decimal("1e-12")
    assert list(rows) == sorted(rows, key=lambda name: -sum(rows[name].values()))
    assert {region for row in rows.values() for region in row} == {PRIMARY, STANDBY, WITNESS}


def test_the_budget_is_the_one_that_the_alarm_watches(month: Estimate) -> None:
    assert month.budget_usd == 400
    assert month.within_budget == (month.total <= 400)


def test_more_requests_and_another_month_cost_more(tmp_path: Path, month: Estimate) -> None:
    for text in ("requests_per_month: 100000000\n", "hours_per_month: 744\n", "drills_per_month: 4\n"):
        own = tmp_path / "usage.yaml"
        own.write_text(text)
        assert estimate(installation(committed_stacks()), PRICES, read_usage(own)).total > month.total, text


def test_a_drill_costs_transitions_tasks_and_a_new_replica(month: Estimate) -> None:
    keys = {one.price.key for one in month.drill}
    assert {"states.transition", "lambda.request", "fargate.arm64.vcpu", "transfer.region", "sns.publish"} <= keys
    drills = sum((one.usd for one in month.items if one.service == "Drills"), Decimal(0))
    assert drills == sum((one.usd for one in month.drill), Decimal(0)) > 0


def test_each_option_moves_the_total_the_way_it_should(month: Estimate) -> None:
    moved = {one.name: one.total - month.total for one in priced_options(committed_stacks(), PRICES, read_usage())}
    dearer = [name for name, difference in moved.items() if difference > 0]
    assert set(moved) - set(dearer) == {
        *("useMultiRegionKms=false", "hostedZoneId=Z...", "leaseSeconds=30"),
        "faultInjection=true",
    }
    assert moved["faultInjection=true"] == 0, "a template of an experiment costs nothing until somebody starts it"
    assert moved["useMultiRegionKms=false"] == 0, "a replica key costs what a key costs"
    assert moved["hostedZoneId=Z..."] == Decimal("-0.50")
    assert moved["leaseSeconds=30"] < -10, "half the renewals"
    # Both instances and both storages once more, at the price of two zones.
    assert moved["databaseMultiAz=true"] >= Decimal("0.083") * 730
    # Two canaries each five minutes.
    assert moved["canaryEnabled=true"] > 2 * 8760 * Decimal("0.0012")
    assert moved["dbMode=aurora-global"] > moved["databaseMultiAz=true"]
    # One task of 0.25 vCPU and 0.5 GB in Oregon, with its Fargate hours alone.
    assert moved["warmStandbyTasks=2"] > 730 * (Decimal("0.03238") / 4 + Decimal("0.00356") / 2)


def test_a_rule_of_every_type_is_used_by_the_plan_or_by_an_option(month: Estimate) -> None:
    only_options = {"AWS::RDS::DBCluster", "AWS::DynamoDB::GlobalTable", "AWS::Synthetics::Canary"}
    assert set(RULES) - {one.kind for one in installation(committed_stacks()).resources} == only_options


def test_an_interval_of_thirty_seconds_is_no_feature() -> None:
    load = Load(installation(data_plane({})), read_usage())
    check = {"HealthCheckConfig": {"Type": "HTTP", "RequestInterval": 30}}
    resource = Resource("AWS::Route53::HealthCheck", "Check", "first", PRIMARY, check)
    assert RULES[resource.kind](resource, load)[1] == Charge("route53.feature", Decimal(0))
