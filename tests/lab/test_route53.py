"""Health checks and failover records: what Route 53 thinks of real endpoints, and what it then answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest

from lab.cloud.route53.answers import choose
from lab.cloud.route53.health_checks import Observation
from lab.cloud.route53.probe import Probe
from tests.lab.emulated_cloud import EmulatedCloud, unique, until

METRICS = "us-east-1"


class Endpoint:
    """A real HTTP server whose answer the test sets, and which keeps what it was asked."""

    def __init__(self) -> None:
        self.status, self.body = 200, b"ok"
        self.asked: list[tuple[str, str]] = []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                endpoint.asked.append((self.path, self.headers["Host"]))
                self.send_response(endpoint.status)
                self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(endpoint.body)

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = int(self.server.server_address[1])
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@dataclass
class Checked:
    """A health check on a real endpoint behind a load balancer's name."""

    cloud: EmulatedCloud
    endpoint: Endpoint | None
    name: str
    id: str

    def status(self) -> str:
        found = self.cloud.client("route53", METRICS).get_health_check_status(HealthCheckId=self.id)
        return str(found["HealthCheckObservations"][0]["StatusReport"]["Status"])

    def wait_for(self, status: str, after: int) -> dict[str, Any]:
        return self.cloud.wait_for("health-check", after, id=self.id, status=status)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    made = Endpoint()
    yield made
    made.close()


def put_check(cloud: EmulatedCloud, endpoint: Endpoint, region: str = "us-west-2", **settings: Any) -> Checked:
    name = f"{unique('app')}.{region}.elb.amazonaws.com"
    cloud.control.register_names({name: ("127.0.0.1", endpoint.port)})
    config = {
        "Type": "HTTP",
        "FullyQualifiedDomainName": name,
        "Port": 80,
        "ResourcePath": "/healthz",
        "RequestInterval": 10,
        "FailureThreshold": 3,
        **settings,
    }
    made = cloud.client("route53", METRICS).create_health_check(CallerReference=name, HealthCheckConfig=config)
    return Checked(cloud, endpoint, name, made["HealthCheck"]["Id"])


@pytest.fixture
def checked(cloud: EmulatedCloud, endpoint: Endpoint) -> Iterator[Checked]:
    made = put_check(cloud, endpoint)
    yield made
    cloud.client("route53", METRICS).delete_health_check(HealthCheckId=made.id)


def test_a_status_changes_only_after_the_threshold_in_a_row_both_ways() -> None:
    """A new check is healthy until shown otherwise; one good answer among failures starts the count again.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
    """
    seen = Observation()
    outcomes = [False, False, True, False, False, False, True, True, False, True, True, True]
    states = []
    for number, passed in enumerate(outcomes, start=1):
        seen.count(number, Probe(passed, "said"), 3)
        states.append(seen.healthy)
    assert states == [True] * 5 + [False] * 6 + [True]


def test_an_answer_that_was_overtaken_does_not_count() -> None:
    seen = Observation()
    seen.count(2, Probe(True, "newer"), 1)
    assert not seen.count(1, Probe(False, "older"), 1)
    assert (seen.healthy, seen.reason) == (True, "newer")


def test_a_real_endpoint_is_asked_by_name_and_its_failure_and_return_are_seen(checked: Checked) -> None:
    before = checked.cloud.last()
    until(lambda: checked.status() == "Success: HTTP Status Code: 200. OK")
    assert checked.endpoint.asked[0] == ("/healthz", checked.name)
    checked.endpoint.status = 503
    assert checked.wait_for("unhealthy", before)["reason"] == "Failure: HTTP Status Code: 503."
    assert checked.status() == "Failure: HTTP Status Code: 503."
    checked.endpoint.status = 302
    checked.wait_for("healthy", before)
    assert {path for path, _ in checked.endpoint.asked} == {"/healthz"}, "a redirection is not followed"


def test_a_string_must_be_found_in_the_body(cloud: EmulatedCloud, endpoint: Endpoint) -> None:
    before = cloud.last()
    checked = put_check(cloud, endpoint, Type="HTTP_STR_MATCH", SearchString="leader", FailureThreshold=1)
    endpoint.body = b" " * 5115 + b"leader"
    checked.wait_for("unhealthy", before)
    endpoint.body = b" " * 5114 + b"leader"
    checked.wait_for("healthy", before)


