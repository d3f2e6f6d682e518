"""Events: which rules fire, what their targets receive, and what happens when a target cannot be reached."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from lab.cloud.eventbridge.input_transformer import target_input
from tests.lab.emulated_cloud import EmulatedCloud, open_to_rules, unique

HERE, THERE = "us-east-1", "us-west-2"
ACCOUNT = "123456789012"

EVENT = {
    "version": "0",
    "id": "7bf73129-1428-4cd3-a780-95db273d1602",
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "account": ACCOUNT,
    "time": "2015-11-11T21:29:54Z",
    "region": HERE,
    "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"],
    "detail": {"instance-id": "i-0123456789", "state": "RUNNING", "who": 'said "go"', "n": 3},
}


def received(target: dict[str, Any]) -> str:
    return target_input(target, EVENT, "arn:rule", "rule", "2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('"instance <instance> is in <state>"', '"instance i-0123456789 is in RUNNING"'),
        ('{"instance": <instance>, "state": "<state>"}', '{"instance": "i-0123456789", "state": "RUNNING"}'),
        ('{"n": <n>, "who": "<who>"}', '{"n": 3, "who": "said \\"go\\""}'),
        ('{"all": <resources>}', '{"all": ["arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"]}'),
        (
            '{"rule": "<aws.events.rule-name>", "at": <aws.events.event.ingestion-time>}',
            '{"rule": "rule", "at": "2026-01-01T00:00:00Z"}',
        ),
        ('{"gone": "<gone>"}', '{"gone": ""}'),
        ('"<unknown> stays"', '"<unknown> stays"'),
    ],
)
def test_a_template_is_filled_as_json_outside_quotes_and_as_text_inside(template: str, expected: str) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html"""
    paths = {
        "instance": "$.detail.instance-id",
        "state": "$.detail.state",
        "who": "$.detail.who",
        "n": "$.detail.n",
        "resources": "$.resources",
        "gone": "$.detail.nothing",
    }
    assert received({"InputTransformer": {"InputPathsMap": paths, "InputTemplate": template}}) == expected


def test_a_target_receives_a_constant_a_part_or_the_whole_event() -> None:
    assert received({"Input": '{"a": 1}'}) == '{"a": 1}'
    assert json.loads(received({"InputPath": "$.detail"})) == EVENT["detail"]
    assert json.loads(received({})) == EVENT
    whole = received({"InputTransformer": {"InputTemplate": '{"event": <aws.events.event.json>}'}})
    assert json.loads(whole) == {"event": EVENT}


@pytest.fixture
def source() -> str:
    """A source of its own for each test's events."""
    return unique("lab.source")


@pytest.fixture
def cut(cloud: EmulatedCloud) -> Iterator[None]:
    """Nothing gets from HERE to THERE; lifted again by the test, or after it."""
    cloud.control.set_link(HERE, THERE, True)
    yield
    cloud.control.set_link(HERE, THERE, False)


def put_rule(cloud: EmulatedCloud, region: str, source: str, *targets: dict[str, Any], **settings: Any) -> str:
    name = unique("rule")
    events = cloud.client("events", region)
    wanted: dict[str, Any] = {"EventPattern": json.dumps({"source": [source]}), **settings}
    events.put_rule(Name=name, **{key: value for key, value in wanted.items() if value is not None})
    events.put_targets(Rule=name, Targets=[{"Id": str(n), **target} for n, target in enumerate(targets)])
    return str(events.describe_rule(Name=name)["Arn"])


def put_event(cloud: EmulatedCloud, source: str, region: str = HERE) -> None:
    answer = cloud.client("events", region).put_events(
        Entries=[{"Source": source, "DetailType": "Lab", "Detail": '{"n": 1}', "Resources": ["arn:thing"]}]
    )
    assert answer["FailedEntryCount"] == 0


def test_an_event_reaches_queue_and_topic_and_another_regions_bus_unchanged(cloud: EmulatedCloud, source: str) -> None:
    """A bus in another Region hands on the event with the Region, id and resources it came with.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html
    """
    near_url, near = cloud.queue(HERE)
    far_url, far = cloud.queue(THERE)
    topic_url, topic_queue = cloud.queue(HERE)
    sns = cloud.client("sns", HERE)
    topic = sns.create_topic(Name=unique("topic"))["TopicArn"]
    allowing = json.dumps(open_to_rules("sns:Publish", topic))
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=allowing)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=topic_queue)
    bus = f"arn:aws:events:{THERE}:{ACCOUNT}:event-bus/default"
    put_rule(
        cloud,
        HERE,
        source,
        {"Arn": near},
        {"Arn": topic},
        {"Arn": bus, "RoleArn": cloud.role("events", ("events:PutEvents", bus))},
    )
    put_rule(cloud, THERE, source, {"Arn": far})
    put_event(cloud, source)

    here = json.loads(cloud.receive(HERE, near_url)["Body"])
    there = json.loads(cloud.receive(THERE, far_url)["Body"])
    assert here == there
    assert (here["region"], here["resources"], here["detail"]) == (HERE, ["arn:thing"], {"n": 1})
    assert json.loads(json.loads(cloud.receive(HERE, topic_url)["Body"])["Message"]) == here


