"""Alarms: AWS's rules for datapoints, missing ones included, and for who hears of a change."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lab.cloud.cloudwatch.alarm_evaluation import Condition, evaluate
from tests.lab.emulated_cloud import EmulatedCloud, unique, until

REGION = "us-east-1"
KEEP = "(current)"

# The documented examples, oldest datapoint first: 0 is within the threshold, X breaches, - is missing.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
DOCUMENTED = [
    # the datapoints, M of N = 3, and the state for missing, ignore, breaching and notBreaching
    ("0-X-X", 3, "OK", "OK", "OK", "OK"),
    ("0----", 3, "OK", "OK", "OK", "OK"),
    ("-----", 3, "INSUFFICIENT_DATA", KEEP, "ALARM", "OK"),
    ("0XX-X", 3, "ALARM", "ALARM", "ALARM", "ALARM"),
    ("----X", 3, "INSUFFICIENT_DATA", KEEP, "ALARM", "OK"),
    ("X----", 3, "ALARM", KEEP, "ALARM", "OK"),
    ("0-X-X", 2, "ALARM", "ALARM", "ALARM", "ALARM"),
    ("00X0X", 2, "ALARM", "ALARM", "ALARM", "ALARM"),
    ("0-X--", 2, "OK", "OK", "ALARM", "OK"),
    ("----0", 2, "OK", "OK", "ALARM", "OK"),
    ("----X", 2, "INSUFFICIENT_DATA", KEEP, "ALARM", "OK"),
]


@pytest.mark.parametrize(("points", "needed", "missing", "ignore", "breaching", "within"), DOCUMENTED)
def test_missing_datapoints_count_as_the_documented_examples_say(
    points: str, needed: int, missing: str, ignore: str, breaching: str, within: str
) -> None:
    values = [None if point == "-" else float(point == "X") for point in points]
    expected = {"missing": missing, "ignore": ignore, "breaching": breaching, "notBreaching": within}
    for current in ("OK", "ALARM"):
        for treatment, state in expected.items():
            condition = Condition("GreaterThanThreshold", 0.5, needed, 3, treatment)
            assert evaluate(values, condition, current).state == (current if state == KEEP else state), treatment


def test_a_reason_reads_as_cloudwatchs_own() -> None:
    verdict = evaluate([None, None, 0.0], Condition("LessThanThreshold", 1.0, 1, 1, "breaching"), "OK")
    assert verdict.reason == (
        "Threshold Crossed: 1 out of the last 1 datapoints [0.0] was less than the threshold (1.0) "
        "(minimum 1 datapoint for OK -> ALARM transition)."
    )


def put_alarm(cloud: EmulatedCloud, name: str, region: str = REGION, **other: Any) -> None:
    settings = {
        "Namespace": "Lab",
        "MetricName": name,
        "Statistic": "Minimum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "LessThanThreshold",
        "TreatMissingData": "ignore",
    }
    cloud.client("cloudwatch", region).put_metric_alarm(AlarmName=name, **{**settings, **other})


def state_of(cloud: EmulatedCloud, name: str) -> str:
    found = cloud.client("cloudwatch", REGION).describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
    return str(found["StateValue"])


def put_value(cloud: EmulatedCloud, name: str, value: float, region: str = REGION) -> None:
    cloud.client("cloudwatch", region).put_metric_data(
        Namespace="Lab", MetricData=[{"MetricName": name, "Value": value, "Timestamp": datetime.now(UTC)}]
    )


def test_an_alarm_starts_without_data_and_keeps_its_state_when_it_is_put_again(cloud: EmulatedCloud) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""
    name = unique("alarm")
    put_alarm(cloud, name)
    assert state_of(cloud, name) == "INSUFFICIENT_DATA"
    put_value(cloud, name, 1.0)
    until(lambda: state_of(cloud, name) == "OK")
    put_alarm(cloud, name, AlarmDescription="changed")
    assert state_of(cloud, name) == "OK"


def test_a_change_is_an_event_of_the_documented_shape_and_runs_the_new_states_actions(cloud: EmulatedCloud) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html"""
    name, events, sns = unique("alarm"), cloud.client("events", REGION), cloud.client("sns", REGION)
    heard_url, heard_arn = cloud.queue(REGION)
    told_url, told_arn = cloud.queue(REGION)
    events.put_rule(Name=name, EventPattern=json.dumps({"source": ["aws.cloudwatch"], "detail": {"alarmName": [name]}}))
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": heard_arn}])
    topic = sns.create_topic(Name=name)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=told_arn)
    put_alarm(cloud, name, AlarmActions=[topic], AlarmDescription="lab alarm")
    put_value(cloud, name, 0.0)

    event = json.loads(cloud.receive(REGION, heard_url)["Body"])
    arn = f"arn:aws:cloudwatch:{REGION}:123456789012:alarm:{name}"
    assert (event["detail-type"], event["source"], event["region"], event["resources"]) == (
        "CloudWatch Alarm State Change",
        "aws.cloudwatch",
        REGION,
        [arn],
    )
    detail = event["detail"]
    assert set(detail) == {"alarmName", "configuration", "previousState", "state"}
    assert (detail["previousState"]["value"], detail["state"]["value"]) == ("INSUFFICIENT_DATA", "ALARM")
    assert datetime.strptime(detail["state"]["timestamp"], "%Y-%m-%dT%H:%M:%S.%f%z").tzinfo is not None
    assert detail["state"]["timestamp"].endswith("+0000")
    data = json.loads(detail["state"]["reasonData"])
    assert (data["recentDatapoints"], data["threshold"], data["period"], data["statistic"]) == (
        [0.0],
        1.0,
        60,
        "Minimum",
    )
    metric = detail["configuration"]["metrics"][0]
    assert metric["metricStat"] == {
        "metric": {"namespace": "Lab", "name": name, "dimensions": {}},
        "period": 60,
        "stat": "Minimum",
    }
    assert metric["returnData"] is True

    told = json.loads(json.loads(cloud.receive(REGION, told_url)["Body"])["Message"])
    assert (told["AlarmName"], told["NewStateValue"], told["OldStateValue"]) == (name, "ALARM", "INSUFFICIENT_DATA")
    assert told["AlarmArn"] == arn


