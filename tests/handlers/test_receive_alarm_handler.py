"""Does the function start one run from a real alarm, and only refuse everything else?"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from control_plane_world import PRIMARY, STANDBY, WITNESS, plan_dict
from emulated_aws import Cloud, Context

from failover.adapters.s3_leader_record import leader_register
from failover.application.errors import RunRefused, TransientFailure
from failover.domain.leader_record import acknowledge, fence, hand_over
from handlers.receive_alarm import handler

Payload = Callable[..., dict[str, Any]]


@pytest.fixture
def mailbox(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """What people were told: the texts of all messages on the topic."""
    topic = cloud.client("sns").create_topic(Name="people")["TopicArn"]
    queue = cloud.client("sqs").create_queue(QueueName="mailbox")["QueueUrl"]
    arn = cloud.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    monkeypatch.setenv("TOPIC_ARN", topic)
    monkeypatch.setenv("CONTROL_BUCKET", plan_dict()["record_copies"][STANDBY])
    told: list[str] = []

    def read() -> list[str]:
        answer = cloud.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        told.extend(json.loads(one["Body"])["Message"] for one in answer.get("Messages", []))
        return told

    return read


@pytest.fixture
def dead_letters(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[dict[str, str]]]:
    """What was set aside, and nothing else."""
    queue = cloud.client("sqs").create_queue(QueueName="drlab-app-undecided-alarms")["QueueUrl"]
    monkeypatch.setenv("UNDECIDED_ALARMS_QUEUE", queue)

    def read() -> list[dict[str, str]]:
        answer = cloud.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        return [json.loads(one["Body"]) for one in answer.get("Messages", [])]

    return read


SET_ASIDE = ["sqs.SendMessage"]


def emitted(captured: str) -> dict[str, Any]:
    """The metrics of one call: embedded metric format, one JSON line."""
    lines = [json.loads(line) for line in captured.splitlines() if '"_aws"' in line]
    assert len(lines) == 1
    found: dict[str, Any] = lines[0]
    return found


def test_a_fresh_alarm_starts_the_workflow(
    cloud: Cloud, context: Context, payload: Payload, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = handler(payload("alarm_metric", fresh=True), context)
    assert answer["started"] is True
    assert cloud.executions() == [answer["run"]]
    assert answer["execution_arn"].endswith(f":execution:drlab-app-failover:{answer['run']}")
    described = cloud.client("stepfunctions").describe_execution(executionArn=answer["execution_arn"])
    run_input = json.loads(described["input"])
    assert run_input["expected_epoch"] == 1
    assert run_input["trigger"]["kind"] == "alarm"
    assert run_input["trigger"]["reason"].startswith("Threshold Crossed")
    assert emitted(capsys.readouterr().out)["AlarmStartedRun"] == [1.0]


KINDS = [
    ("alarm_metric_math", "Threshold Crossed: 1 out of the last 1 datapoints [0.0 (23/11/26 02:58:00)] was less than"),
    (
        "alarm_anomaly_detection",
        "Thresholds Crossed: 1 out of the last 1 datapoints [0.0 (23/11/26 02:58:00)] was less",
    ),
    ("alarm_composite", "arn:aws:cloudwatch:us-east-1:123456789012:alarm:checkers transitioned to ALARM at Monday"),
]


@pytest.mark.parametrize(("name", "reason"), KINDS)
def test_an_alarm_on_an_expression_a_band_or_other_alarms_starts_the_workflow_with_its_own_reason(
    cloud: Cloud, context: Context, payload: Payload, name: str, reason: str
) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html (each kind's example)"""
    answer = handler(payload(name, fresh=True), context)
    assert (answer["started"], cloud.executions()) == (True, [answer["run"]])
    described = cloud.client("stepfunctions").describe_execution(executionArn=answer["execution_arn"])
    assert json.loads(described["input"])["trigger"]["reason"].startswith(reason)


@pytest.mark.scenario("F08")
@pytest.mark.parametrize("name", [name for name, _ in KINDS])
def test_a_muted_alarm_of_any_kind_starts_nothing_and_says_why(
    cloud: Cloud, context: Context, payload: Payload, mailbox: Callable[[], list[str]], name: str
) -> None:
    event = payload(name, fresh=True)
    event["detail"]["muteDetail"] = {
        "mutedByArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm-mute-rule:maintenance",
        "muteWindowStart": "2026-11-23T02:00:00.000+0000",
        "muteWindowEnd": "2026-11-23T04:00:00.000+0000",
    }
    assert "is in ALARM, but muted by a mute rule" in handler(event, context)["reason"]
    assert (cloud.executions(), len(mailbox())) == ([], 1)


