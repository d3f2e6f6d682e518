"""How is an event put into a rule's target: a function, a workflow, a topic, a queue or another event bus?"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from moto.events.models import events_backends
from moto.utilities.arns import parse_arn

from lab.cloud.service_calls import CallFailed, ServiceCalls

Event = dict[str, Any]


def deliver(calls: ServiceCalls, source: str, target: Mapping[str, Any], body: str, event: Event) -> None:
    """One attempt to deliver `body` (or the whole `event`, to a bus) from the Region `source`. Raises CallFailed.

    Functions are invoked asynchronously: delivery succeeds when Lambda has queued the event, and a failing
    function is Lambda's matter from then on.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
    """
    arn = str(target["Arn"])
    service, region, name = _parts(arn)
    if service == "events" and name.startswith("event-bus/"):
        _forward(calls, source, arn, event)
        return
    if service == "lambda":
        request: dict[str, Any] = {"FunctionName": arn, "InvocationType": "Event", "Payload": body}
        calls.call(source, "lambda", region, lambda client: client.invoke(**request))
    elif service == "states":
        request = {"stateMachineArn": arn, "name": str(uuid.uuid4()), "input": body}
        calls.call(source, "stepfunctions", region, lambda client: client.start_execution(**request))
    elif service == "sns":
        calls.call(source, "sns", region, lambda client: client.publish(TopicArn=arn, Message=body))
    elif service == "sqs":
        send_to_queue(calls, source, arn, body, target.get("SqsParameters", {}).get("MessageGroupId"))
    else:
        raise CallFailed("UNSUPPORTED_TARGET", f"The lab does not deliver events to {arn}.", retriable=False)


def send_to_queue(
    calls: ServiceCalls,
    source: str,
    arn: str,
    body: str,
    group: str | None = None,
    attributes: Mapping[str, Mapping[str, str]] | None = None,
) -> None:
    """Send one message to the queue with this ARN. Raises CallFailed."""
    _, region, name = _parts(arn)
    extra: dict[str, Any] = {"MessageGroupId": group} if group else {}
    if attributes:
        extra["MessageAttributes"] = attributes

    def send(client: Any) -> None:
        url = client.get_queue_url(QueueName=name)["QueueUrl"]
        client.send_message(QueueUrl=url, MessageBody=body, **extra)

    calls.call(source, "sqs", region, send)


def put_on_bus(region: str, account: str, bus: str, event: Event) -> None:
    """Hand `event` to every rule of a bus. Raises KeyError when there is no such bus."""
    for rule in list(events_backends[account][region].event_buses[bus].rules.values()):
        rule.send_to_targets(dict(event))


def _forward(calls: ServiceCalls, source: str, arn: str, event: Event) -> None:
    """The receiving bus gets the event as it was: its own id, time and Region.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html
    """
    bus = parse_arn(arn)
    calls.check_path(source, bus.region)
    try:
        put_on_bus(bus.region, bus.account, bus.resource_id, json.loads(json.dumps(event)))
    except KeyError as error:
        raise CallFailed("RESOURCE_NOT_FOUND", f"There is no event bus {arn}.", retriable=False) from error


def _parts(arn: str) -> tuple[str, str, str]:
    _, _, service, region, _, name = arn.split(":", 5)
    return service, region, name
