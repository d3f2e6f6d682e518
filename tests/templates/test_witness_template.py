"""Does the witness hold the third copy under the same rules, and does its alarm reach both Regions?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.templates.expanded import CONTROL_PLANE, WITNESS, expanded, of_type, text

TARGETS: list[dict[str, Any]] = of_type(WITNESS, "AWS::Events::Rule")["ForwardAlarmRule"]["Targets"]


@pytest.mark.parametrize("name", ["ControlBucket", "ControlBucketPolicy"])
def test_all_copies_of_the_record_are_kept_under_the_same_rules(name: str) -> None:
    assert expanded(WITNESS)["Resources"][name] == expanded(CONTROL_PLANE)["Resources"][name]


def test_the_record_is_only_written_conditionally_and_nothing_else_is_touched() -> None:
    statements = of_type(WITNESS, "AWS::S3::BucketPolicy")["ControlBucketPolicy"]["PolicyDocument"]["Statement"]
    conditional = next(item for item in statements if item["Sid"] == "LeaderRecordOnlyByConditionalWrite")
    assert conditional["Action"] == "s3:PutObject"
    assert conditional["Resource"] == {"Fn::Sub": "${ControlBucket.Arn}/leader-record.json"}
    assert conditional["Condition"] == {"Null": {"s3:if-match": "true", "s3:if-none-match": "true"}}


ALARMS = {"PrimaryHealthCheckAlarm": "HealthCheckId", "SecondaryHealthCheckAlarm": "SecondaryHealthCheckId"}


@pytest.mark.parametrize(("name", "check"), ALARMS.items())
def test_each_alarm_reads_its_region_s_health_check_as_the_checkers_publish_it(name: str, check: str) -> None:
    """Route 53 publishes 1 for healthy and 0 for unhealthy, each minute, in us-east-1 only.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html
    """
    alarm = of_type(WITNESS, "AWS::CloudWatch::Alarm")[name]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Route53", "HealthCheckStatus")
    assert (alarm["Statistic"], alarm["ComparisonOperator"], alarm["Threshold"]) == (
        "Minimum",
        "LessThanThreshold",
        1,
    )
    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["Dimensions"] == [{"Name": "HealthCheckId", "Value": {"Ref": check}}]


@pytest.mark.parametrize("name", ALARMS)
def test_each_alarm_s_name_is_one_that_is_passed_on_and_that_both_regions_listen_to(name: str) -> None:
    alarm = text(of_type(WITNESS, "AWS::CloudWatch::Alarm")[name]["AlarmName"])
    forwarded = of_type(WITNESS, "AWS::Events::Rule")["ForwardAlarmRule"]["EventPattern"]["detail"]["alarmName"]
    assert alarm in [text(one) for one in forwarded]
    rule = of_type(CONTROL_PLANE, "AWS::Events::Rule")["ReceiveAlarmFunctionAlarmChange"]
    (prefix,) = rule["EventPattern"]["detail"]["alarmName"]
    assert alarm.startswith(text(prefix["prefix"]))


def test_both_regions_hear_of_the_alarms() -> None:
    assert [text(target["Arn"]) for target in TARGETS] == [
        "arn:aws:events:ap-southeast-2:123456789012:event-bus/default",
        "arn:aws:events:us-west-2:123456789012:event-bus/default",
    ]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: str(target["Id"]))
def test_an_alarm_that_a_dark_region_misses_is_retried_and_then_kept(target: dict[str, Any]) -> None:
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 900, "MaximumRetryAttempts": 20}
    assert text(target["DeadLetterConfig"]["Arn"]) == "UnforwardedAlarmsQueue.Arn"
    assert text(target["RoleArn"]) == "ForwardAlarmRole.Arn"


def test_the_rule_may_write_to_its_dead_letter_queue() -> None:
    """A rule that is made by a template, and not in the console, gets no queue policy by itself."""
    policy = of_type(WITNESS, "AWS::SQS::QueuePolicy")["UnforwardedAlarmsQueuePolicy"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    rule = of_type(WITNESS, "AWS::Events::Rule")["ForwardAlarmRule"]
    source_arn = statement["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::Sub"]
    assert source_arn.endswith(":rule/" + rule["Name"]["Fn::Sub"])
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}


def test_people_are_told_of_an_event_that_reached_no_region() -> None:
    """The rule's role or a bus's policy may be wrong for months, and the day to find out is not that of an outage."""
    alarm = of_type(WITNESS, "AWS::CloudWatch::Alarm")["UnforwardedAlarmsAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/SQS", "ApproximateNumberOfMessagesVisible")
    assert alarm["Dimensions"] == [
        {"Name": "QueueName", "Value": {"Fn::GetAtt": ["UnforwardedAlarmsQueue", "QueueName"]}}
    ]
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")
    assert alarm["AlarmActions"] == [{"Ref": "WitnessTopic"}]


def test_people_are_told_from_here_when_no_region_serves() -> None:
    """With both Regions dark nothing else is left that could tell them; and no failover is started by it."""
    alarms = of_type(WITNESS, "AWS::CloudWatch::Alarm")
    silent = {name: alarms[name] for name in ("PrimarySilentAlarm", "SecondarySilentAlarm")}
    checks = [one["Dimensions"][0]["Value"]["Ref"] for one in silent.values()]
    assert checks == ["HealthCheckId", "SecondaryHealthCheckId"]
    for one in silent.values():
        assert (one["MetricName"], one["Statistic"], one["ComparisonOperator"]) == (
            "HealthCheckStatus",
            "Maximum",
            "LessThanThreshold",
        )
        assert (one["EvaluationPeriods"], one["TreatMissingData"]) == (5, "breaching")
        assert "AlarmActions" not in one, "a Region that does not lead fails its check all the time"
    told = of_type(WITNESS, "AWS::CloudWatch::CompositeAlarm")["NobodyServesAlarm"]
    assert told["AlarmRule"] == {"Fn::Sub": 'ALARM("${PrimarySilentAlarm}") AND ALARM("${SecondarySilentAlarm}")'}
    assert told["AlarmActions"] == [{"Ref": "WitnessTopic"}]


def test_the_third_copy_can_be_deployed_before_there_is_a_health_check() -> None:
    """The service takes no lease before it is there, and the health checks come after the service."""
    template = expanded(WITNESS)
    assert [template["Parameters"][name]["Default"] for name in ALARMS.values()] == ["", ""]
    empty = {"Fn::Not": [{"Fn::Equals": [{"Ref": "HealthCheckId"}, ""]}]}
    assert template["Conditions"]["Watches"] == empty
    assert {"Condition": "Watches"} in template["Conditions"]["WatchesBoth"]["Fn::And"]
    watching = {
        name: one.get("Condition") for name, one in template["Resources"].items() if "HealthCheckId" in str(one)
    }
    for name, condition in watching.items():
        named = str(template["Resources"][name]).count("SecondaryHealthCheckId")
        assert condition == ("WatchesBoth" if named or "Silent" in name else "Watches"), name
    assert len(watching) == 4
    assert template["Outputs"]["PrimaryHealthCheckAlarmArn"]["Condition"] == "Watches"
