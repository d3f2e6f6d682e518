"""Does the function find out on real clients what is missing, tell people by its schedule alone, and change nothing?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from control_plane_world import ACCOUNT, PRIMARY, STANDBY, plan_dict
from emulated_aws import Cloud, Context

from failover.adapters.readiness.practice import SnsSubscriptions
from failover.adapters.readiness.public_name import Route53Names
from failover.domain.leader_record import fence
from failover.domain.readiness.practice import Subscribed
from failover.domain.readiness.routing import FailoverRecord, HealthCheckSeen
from failover.wiring.register import register_of
from failover.wiring.this_region import load_plan
from handlers.evaluate_readiness import handler
from lab import cli

SCHEDULED = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
CHANGES = ("Create", "Delete", "Modify", "Promote", "Publish", "Put", "Start", "Update")


@pytest.fixture(autouse=True)
def topic(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> str:
    def nobody_listens(plan: dict[str, Any]) -> None:
        for region in plan["regions"].values():
            region["service_url"] = "http://127.0.0.1:9"

    cloud.publish_plan(nobody_listens)
    arn: str = cloud.client("sns").create_topic(Name="drlab-app-notifications")["TopicArn"]
    monkeypatch.setenv("TOPIC_ARN", arn)
    monkeypatch.setenv("DOMAIN_NAME", "app.example.com")
    return arn


def changes(cloud: Cloud) -> list[str]:
    return [call for call in cloud.calls if call.partition(".")[2].startswith(CHANGES)]


def verdicts(told: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["verdict"] for one in told["checks"]}


def test_an_account_without_anything_is_not_ready_and_asking_changes_nothing(cloud: Cloud, context: Context) -> None:
    """Each look says itself that there is nothing: no exception of an SDK reaches anybody."""
    told = handler({}, context)
    found = verdicts(told)
    assert (told["evaluated"], told["verdict"], told["standby"]) == (True, "not ok", STANDBY)
    absent = {"replica", "key", "task-definition", "dns-records", "health-checks", "buckets", "last-drill"}
    assert {found[name] for name in absent} == {"not ok"}
    # A service that gives no answer at all may be well: nobody knows.
    assert {found[name] for name in ("replica-streams", "replica-lag", "schema", "fargate-quota")} == {"unknown"}
    assert found["record-copies"] == "ok"
    assert changes(cloud) == []


def test_the_schedule_tells_people_and_keeps_what_was_found(cloud: Cloud, context: Context, topic: str) -> None:
    handler(SCHEDULED, context)
    assert changes(cloud)[0] == "sns.Publish"
    kept = cloud.client("s3").get_object(Bucket=plan_dict()["record_copies"][STANDBY], Key="readiness.json")
    assert verdicts(json.loads(kept["Body"].read()))["key"] == "not ok"
    before = len(changes(cloud))
    handler(SCHEDULED, context)
    # What is unknown for the second time is told too; then there is no news any more.
    handler(SCHEDULED, context)
    assert [call for call in changes(cloud)[before:] if call == "sns.Publish"] == ["sns.Publish"]


def test_the_leader_s_region_asks_for_the_standby_s_own_evaluation_alone(
    cloud: Cloud, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler(SCHEDULED, context)
    monkeypatch.setenv("AWS_REGION", PRIMARY)
    plan = cloud.client("ssm").get_parameter(Name="/drlab/app/plan")["Parameter"]["Value"]
    cloud.client("ssm", PRIMARY).put_parameter(Name="/drlab/app/plan", Value=plan, Type="String")
    told = handler({}, context)
    assert verdicts(told) == {"standby-evaluates": "ok"}


def test_while_a_run_holds_the_fence_nothing_is_said(cloud: Cloud, context: Context) -> None:
    plan = load_plan()
    register_of(plan).change(fence("a-run", datetime.now(UTC)))
    told = handler(SCHEDULED, context)
    assert (told["evaluated"], told["verdict"], told["checks"]) == (False, "unknown", [])
    assert "a-run holds the fence" in told["reason"]
    assert "sns.Publish" not in cloud.calls


def test_the_command_says_that_nobody_could_be_asked(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["readiness"]) == 2
    assert "Asking drlab-app-evaluate-readiness" in capsys.readouterr().err


def test_an_address_that_was_not_confirmed_is_told_apart(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """moto confirms at once: what SNS lists until then is put in its place."""
    sns = cloud.client("sns")
    answer = {"Subscriptions": [{"Protocol": "email", "SubscriptionArn": "PendingConfirmation"}]}
    monkeypatch.setattr(sns, "list_subscriptions_by_topic", lambda **_: answer)
    assert SnsSubscriptions(sns, f"arn:aws:sns:{STANDBY}:{ACCOUNT}:any").subscribed() == [Subscribed("email", False)]


def test_the_records_of_a_name_are_those_of_its_closest_zone(cloud: Cloud) -> None:
    route53 = cloud.client("route53")
    for name in ("example.com.", "app.example.com."):
        zone = route53.create_hosted_zone(Name=name, CallerReference=name)["HostedZone"]["Id"]
    check = route53.create_health_check(
        CallerReference="one",
        HealthCheckConfig={"Type": "HTTP", "FullyQualifiedDomainName": "x.example.com", "ResourcePath": "/healthz"},
    )["HealthCheck"]["Id"]
    record = {
        "Name": "app.example.com.",
        "Type": "A",
        "SetIdentifier": STANDBY,
        "Failover": "SECONDARY",
        "TTL": 60,
        "HealthCheckId": check,
        "ResourceRecords": [{"Value": "192.0.2.1"}],
    }
    route53.change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    )
    names = Route53Names(route53)
    assert names.records("app.example.com") == (FailoverRecord(STANDBY, "SECONDARY", check),)
    assert names.records("other.example.org") is None
    assert names.health_check(check) == HealthCheckSeen("/healthz", False, False)
    assert names.health_check("00000000-0000-0000-0000-000000000000") is None


def test_a_private_zone_of_the_same_name_is_not_what_users_are_answered_from(cloud: Cloud) -> None:
    """Zones of one name come in the order of their ids, which is any: so it may be the first.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZonesByName.html
    """
    route53 = cloud.client("route53")
    ids: dict[bool, str] = {}
    for number in range(6):
        vpc = {"VPC": {"VPCRegion": STANDBY, "VPCId": f"vpc-{number}"}} if number else {}
        made = route53.create_hosted_zone(
            Name="app.example.com.",
            CallerReference=str(number),
            HostedZoneConfig={"PrivateZone": bool(number), "Comment": ""},
            **vpc,
        )
        ids.setdefault(bool(number), made["HostedZone"]["Id"])
    for private, zone in ids.items():
        record = {"Name": "app.example.com.", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
        record |= {"SetIdentifier": f"private-{private}", "Failover": "PRIMARY"}
        route53.change_resource_record_sets(
            HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
        )
    assert Route53Names(route53).records("app.example.com") == (FailoverRecord("private-False", "PRIMARY", None),)