@pytest.mark.scenario("F01")
def test_copies_of_one_alarm_are_duplicates_of_one_run(cloud: Cloud, context: Context, payload: Payload) -> None:
    event = payload("alarm_metric", fresh=True)
    first = handler(event, context)
    again = handler({**event, "id": "another-delivery"}, context)
    assert (again["started"], again["execution_arn"]) == (False, first["execution_arn"])
    assert "duplicate" in again["reason"]
    cloud.client("stepfunctions").stop_execution(executionArn=first["execution_arn"])
    late = handler(event, context)
    assert (late["started"], late["execution_arn"]) == (False, first["execution_arn"])
    assert len(cloud.executions()) == 1


def test_a_hundred_copies_of_one_alarm_by_both_ways_start_one_run(
    cloud: Cloud, context: Context, payload: Payload
) -> None:
    """EventBridge and SNS both deliver at least once, and the same alarm may be wired to both."""
    bus, topic = payload("alarm_metric", fresh=True), payload("sns_notification", fresh=True)
    message = json.loads(topic["Records"][0]["Sns"]["Message"])
    message["StateChangeTime"] = bus["detail"]["state"]["timestamp"]
    topic["Records"][0]["Sns"]["Message"] = json.dumps(message)
    answers = [handler({**bus, "id": f"delivery-{number}"}, context) for number in range(50)]
    answers += [handler(topic, context) for _ in range(50)]
    assert [answer["started"] for answer in answers] == [True] + [False] * 99
    assert {answer["execution_arn"] for answer in answers} == {answers[0]["execution_arn"]}
    assert len(cloud.executions()) == 1


def test_an_alarm_from_a_topic_starts_the_workflow_too(cloud: Cloud, context: Context, payload: Payload) -> None:
    answer = handler(payload("sns_notification", fresh=True), context)
    assert (answer["started"], cloud.executions()) == (True, [answer["run"]])


@pytest.mark.scenario("F09")
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("lambda_alarm_action", "EventBridge and SNS only"),
        ("configuration_change", "not CloudWatch Alarm State Change"),
    ],
)
def test_what_is_no_alarm_of_ours_is_refused_and_set_aside_and_nothing_else_is_asked_of_aws(
    cloud: Cloud,
    context: Context,
    payload: Payload,
    dead_letters: Callable[[], list[dict[str, str]]],
    name: str,
    why: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer = handler(payload(name), context)
    assert answer["started"] is False
    assert why in answer["reason"]
    assert cloud.calls == SET_ASIDE
    assert emitted(capsys.readouterr().out)["AlarmRefused"] == [1.0]
    assert [one["refused"] for one in dead_letters()] == [answer["reason"]]


@pytest.mark.scenario("F03")
def test_an_alarm_that_is_ok_by_now_starts_nothing(cloud: Cloud, context: Context, payload: Payload) -> None:
    """Its OK was delivered first; what CloudWatch says now is newer than the event."""
    event = payload("alarm_metric", fresh=True)
    watch = cloud.client("cloudwatch", WITNESS)
    name = event["detail"]["alarmName"]
    watch.put_metric_alarm(
        AlarmName=name,
        MetricName="m",
        Namespace="n",
        Statistic="Minimum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="LessThanThreshold",
    )
    watch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="well again")
    assert "late or out of order" in handler(event, context)["reason"]
    assert cloud.executions() == []
    watch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="down again")
    assert handler(event, context)["started"] is True


@pytest.mark.scenario("F08")
def test_people_hear_once_of_an_alarm_that_is_suppressed(
    cloud: Cloud, context: Context, payload: Payload, mailbox: Callable[[], list[str]]
) -> None:
    event = payload("alarm_composite_suppressed", fresh=True)
    answers = [handler({**event, "id": str(number)}, context) for number in range(3)]
    assert {one["started"] for one in answers} == {False}
    assert cloud.executions() == []
    (text,) = mailbox()
    assert "another alarm suppresses its actions" in text
    assert "disarm" in text


@pytest.mark.scenario("F09")
@pytest.mark.parametrize("event", [None, [], "alarm", 7, {}, {"detail": []}, {"source": {"a": 1}}])
def test_nonsense_is_refused_and_set_aside(
    cloud: Cloud, context: Context, dead_letters: Callable[[], list[dict[str, str]]], event: Any
) -> None:
    assert handler(event, context)["started"] is False
    assert cloud.calls == SET_ASIDE
    assert [one["event"] for one in dead_letters()] == [json.dumps(event)]


@pytest.mark.scenario("F09")
@pytest.mark.parametrize("queue", ["", "https://sqs.us-west-2.amazonaws.com/123456789012/gone"])
def test_nonsense_is_refused_where_there_is_no_queue_for_it(
    cloud: Cloud, context: Context, monkeypatch: pytest.MonkeyPatch, queue: str
) -> None:
    monkeypatch.setenv("UNDECIDED_ALARMS_QUEUE", queue)
    assert "malformed" in handler([], context)["reason"]


