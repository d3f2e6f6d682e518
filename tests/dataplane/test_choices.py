"""Does each choice of the context synthesize, and change what it should?"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from dataplane_cdk.config import ConfigError
from dataplane_cdk.option_differences import FILE, differences
from lab.cloud.cloudformation.synthesized_templates import options, stacks, with_changes
from tests.dataplane.conftest import Synthesis
from tests.dataplane.templates import ACCOUNT, PRIMARY, STANDBY, text
from webapi.service.database_routes import Checked

CHECKED: dict[str, Any] = Checked.model_json_schema()["examples"][0]
CERTIFICATES = {region: f"arn:aws:acm:{region}:{ACCOUNT}:certificate/1-2" for region in (PRIMARY, STANDBY)}


def resources(files: dict[str, str], region: str, concern: str, kind: str) -> list[dict[str, Any]]:
    template = json.loads(files[f"drlab-app-{region}-{concern}.template.json"])
    return [one.get("Properties", {}) for one in template["Resources"].values() if one["Type"] == kind]


def test_aurora_has_a_writer_in_the_primary_and_a_cluster_that_follows(synthesis: Synthesis) -> None:
    files = synthesis({"dbMode": "aurora-global"})
    (shared,) = resources(files, PRIMARY, "database", "AWS::RDS::GlobalCluster")
    for region in (PRIMARY, STANDBY):
        (cluster,) = resources(files, region, "database", "AWS::RDS::DBCluster")
        assert cluster["GlobalClusterIdentifier"] == shared["GlobalClusterIdentifier"]
        assert cluster["DBClusterIdentifier"] == f"app-{region}"
        assert ("MasterUsername" in cluster) == (region == PRIMARY)
        assert len(resources(files, region, "database", "AWS::RDS::DBInstance")) == 1
        assert cluster.get("SourceRegion") == (None if region == PRIMARY else PRIMARY)
        logged = f"/aws/rds/cluster/app-{region}/postgresql"
        assert [one["LogGroupName"] for one in resources(files, region, "database", "AWS::Logs::LogGroup")] == [logged]
        asked = resources(files, region, "observability", "AWS::Logs::QueryDefinition")
        assert [one["LogGroupNames"] for one in asked if "/database-" in one["Name"]] == [[logged]] * 2
    assert [one["Name"] for one in resources(files, STANDBY, "database", "AWS::SecretsManager::Secret")] == [
        "drlab/app/database"
    ]


def test_the_service_of_an_aurora_standby_is_led_to_the_endpoint_that_works(synthesis: Synthesis) -> None:
    """A secondary has a writer endpoint too, and it is inactive until the cluster is the writer.

    https://aws.amazon.com/blogs/database/introducing-aurora-global-database-failover/
    """
    files = synthesis({"dbMode": "aurora-global"})
    for region, endpoint in ((PRIMARY, "Endpoint.Address"), (STANDBY, "ReadEndpoint.Address")):
        logins = resources(files, region, "database", "AWS::SecretsManager::Secret")
        (login,) = (one["SecretString"] for one in logins if one["Name"] == "drlab/app/database")
        (parameter,) = resources(files, region, "database", "AWS::SSM::Parameter")
        for said in (login, parameter["Value"]):
            assert next(one["Fn::GetAtt"][1] for one in said["Fn::Join"][1] if isinstance(one, dict)) == endpoint


def test_explicit_routing_has_one_simple_record(synthesis: Synthesis) -> None:
    files = synthesis({"routing": "explicit"})
    public = [
        one
        for region in (PRIMARY, STANDBY)
        for one in resources(files, region, "routing", "AWS::Route53::RecordSet")
        if one["Name"] == "app.example.com."
    ]
    assert [one.get("Failover") for one in public] == [None]


def listener_of_port_80(files: dict[str, str], region: str) -> str:
    listeners = json.loads(files[f"drlab-app-{region}-service.template.json"])["Resources"]
    (found,) = (name for name, one in listeners.items() if one.get("Properties", {}).get("Port") == 80)
    return str(found)


def test_a_certificate_moves_clients_and_checks_to_https(synthesis: Synthesis, synthesized: dict[str, str]) -> None:
    files = synthesis({"certificateArns": CERTIFICATES, "hostedZoneId": "Z123456"})
    for region in (PRIMARY, STANDBY):
        listeners = resources(files, region, "service", "AWS::ElasticLoadBalancingV2::Listener")
        by_port = {one["Port"]: one for one in listeners}
        assert by_port[443]["Certificates"] == [{"CertificateArn": CERTIFICATES[region]}]
        assert by_port[80]["DefaultActions"][0]["Type"] == "redirect"
        # Of a new one beside the old one AWS would say: "A listener already exists on this port".
        assert listener_of_port_80(files, region) == listener_of_port_80(synthesized, region)
        (check,) = resources(files, region, "routing", "AWS::Route53::HealthCheck")
        assert (check["HealthCheckConfig"]["Type"], check["HealthCheckConfig"]["Port"]) == ("HTTPS", 443)
        (plan,) = resources(files, region, "control", "AWS::SSM::Parameter")
        assert f"https://{region}.app.example.com" in plan["Value"]
    assert not [name for name in files if "zone" in name]


def test_the_way_back_of_the_objects_is_one_setting(synthesis: Synthesis) -> None:
    """S3 takes no replication to a bucket that is not there, so the first deployment cannot have both directions."""
    files = synthesis({"s3ReplicateBack": True, "s3ReplicateDeletes": True})
    for region, other in ((PRIMARY, STANDBY), (STANDBY, PRIMARY)):
        buckets = resources(files, region, "storage", "AWS::S3::Bucket")
        (rule,) = next(one for one in buckets if "app-data" in one["BucketName"])["ReplicationConfiguration"]["Rules"]
        assert other in rule["Destination"]["Bucket"]
        assert rule["DeleteMarkerReplication"] == {"Status": "Enabled"}


def test_keys_can_be_each_regions_own(synthesis: Synthesis) -> None:
    files = synthesis({"useMultiRegionKms": False})
    for region in (PRIMARY, STANDBY):
        (key,) = resources(files, region, "keys", "AWS::KMS::Key")
        assert key["EnableKeyRotation"] is True
        assert not key.get("MultiRegion")
        assert "Fn::GetStackOutput" not in files[f"drlab-app-{region}-keys.template.json"]


def test_a_table_in_both_regions_is_made_on_request(synthesis: Synthesis) -> None:
    files = synthesis({"dynamodbGlobalTable": True})
    (table,) = resources(files, PRIMARY, "table", "AWS::DynamoDB::GlobalTable")
    assert {one["Region"] for one in table["Replicas"]} == {PRIMARY, STANDBY}


def test_a_canary_and_addresses_are_made_on_request(synthesis: Synthesis) -> None:
    files = synthesis(
        {"canaryEnabled": True, "alarmEmail": "sre@example.com", "webhookUrl": "https://example.com/hook"}
    )
    for region in (PRIMARY, STANDBY):
        (canary,) = resources(files, region, "observability", "AWS::Synthetics::Canary")
        assert "http://app.example.com/dbcheck" in canary["Code"]["Script"]
        assert _asked(canary["Code"]["Script"], CHECKED) == CHECKED["region"]
        for wrong in ({"read_back": False}, {"in_recovery": True}):
            with pytest.raises(Exception, match="/dbcheck answered"):
                _asked(canary["Code"]["Script"], CHECKED | wrong)
        told = resources(files, region, "observability", "AWS::SNS::Subscription")
        assert {(one["Protocol"], one["Endpoint"]) for one in told} == {
            ("email", "sre@example.com"),
            ("https", "https://example.com/hook"),
        }
    for region, concern, others in (
        (PRIMARY, "observability", set()),
        (STANDBY, "observability", set()),
        ("us-east-1", "overview", {"budgets.amazonaws.com"}),
    ):
        look_at_what_a_webhook_does_not_take(files, region, concern, others)


def look_at_what_a_webhook_does_not_take(
    files: dict[str, str], region: str, concern: str, publishers: set[str]
) -> None:
    """It is kept, and told of: by an alarm which may publish, also where only budgets do otherwise."""
    (queue,) = resources(files, region, concern, "AWS::SQS::Queue")
    assert (queue["QueueName"], queue["SqsManagedSseEnabled"]) == ("drlab-app-undelivered-alarms", True)
    told = resources(files, region, concern, "AWS::SNS::Subscription")
    (webhook,) = (one for one in told if one["Protocol"] == "https")
    target = webhook["RedrivePolicy"]["deadLetterTargetArn"]
    (policy,) = resources(files, region, concern, "AWS::SQS::QueuePolicy")
    (allowed,) = (one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Allow")
    assert allowed["Principal"] == {"Service": "sns.amazonaws.com"}
    assert (allowed["Action"], allowed["Resource"]) == ("sqs:SendMessage", target)
    assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": webhook["TopicArn"]}}
    alarms = resources(files, region, concern, "AWS::CloudWatch::Alarm")
    (alarm,) = (one for one in alarms if one["AlarmName"] == "undelivered-alarms-of-drlab-app")
    assert alarm["Dimensions"][0]["Value"] == {"Fn::GetAtt": [target["Fn::GetAtt"][0], "QueueName"]}
    assert alarm["AlarmActions"] == [webhook["TopicArn"]]
    page = alarm["AlarmDescription"].rpartition("Runbook: ")[2]
    assert (Path(__file__).parents[2] / page).is_file()
    (may,) = resources(files, region, concern, "AWS::SNS::TopicPolicy")
    (publish,) = (one for one in may["PolicyDocument"]["Statement"] if one["Effect"] == "Allow")
    services = publish["Principal"]["Service"]
    assert set([services] if isinstance(services, str) else services) == {"cloudwatch.amazonaws.com", *publishers}


def _asked(script: str, answer: dict[str, Any]) -> object:
    """What the canary's handler answers when /dbcheck says this."""
    scope: dict[str, Any] = {}
    exec(script, scope)  # noqa: S102 -- as CloudWatch Synthetics does
    with patch("urllib.request.urlopen", lambda *_, **__: io.BytesIO(json.dumps(answer).encode())):
        return scope["handler"](None, None)


