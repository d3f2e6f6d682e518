"""Which queues, topics, rules and alarms do the templates create in the lab?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lab.cloud.cloudformation.resource import Created, Made, Properties, ResourceType, Wanted


def _create_queue(wanted: Wanted) -> Created:
    sqs = wanted.client("sqs")
    queue = wanted.properties.get("QueueName", wanted.name)
    kept = {key: str(wanted.properties[key]).lower() for key in wanted.properties if key != "QueueName"}
    url = sqs.create_queue(QueueName=queue, Attributes=kept)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return Created(url, {"Arn": arn, "QueueName": queue, "QueueUrl": url})


def _read_queue(made: Made) -> Properties:
    sqs = made.client("sqs")
    found = sqs.get_queue_attributes(QueueUrl=made.ref, AttributeNames=["All"])["Attributes"]
    return {**found, "QueueName": found["QueueArn"].rsplit(":", 1)[-1]}


def _create_queue_policy(wanted: Wanted) -> Created:
    for queue in wanted.properties["Queues"]:
        wanted.client("sqs").set_queue_attributes(
            QueueUrl=queue, Attributes={"Policy": json.dumps(wanted.properties["PolicyDocument"])}
        )
    return Created(wanted.name)


def _read_queue_policy(made: Made) -> Properties:
    sqs = made.client("sqs")
    found = [
        sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])["Attributes"].get("Policy")
        for queue in made.properties["Queues"]
    ]
    documents = [json.loads(document) for document in found if document]
    agree = bool(documents) and all(document == documents[0] for document in documents)
    with_policy = [queue for queue, document in zip(made.properties["Queues"], found, strict=True) if document]
    return {"Queues": with_policy, "PolicyDocument": documents[0] if agree else None}


def _create_topic(wanted: Wanted) -> Created:
    topic = wanted.properties.get("TopicName", wanted.name)
    arn = wanted.client("sns").create_topic(Name=topic)["TopicArn"]
    return Created(arn, {"TopicArn": arn, "TopicName": topic})


def _read_topic(made: Made) -> Properties:
    found = made.client("sns").get_topic_attributes(TopicArn=made.ref)["Attributes"]
    return {"TopicName": found["TopicArn"].rsplit(":", 1)[-1]}


def _create_subscription(wanted: Wanted) -> Created:
    redrive = wanted.properties.get("RedrivePolicy")
    answer = wanted.client("sns").subscribe(
        TopicArn=wanted.properties["TopicArn"],
        Protocol=wanted.properties["Protocol"],
        Endpoint=wanted.properties["Endpoint"],
        Attributes={"RedrivePolicy": json.dumps(redrive)} if redrive else {},
        ReturnSubscriptionArn=True,
    )
    return Created(answer["SubscriptionArn"])


def _read_subscription(made: Made) -> Properties:
    attributes = made.client("sns").get_subscription_attributes(SubscriptionArn=made.ref)["Attributes"]
    redrive = {"RedrivePolicy": json.loads(text)} if (text := attributes.get("RedrivePolicy")) else {}
    return {**attributes, **redrive}


def _create_rule(wanted: Wanted) -> Created:
    events, rule = wanted.client("events"), wanted.properties.get("Name", wanted.name)
    fires: dict[str, str] = {}
    if "EventPattern" in wanted.properties:
        fires["EventPattern"] = json.dumps(wanted.properties["EventPattern"])
    if "ScheduleExpression" in wanted.properties:
        fires["ScheduleExpression"] = wanted.properties["ScheduleExpression"]
    arn = events.put_rule(
        Name=rule,
        **fires,
        State=wanted.properties.get("State", "ENABLED"),
        Description=wanted.properties.get("Description", ""),
    )["RuleArn"]
    events.put_targets(Rule=rule, Targets=wanted.properties.get("Targets", []))
    return Created(rule, {"Arn": arn})


def _read_rule(made: Made) -> Properties:
    events = made.client("events")
    found = events.describe_rule(Name=made.ref)
    return {
        "Name": found["Name"],
        "EventPattern": json.loads(found["EventPattern"]) if found.get("EventPattern") else None,
        "ScheduleExpression": found.get("ScheduleExpression"),
        "State": found["State"],
        "Description": found.get("Description"),
        "Targets": events.list_targets_by_rule(Rule=made.ref)["Targets"],
    }


_SCHEDULE = ("Name", "Description", "ScheduleExpression", "FlexibleTimeWindow", "State", "Target")


def _create_schedule(wanted: Wanted) -> Created:
    given = {name: wanted.properties[name] for name in _SCHEDULE if name in wanted.properties}
    arn = wanted.client("scheduler").create_schedule(**given)["ScheduleArn"]
    return Created(given["Name"], {"Arn": arn})


def _read_schedule(made: Made) -> Properties:
    found = made.client("scheduler").get_schedule(Name=made.ref)
    return {name: found.get(name) for name in _SCHEDULE}


# By the lab's health checks, and by moto's queues.
_PUBLISHED = frozenset({"AWS/Route53", "AWS/SQS"})
_ALARM = frozenset(
    {
        "AlarmName",
        "AlarmDescription",
        "AlarmActions",
        "ComparisonOperator",
        "DatapointsToAlarm",
        "Dimensions",
        "EvaluationPeriods",
        "MetricName",
        "Namespace",
        "Period",
        "Statistic",
        "Threshold",
        "TreatMissingData",
    }
)


def _without_a_metric(properties: Mapping[str, Any]) -> str | None:
    namespace = properties.get("Namespace")
    return None if namespace in _PUBLISHED else f"the lab publishes no metric of {namespace or 'several namespaces'}"


def _create_topic_policy(wanted: Wanted) -> Created:
    for topic in wanted.properties["Topics"]:
        wanted.client("sns").set_topic_attributes(
            TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(wanted.properties["PolicyDocument"])
        )
    return Created(wanted.name)


def _read_topic_policy(made: Made) -> Properties:
    sns = made.client("sns")
    found = [sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"] for topic in made.properties["Topics"]]
    return {"Topics": made.properties["Topics"], "PolicyDocument": json.loads(found[0])}


def _create_alarm(wanted: Wanted) -> Created:
    alarm = wanted.properties.get("AlarmName", wanted.name)
    wanted.client("cloudwatch").put_metric_alarm(**{**wanted.properties, "AlarmName": alarm})
    arn = f"arn:aws:cloudwatch:{wanted.region}:{wanted.account_id}:alarm:{alarm}"
    return Created(alarm, {"Arn": arn})


def _read_alarm(made: Made) -> Properties:
    found = made.client("cloudwatch").describe_alarms(AlarmNames=[made.ref])["MetricAlarms"]
    return dict(found[0]) if found else {}


TYPES = (
    ResourceType(
        "AWS::SQS::Queue",
        frozenset({"QueueName", "MessageRetentionPeriod", "SqsManagedSseEnabled"}),
        _create_queue,
        _read_queue,
        attributes=frozenset({"Arn", "QueueName", "QueueUrl"}),
    ),
    ResourceType(
        "AWS::SQS::QueuePolicy",
        frozenset({"Queues", "PolicyDocument"}),
        _create_queue_policy,
        _read_queue_policy,
    ),
    ResourceType(
        "AWS::SNS::Topic",
        frozenset({"TopicName"}),
        _create_topic,
        _read_topic,
        attributes=frozenset({"TopicArn", "TopicName"}),
    ),
    ResourceType(
        "AWS::SNS::Subscription",
        frozenset({"TopicArn", "Protocol", "Endpoint", "RedrivePolicy"}),
        _create_subscription,
        _read_subscription,
    ),
    ResourceType(
        "AWS::Events::Rule",
        frozenset({"Name", "EventPattern", "ScheduleExpression", "State", "Description", "Targets"}),
        _create_rule,
        _read_rule,
        attributes=frozenset({"Arn"}),
    ),
    ResourceType(
        "AWS::Scheduler::Schedule",
        frozenset(_SCHEDULE),
        _create_schedule,
        _read_schedule,
        attributes=frozenset({"Arn"}),
    ),
    ResourceType(
        "AWS::SNS::TopicPolicy",
        frozenset({"PolicyDocument", "Topics"}),
        _create_topic_policy,
        _read_topic_policy,
    ),
    ResourceType(
        "AWS::CloudWatch::Alarm",
        _ALARM,
        _create_alarm,
        _read_alarm,
        attributes=frozenset({"Arn"}),
        left_out=_without_a_metric,
    ),
)
