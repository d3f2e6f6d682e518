"""Do scheduled rules fire at their rate, in scaled time, and only while their Region lives?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.lab.emulated_cloud import EmulatedCloud, unique, until

HERE = "us-west-2"


@contextmanager
def schedule(cloud: EmulatedCloud, expression: str, target: str) -> Iterator[str]:
    events, name = cloud.client("events", HERE), unique("every")
    events.put_rule(Name=name, ScheduleExpression=expression)
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": target}])
    try:
        yield name
    finally:
        events.remove_targets(Rule=name, Ids=["queue"])
        events.delete_rule(Name=name)


def received(cloud: EmulatedCloud, url: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(cloud.receive(HERE, url)["Body"])
    return body


def test_a_rate_fires_again_and_again_with_the_scheduled_event(cloud: EmulatedCloud) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html"""
    url, arn = cloud.queue(HERE)
    with schedule(cloud, "rate(1 minute)", arn) as name:
        first, second = received(cloud, url), received(cloud, url)
    assert (first["source"], first["detail-type"], first["detail"]) == ("aws.events", "Scheduled Event", {})
    assert first["resources"][0].endswith(f":rule/{name}")
    assert first["id"] != second["id"]


def test_a_dark_regions_schedules_do_not_fire_until_it_is_back(cloud: EmulatedCloud) -> None:
    url, arn = cloud.queue(HERE)
    with schedule(cloud, "rate(1 minute)", arn):
        received(cloud, url)
        cloud.control.set_dark(HERE, True)
        try:
            before = cloud.last()
            with pytest.raises(AssertionError, match="no journal entry"):
                cloud.wait_for("event", before, within=1.5, source="aws.events", region=HERE, outcome="delivered")
        finally:
            cloud.control.set_dark(HERE, False)
        assert received(cloud, url)


@pytest.mark.parametrize("expression", ["cron(0 12 * * ? *)", "rate(0.5 minutes)"])
def test_what_the_lab_does_not_emulate_is_refused(cloud: EmulatedCloud, expression: str) -> None:
    with pytest.raises(ClientError, match=r"rate|valid"):
        cloud.client("events", HERE).put_rule(Name=unique("never"), ScheduleExpression=expression)


@contextmanager
def weekly(cloud: EmulatedCloud, **target: Any) -> Iterator[str]:
    """A schedule of EventBridge Scheduler, with its target."""
    scheduler, name = cloud.client("scheduler", HERE), unique("weekly")
    given = {"Name": name, "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": {"Input": '{"to": "latest"}', **target}}
    with pytest.raises(ClientError, match="rate"):
        scheduler.create_schedule(**given, ScheduleExpression="cron(0 3 ? * SUN *)")
    arn = scheduler.create_schedule(**given, ScheduleExpression="rate(1 minute)")["ScheduleArn"]
    try:
        yield arn
    finally:
        scheduler.delete_schedule(Name=name)


def test_what_eventbridge_scheduler_starts_gets_its_input_as_it_stands(cloud: EmulatedCloud) -> None:
    url, arn = cloud.queue(HERE)
    with weekly(cloud, Arn=arn, RoleArn=cloud.role("scheduler", ("sqs:SendMessage", arn))):
        assert received(cloud, url) == {"to": "latest"}
        assert received(cloud, url) == {"to": "latest"}


def test_scheduler_starts_a_workflow_with_the_schedules_role(cloud: EmulatedCloud) -> None:
    states = cloud.client("stepfunctions", HERE)
    definition = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})
    role = cloud.role("states")
    machine = states.create_state_machine(name=unique("m"), definition=definition, roleArn=role)["stateMachineArn"]
    with weekly(cloud, Arn=machine, RoleArn=cloud.role("scheduler", ("states:StartExecution", machine))):
        (run, *_) = until(lambda: states.list_executions(stateMachineArn=machine)["executions"])
    assert json.loads(states.describe_execution(executionArn=run["executionArn"])["input"]) == {"to": "latest"}


def test_what_the_schedules_role_may_not_do_goes_to_its_dead_letter_queue_at_once(cloud: EmulatedCloud) -> None:
    """The target's own policy, which lets EventBridge's rules in, is not asked.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
    """
    (_, closed), (url, dead) = cloud.queue(HERE), cloud.queue(HERE, "dead")
    role = cloud.role("scheduler", ("sqs:SendMessage", dead))
    with weekly(cloud, Arn=closed, RoleArn=role, DeadLetterConfig={"Arn": dead}) as schedule_arn:
        message = cloud.receive(HERE, url)
    said = {name: one["StringValue"] for name, one in message["MessageAttributes"].items()}
    assert json.loads(message["Body"]) == {"to": "latest"}
    assert (said["SCHEDULE_ARN"], said["TARGET_ARN"], said["RETRY_ATTEMPTS"]) == (schedule_arn, closed, "0")
    assert said["ERROR_CODE"] == "AccessDeniedException"
    assert "no policy allows sqs:SendMessage" in said["ERROR_MESSAGE"]
    assert "EXHAUSTED_RETRY_CONDITION" not in said


def test_a_dead_letter_queue_that_the_schedules_role_may_not_send_to_gets_nothing(cloud: EmulatedCloud) -> None:
    (_, closed), (_, dead), before = cloud.queue(HERE), cloud.queue(HERE, "dead"), cloud.last()
    with weekly(cloud, Arn=closed, RoleArn=cloud.role("scheduler"), DeadLetterConfig={"Arn": dead}):
        told = cloud.wait_for("event", before, source="aws.scheduler", target=closed)
    assert told["outcome"] == "dropped"
    assert "its dead-letter queue failed too" in told["reason"]


@pytest.mark.parametrize(
    ("principal", "condition", "taken"),
    [
        ("scheduler", {"aws:SourceAccount": "123456789012"}, True),
        ("scheduler", {"aws:SourceArn": f"arn:aws:scheduler:{HERE}:123456789012:schedule-group/default"}, True),
        ("scheduler", {"aws:SourceArn": f"arn:aws:scheduler:{HERE}:123456789012:schedule/default/trusted"}, False),
        ("scheduler", {"aws:SourceAccount": "210987654321"}, False),
        ("events", {"aws:SourceAccount": "123456789012"}, False),
    ],
)
def test_a_schedule_is_made_with_a_role_that_trusts_its_group_alone(
    cloud: EmulatedCloud, principal: str, condition: dict[str, str], taken: bool
) -> None:
    """https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html"""
    scheduler, iam, name = cloud.client("scheduler", HERE), cloud.client("iam", "us-east-1"), unique("trusting")
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": f"{principal}.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": condition},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    given = {"Name": "trusted", "FlexibleTimeWindow": {"Mode": "OFF"}, "ScheduleExpression": "rate(7 days)"}
    target = {"Arn": cloud.queue(HERE)[1], "RoleArn": role}
    if taken:
        scheduler.create_schedule(**given, Target=target)
        scheduler.delete_schedule(Name="trusted")
        return
    with pytest.raises(ClientError, match="must allow AWS EventBridge Scheduler to assume the role"):
        scheduler.create_schedule(**given, Target=target)