@pytest.mark.parametrize("named", ["eu-west-1", "eu-central-1"])
def test_another_pair_and_service_leave_no_trace_of_the_first(
    synthesis: Synthesis, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether those Regions have a price is another question."""
    monkeypatch.setattr("dataplane_cdk.app.priced_regions", lambda: None)
    files = synthesis({"primaryRegion": "eu-west-1", "secondaryRegion": "eu-central-1", "service": "orders"})
    assert any(f"drlab-orders-{named}-database" in name for name in files)
    assert [name for name, content in files.items() if PRIMARY in content or "drlab-app" in content] == []


def test_by_default_there_is_no_canary_no_table_and_nobody_told(synthesized: dict[str, str]) -> None:
    kinds = {one["Type"] for name in synthesized for one in json.loads(synthesized[name]).get("Resources", {}).values()}
    assert not {"AWS::Synthetics::Canary", "AWS::DynamoDB::GlobalTable", "AWS::SNS::Subscription"} & kinds
    assert not [kind for kind in kinds if kind.startswith("Custom::")], text(sorted(kinds))


def test_a_region_without_a_price_is_refused_before_anything_is_made(synthesis: Synthesis) -> None:
    with pytest.raises(ConfigError) as refused:
        synthesis({"secondaryRegion": "eu-west-2"})
    assert str(refused.value) == (
        'context: secondaryRegion is "eu-west-2"; allowed: a Region with a price: ap-southeast-2, us-east-1, us-west-2.'
    )


def test_what_each_option_changes_is_written_down_as_it_is(synthesis: Synthesis) -> None:
    """`drlab cost` prices the options from that file, and the lab deploys one of them. `make synth-options` writes it anew."""
    assert FILE.read_text() == differences(synthesis), "run `make synth-options`"


def test_the_lab_deploys_for_a_global_database_what_the_cdk_synthesizes_for_it(synthesis: Synthesis) -> None:
    """Kept are the resources that differ: everything else must be as it is by default."""
    files = synthesis({"dbMode": "aurora-global"})
    listed = [one["name"] for one in json.loads(files["deployment.json"])["stacks"]]
    found = with_changes(stacks(), options()["dbMode=aurora-global"])
    assert [one.name for one in found] == listed
    for one in found:
        wanted = json.loads(files[f"{one.name}.template.json"])
        assert {**one.template, "Description": wanted.get("Description")} == {"Description": None, **wanted}