def test_disabled_rules_and_schedules_do_not_fire_on_events(cloud: EmulatedCloud, source: str) -> None:
    url, arn = cloud.queue(HERE)
    before = cloud.last()
    put_rule(cloud, HERE, source, {"Arn": arn, "Input": "disabled"}, State="DISABLED")
    put_rule(
        cloud, HERE, source, {"Arn": arn, "Input": "scheduled"}, EventPattern=None, ScheduleExpression="rate(1 day)"
    )
    put_rule(cloud, HERE, source, {"Arn": arn, "Input": "enabled"})
    put_event(cloud, source)
    assert cloud.receive(HERE, url)["Body"] == "enabled"
    assert len(cloud.entries("event", before, source=source)) == 1


def test_a_cut_link_delays_an_event_and_does_not_lose_it(cloud: EmulatedCloud, source: str, cut: None) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html"""
    url, arn = cloud.queue(THERE)
    before = cloud.last()
    put_rule(cloud, HERE, source, {"Arn": arn})
    put_event(cloud, source)
    retry = cloud.wait_for("event", before, source=source, outcome="retry")
    assert "us-west-2 does not answer" in retry["reason"]
    cloud.control.set_link(HERE, THERE, False)
    assert json.loads(cloud.receive(THERE, url)["Body"])["source"] == source
    assert cloud.wait_for("event", before, source=source, outcome="delivered")["retries"] > 0


def test_an_event_that_cannot_be_delivered_ends_in_the_targets_dead_letter_queue(
    cloud: EmulatedCloud, source: str, cut: None
) -> None:
    """The message is the event; its attributes say which rule and target, why, and after how many retries.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    """
    dead_url, dead = cloud.queue(HERE, "dead")
    _, arn = cloud.queue(THERE)
    policy = {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 3600}
    rule = put_rule(cloud, HERE, source, {"Arn": arn, "RetryPolicy": policy, "DeadLetterConfig": {"Arn": dead}})
    before = cloud.last()
    put_event(cloud, source)
    message = cloud.receive(HERE, dead_url)
    assert json.loads(message["Body"])["detail"] == {"n": 1}
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert attributes["RULE_ARN"] == rule
    assert attributes["TARGET_ARN"] == arn
    assert (attributes["RETRY_ATTEMPTS"], attributes["EXHAUSTED_RETRY_CONDITION"]) == ("2", "MaximumRetryAttempts")
    assert cloud.wait_for("event", before, source=source, outcome="dead-lettered")["retries"] == 2


def test_an_event_is_given_up_when_it_is_too_old(cloud: EmulatedCloud, source: str, cut: None) -> None:
    """MaximumEventAgeInSeconds is in AWS seconds, and the lab's clock is scaled."""
    dead_url, dead = cloud.queue(HERE, "dead")
    _, arn = cloud.queue(THERE)
    policy = {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 60}
    put_rule(cloud, HERE, source, {"Arn": arn, "RetryPolicy": policy, "DeadLetterConfig": {"Arn": dead}})
    put_event(cloud, source)
    attributes = cloud.receive(HERE, dead_url)["MessageAttributes"]
    assert attributes["EXHAUSTED_RETRY_CONDITION"]["StringValue"] == "MaximumEventAgeInSeconds"


def test_a_target_that_does_not_exist_is_not_tried_again(cloud: EmulatedCloud, source: str) -> None:
    dead_url, dead = cloud.queue(HERE, "dead")
    gone = f"arn:aws:sqs:{HERE}:{ACCOUNT}:{unique('gone')}"
    put_rule(cloud, HERE, source, {"Arn": gone, "DeadLetterConfig": {"Arn": dead}})
    before = cloud.last()
    put_event(cloud, source)
    attributes = cloud.receive(HERE, dead_url)["MessageAttributes"]
    assert "NonExistentQueue" in attributes["ERROR_CODE"]["StringValue"]
    assert attributes["RETRY_ATTEMPTS"]["StringValue"] == "0"
    assert "EXHAUSTED_RETRY_CONDITION" not in attributes
    assert not cloud.entries("event", before, source=source, outcome="retry")