@pytest.mark.scenario("F06")
def test_another_accounts_alarm_is_refused_without_one_call_to_aws(
    cloud: Cloud,
    context: Context,
    payload: Payload,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    event = payload("alarm_metric", fresh=True)
    event["account"] = "210987654321"
    event["resources"] = [event["resources"][0].replace("123456789012", "210987654321")]
    reason = handler(event, context)["reason"]
    assert "account 210987654321" in reason
    assert cloud.calls == []
    assert emitted(capsys.readouterr().out)["AlarmRefused"] == [1.0]
    (logged,) = [vars(one)["decision"] for one in caplog.records if one.message == "AlarmRefused"]
    assert logged["reason"] == reason


@pytest.mark.scenario("F06")
def test_an_alarm_of_the_same_name_in_another_region_is_refused_by_the_plan_alone(
    cloud: Cloud, context: Context, payload: Payload, capsys: pytest.CaptureFixture[str]
) -> None:
    event = payload("alarm_metric", fresh=True)
    event["region"] = "eu-west-1"
    event["resources"] = [event["resources"][0].replace("us-east-1", "eu-west-1")]
    assert "not on the plan's list" in handler(event, context)["reason"]
    assert (set(cloud.calls), cloud.executions()) == ({"ssm.GetParameter"}, [])
    assert emitted(capsys.readouterr().out)["AlarmRefused"] == [1.0]


@pytest.mark.scenario("F06", "F10")
def test_a_stale_or_unlisted_alarm_is_refused_by_the_plan_alone(
    cloud: Cloud, context: Context, payload: Payload
) -> None:
    stale = payload("alarm_metric")
    stale["detail"]["state"]["timestamp"] = "2019-10-02T17:04:40.989+0000"
    assert "count as fresh" in handler(stale, context)["reason"]
    unlisted = payload("alarm_metric", fresh=True)
    unlisted["resources"][0] += "-2"
    unlisted["detail"]["alarmName"] += "-2"
    assert "not on the plan's list" in handler(unlisted, context)["reason"]
    assert set(cloud.calls) == {"ssm.GetParameter"}
    assert cloud.executions() == []


def change(cloud: Cloud, *changes: Any) -> None:
    clients = {region: cloud.client("s3", "us-east-1") for region in (PRIMARY, STANDBY, WITNESS)}
    register = leader_register(plan_dict()["record_copies"], clients, "test", timedelta(seconds=2))
    for one in changes:
        register.change(one)


@pytest.mark.scenario("F05")
def test_an_alarm_in_the_time_after_a_failover_starts_nothing_until_a_person_acknowledges(
    cloud: Cloud, context: Context, payload: Payload
) -> None:
    """The alarm watches the primary, so leadership has to be back there for it to matter."""
    now = datetime.now(UTC)
    change(cloud, fence("one", now), hand_over("one", STANDBY, now, now))
    assert "already leads" in handler(payload("alarm_metric", fresh=True), context)["reason"]
    change(cloud, fence("two", now), hand_over("two", PRIMARY, now, now))
    assert "acknowledged" in handler(payload("alarm_metric", fresh=True), context)["reason"]
    change(cloud, acknowledge(now))
    assert handler(payload("alarm_metric", fresh=True), context)["started"] is True


def test_a_fence_is_named(cloud: Cloud, context: Context, payload: Payload) -> None:
    change(cloud, fence("by-hand", datetime.now(UTC)))
    assert "by-hand holds the fence" in handler(payload("alarm_metric", fresh=True), context)["reason"]
    assert cloud.executions() == []


def test_a_region_whose_plan_is_missing_or_wrong_says_so_in_one_sentence(
    cloud: Cloud, context: Context, payload: Payload
) -> None:
    cloud.publish_plan(lambda d: d.update(routing="explicit"))
    with pytest.raises(RunRefused, match='routing is "explicit"; allowed: failover'):
        handler(payload("alarm_metric", fresh=True), context)
    cloud.client("ssm").delete_parameter(Name="/drlab/app/plan")
    with pytest.raises(RunRefused, match="There is no plan: us-west-2 has no parameter /drlab/app/plan"):
        handler(payload("alarm_metric", fresh=True), context)


def test_a_record_that_no_majority_shows_leaves_the_event_to_be_tried_again(
    cloud: Cloud, context: Context, payload: Payload
) -> None:
    for region in (PRIMARY, WITNESS):
        cloud.client("s3", "us-east-1").delete_object(
            Bucket=plan_dict()["record_copies"][region], Key="leader-record.json"
        )
    with pytest.raises(TransientFailure, match="majority"):
        handler(payload("alarm_metric", fresh=True), context)
    assert cloud.executions() == []