def test_an_endpoint_in_a_dark_region_does_not_answer_although_it_listens(
    cloud: EmulatedCloud, endpoint: Endpoint
) -> None:
    before = cloud.last()
    checked = put_check(cloud, endpoint, region="eu-west-3", FailureThreshold=1)
    until(lambda: "200" in checked.status())
    cloud.control.set_dark("eu-west-3", True)
    try:
        assert "timed out" in checked.wait_for("unhealthy", before)["reason"]
    finally:
        cloud.control.set_dark("eu-west-3", False)
    checked.wait_for("healthy", before)


def status_metric(cloud: EmulatedCloud, check_id: str, region: str) -> list[float]:
    now = datetime.now(UTC)
    found = cloud.client("cloudwatch", region).get_metric_statistics(
        Namespace="AWS/Route53",
        MetricName="HealthCheckStatus",
        Dimensions=[{"Name": "HealthCheckId", "Value": check_id}],
        StartTime=now - timedelta(seconds=60),
        EndTime=now + timedelta(seconds=60),
        Period=1,
        Statistics=["Minimum"],
    )
    return [point["Minimum"] for point in sorted(found["Datapoints"], key=lambda point: point["Timestamp"])]


def test_the_status_is_published_once_a_minute_and_in_us_east_1_only(checked: Checked) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html"""
    before = checked.cloud.last()
    until(lambda: status_metric(checked.cloud, checked.id, METRICS) == [1.0])
    checked.endpoint.status = 500
    checked.cloud.wait_for("metric", before, id=checked.id, value=0.0)
    values = status_metric(checked.cloud, checked.id, METRICS)
    assert (values[0], values[-1]) == (1.0, 0.0)
    assert len(values) <= 5, "an AWS minute is a lab second"
    assert status_metric(checked.cloud, checked.id, "us-west-2") == []


def test_an_alarm_on_the_status_fires_in_us_east_1(checked: Checked) -> None:
    """The whole way that the witness takes: endpoint, health check, metric, alarm."""
    name, before = unique("witness"), checked.cloud.last()
    checked.cloud.client("cloudwatch", METRICS).put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/Route53",
        MetricName="HealthCheckStatus",
        Dimensions=[{"Name": "HealthCheckId", "Value": checked.id}],
        Statistic="Minimum",
        Period=60,
        EvaluationPeriods=1,
        DatapointsToAlarm=1,
        Threshold=1.0,
        ComparisonOperator="LessThanThreshold",
        TreatMissingData="breaching",
    )
    checked.cloud.wait_for("alarm", before, name=name, new="OK")
    # Not from before that: the alarm may have begun without data, which counts as breaching.
    before = checked.cloud.last()
    checked.endpoint.status = 503
    change = checked.cloud.wait_for("alarm", before, name=name, new="ALARM")
    assert change["reason"].startswith("Threshold Crossed: 1 out of the last 1 datapoints [0.0] was less than")


def record(role: str | None, check: str | None) -> SimpleNamespace:
    return SimpleNamespace(failover=role, health_check_id=check, set_identifier=role)


@pytest.mark.parametrize(
    ("primary", "secondary", "answers"),
    [
        ("up", "up", "PRIMARY"),
        ("up", "down", "PRIMARY"),
        ("down", "up", "SECONDARY"),
        ("down", "down", "PRIMARY"),
        (None, "up", "PRIMARY"),
        ("down", None, "SECONDARY"),
    ],
)
def test_failover_records_answer_as_documented(primary: str | None, secondary: str | None, answers: str) -> None:
    """When no record is healthy all count as healthy; a record without a check is always healthy.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-how-route-53-chooses-records.html
    """
    records = [record("SECONDARY", secondary), record("PRIMARY", primary)]
    assert choose(records, lambda check: check == "up")[0].failover == answers


def test_the_answer_moves_with_health_and_names_where_the_target_really_listens(
    cloud: EmulatedCloud, checked: Checked
) -> None:
    other = Endpoint()
    standby = put_check(cloud, other, region="ap-southeast-2")
    zone, name = f"{unique('zone')}.example", ""
    route53 = cloud.client("route53", METRICS)
    zone_id = route53.create_hosted_zone(Name=zone, CallerReference=zone)["HostedZone"]["Id"]
    name = f"app.{zone}"
    for role, check in (("PRIMARY", checked), ("SECONDARY", standby)):
        records = {
            "Name": name,
            "Type": "A",
            "SetIdentifier": role.lower(),
            "Failover": role,
            "HealthCheckId": check.id,
            "AliasTarget": {"HostedZoneId": "Z1", "DNSName": f"dualstack.{check.name}.", "EvaluateTargetHealth": False},
        }
        route53.change_resource_record_sets(
            HostedZoneId=zone_id, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": records}]}
        )
    answer = cloud.control.dns(name)
    assert (answer["answer"], answer["port"], answer["set_identifier"]) == (
        "127.0.0.1",
        checked.endpoint.port,
        "primary",
    )
    assert answer["ttl_seconds"] == 1.0, "an alias has the load balancer's TTL of 60 s, scaled"
    before = cloud.last()
    checked.endpoint.status = 503
    checked.wait_for("unhealthy", before)
    assert cloud.control.dns(name)["port"] == other.port
    other.status = 503
    standby.wait_for("unhealthy", before)
    answer = cloud.control.dns(name)
    assert (answer["port"], answer["set_identifier"]) == (checked.endpoint.port, "primary")
    assert "No record is healthy" in answer["reason"]
    other.close()


def test_disabled_counts_as_healthy_and_inverted_turns_the_status_around(
    cloud: EmulatedCloud, checked: Checked
) -> None:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html"""
    route53, name = cloud.client("route53", METRICS), f"one.{unique('zone')}.example"
    zone = route53.create_hosted_zone(Name=name.split(".", 1)[1], CallerReference=name)["HostedZone"]["Id"]
    changes = [
        {
            "Action": "CREATE",
            "ResourceRecordSet": {
                "Name": name,
                "Type": "A",
                "SetIdentifier": role,
                "Failover": role,
                "TTL": 30,
                "ResourceRecords": [{"Value": address}],
                **({"HealthCheckId": checked.id} if role == "PRIMARY" else {}),
            },
        }
        for role, address in (("PRIMARY", "127.0.0.1"), ("SECONDARY", "127.0.0.2"))
    ]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    assert cloud.control.dns(name)["answer"] == "127.0.0.1"
    assert cloud.control.dns(name)["ttl_seconds"] == 0.5
    route53.update_health_check(HealthCheckId=checked.id, Inverted=True)
    assert cloud.control.dns(name)["answer"] == "127.0.0.2"
    route53.update_health_check(HealthCheckId=checked.id, Inverted=False)
    before = cloud.last()
    checked.endpoint.status = 503
    checked.wait_for("unhealthy", before)
    assert cloud.control.dns(name)["answer"] == "127.0.0.2"
    route53.update_health_check(HealthCheckId=checked.id, Disabled=True)
    assert cloud.control.dns(name)["answer"] == "127.0.0.1"


def test_a_check_that_the_lab_does_not_emulate_is_refused(cloud: EmulatedCloud) -> None:
    """moto would keep it and call it healthy for ever."""
    route53 = cloud.client("route53", METRICS)
    with pytest.raises(route53.exceptions.InvalidInput, match="does not emulate health checks of type CALCULATED"):
        route53.create_health_check(
            CallerReference=unique("check"), HealthCheckConfig={"Type": "CALCULATED", "HealthThreshold": 1}
        )


def test_a_tcp_check_passes_while_the_port_accepts(cloud: EmulatedCloud) -> None:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html"""
    before = cloud.last()
    listener = socket.create_server(("127.0.0.1", 0))
    name = f"{unique('tcp')}.example"
    cloud.control.register_names({name: ("127.0.0.1", listener.getsockname()[1])})
    made = cloud.client("route53", METRICS).create_health_check(
        CallerReference=name,
        HealthCheckConfig={"Type": "TCP", "FullyQualifiedDomainName": name, "Port": 5432, "FailureThreshold": 1},
    )
    checked = Checked(cloud, None, name, made["HealthCheck"]["Id"])
    until(lambda: checked.status() == "Success: Connection established.")
    listener.close()
    checked.wait_for("unhealthy", before)