def test_a_muted_alarm_changes_and_says_so_and_does_nothing(cloud: EmulatedCloud) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-mute-rules-behaviour.html"""
    name, before, watch = unique("alarm"), cloud.last(), cloud.client("cloudwatch", REGION)
    url, arn = cloud.queue(REGION)
    pattern = {"source": ["aws.cloudwatch"], "detail": {"alarmName": [name]}}
    cloud.client("events", REGION).put_rule(Name=name, EventPattern=json.dumps(pattern))
    cloud.client("events", REGION).put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn}])
    topic = cloud.client("sns", REGION).create_topic(Name=name)["TopicArn"]
    put_alarm(cloud, name, AlarmActions=[topic])
    schedule = {"Expression": f"at({datetime.now(UTC):%Y-%m-%dT%H:%M})", "Duration": "PT1H"}
    watch.put_alarm_mute_rule(Name=name, Rule={"Schedule": schedule}, MuteTargets={"AlarmNames": [name]})
    watch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="muted")
    assert json.loads(cloud.receive(REGION, url)["Body"])["detail"]["state"]["muteDetail"] == {"mutedBy": name}
    watch.delete_alarm_mute_rule(AlarmMuteRuleName=name)
    watch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="well")
    watch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="heard")
    cloud.wait_for("alarm-action", before, name=name, outcome="delivered")
    assert len(cloud.entries("alarm-action", before, name=name)) == 1, "what happened while it was muted did nothing"
    with pytest.raises(ClientError, match="mutes alarms once"):
        watch.put_alarm_mute_rule(Name=name, Rule={"Schedule": {"Expression": "cron(0 2 * * *)", "Duration": "PT1H"}})


def test_a_state_that_was_set_lasts_until_the_next_evaluation(cloud: EmulatedCloud) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html"""
    name, before = unique("alarm"), cloud.last()
    put_alarm(cloud, name, TreatMissingData="notBreaching")
    until(lambda: state_of(cloud, name) == "OK")
    cloud.client("cloudwatch", REGION).set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="drill")
    assert cloud.wait_for("alarm", before, name=name, new="ALARM")["reason"] == "drill"
    assert cloud.wait_for("alarm", before, name=name, old="ALARM", new="OK")


def test_nothing_is_evaluated_in_a_dark_region(cloud: EmulatedCloud) -> None:
    """A Region that is down cannot raise its own alarm; it raises it when the Region is back."""
    region, name, before = "eu-north-1", unique("alarm"), cloud.last()
    for here in (region, REGION):
        put_alarm(cloud, name, here)
    until(lambda: time.time() % 1.0 < 0.5)
    for here in (region, REGION):
        put_value(cloud, name, 0.0, here)
    cloud.control.set_dark(region, True)
    try:
        first = cloud.wait_for("alarm", before, name=name, region=REGION, new="ALARM")
        cloud.client("cloudwatch", REGION).set_alarm_state(AlarmName=name, StateValue="OK", StateReason="again")
        cloud.wait_for("alarm", first["n"], name=name, region=REGION, new="ALARM")
        assert not cloud.entries("alarm", before, name=name, region=region)
    finally:
        cloud.control.set_dark(region, False)
    cloud.wait_for("alarm", before, name=name, region=region, new="ALARM")


def test_an_alarm_that_the_lab_cannot_evaluate_is_refused(cloud: EmulatedCloud) -> None:
    """Silence would look like health."""
    metrics = cloud.client("cloudwatch", REGION)
    with pytest.raises(metrics.exceptions.ClientError, match="cannot evaluate the alarm"):
        put_alarm(cloud, unique("alarm"), ComparisonOperator="LessThanLowerThreshold")