def test_a_rule_that_no_policy_names_is_denied_at_once_and_its_event_kept(cloud: EmulatedCloud, source: str) -> None:
    """ "NO_PERMISSIONS": https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html"""
    dead_url, dead = cloud.queue(HERE, "dead")
    url, closed = cloud.queue(HERE)
    policy = open_to_rules("sqs:SendMessage", closed)
    policy["Statement"][0]["Condition"] = {
        "ArnEquals": {"aws:SourceArn": f"arn:aws:events:{HERE}:{ACCOUNT}:rule/other"}
    }
    cloud.client("sqs", HERE).set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    rule = put_rule(cloud, HERE, source, {"Arn": closed, "DeadLetterConfig": {"Arn": dead}})
    put_event(cloud, source)
    attributes = cloud.receive(HERE, dead_url)["MessageAttributes"]
    assert attributes["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    assert attributes["RETRY_ATTEMPTS"]["StringValue"] == "0"
    reason = f"the policy of {closed} allows events.amazonaws.com no sqs:SendMessage"
    assert cloud.control.permissions()[rule]["denied"] == [reason]


@pytest.mark.parametrize(
    ("trusted", "action", "told"),
    [
        ("events", "events:DescribeRule", "no policy allows events:PutEvents on"),
        ("lambda", "events:PutEvents", "trusts no events.amazonaws.com"),
    ],
)
def test_a_rule_passes_an_event_on_only_with_a_role_that_allows_it_and_trusts_it(
    cloud: EmulatedCloud, source: str, trusted: str, action: str, told: str
) -> None:
    bus, before = f"arn:aws:events:{THERE}:{ACCOUNT}:event-bus/default", cloud.last()
    rule = put_rule(cloud, HERE, source, {"Arn": bus, "RoleArn": cloud.role(trusted, (action, bus))})
    put_event(cloud, source)
    assert told in cloud.wait_for("event", before, source=source, outcome="dropped")["reason"]
    (reason,) = cloud.control.permissions()[rule]["denied"]
    assert told in reason


def test_a_rule_starts_a_workflow_with_the_event(cloud: EmulatedCloud, source: str) -> None:
    states = cloud.client("stepfunctions", HERE)
    definition = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
    machine = states.create_state_machine(
        name=unique("machine"), definition=json.dumps(definition), roleArn=cloud.role("states")
    )
    arn = machine["stateMachineArn"]
    before = cloud.last()
    role = cloud.role("events", ("states:StartExecution", arn))
    put_rule(cloud, HERE, source, {"Arn": arn, "RoleArn": role, "InputPath": "$.detail"})
    put_event(cloud, source)
    cloud.wait_for("event", before, source=source, target=arn, outcome="delivered")
    execution = states.list_executions(stateMachineArn=arn)["executions"][0]["executionArn"]
    assert json.loads(states.describe_execution(executionArn=execution)["input"]) == {"n": 1}


@pytest.fixture
def failing_function(cloud: EmulatedCloud) -> tuple[str, str]:
    """A function that always fails, and the URL of its dead-letter queue."""
    url, queue = cloud.queue(HERE, "dead")
    source = "def handler(event, context):\n    raise ValueError('no luck')\n"
    return cloud.function(HERE, source, DeadLetterConfig={"TargetArn": queue}), url


def test_lambda_itself_runs_a_failing_function_twice_more_and_then_dead_letters_the_event(
    cloud: EmulatedCloud, source: str, failing_function: tuple[str, str]
) -> None:
    """For EventBridge the event was delivered when Lambda had queued it: its own retries do not apply.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """
    arn, dead_url = failing_function
    before = cloud.last()
    put_rule(cloud, HERE, source, {"Arn": arn})
    put_event(cloud, source)
    cloud.wait_for("event", before, source=source, target=arn, outcome="delivered")
    message = cloud.receive(HERE, dead_url)
    assert json.loads(message["Body"])["source"] == source
    assert message["MessageAttributes"]["ErrorMessage"]["StringValue"] == "no luck"
    runs = cloud.entries("lambda", before, function=arn.rsplit(":", 1)[1])
    assert [run["error"] for run in runs] == ["ValueError"] * 3
    pauses = [later["monotonic"] - earlier["monotonic"] for earlier, later in itertools.pairwise(runs)]
    assert pauses[0] >= 1.0
    assert pauses[1] >= 2.0


def test_the_retries_of_a_function_are_as_configured(cloud: EmulatedCloud, failing_function: tuple[str, str]) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html"""
    arn, dead_url = failing_function
    client, before = cloud.client("lambda", HERE), cloud.last()
    client.put_function_event_invoke_config(FunctionName=arn, MaximumRetryAttempts=0)
    answer = client.invoke(FunctionName=arn, InvocationType="Event", Payload=b'{"n": 7}')
    assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
    assert json.loads(cloud.receive(HERE, dead_url)["Body"]) == {"n": 7}
    assert len(cloud.entries("lambda", before, function=arn.rsplit(":", 1)[1])) == 1
