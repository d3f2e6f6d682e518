"""What does delivering an event to one target mean, for each kind of target?

What a target gets is the event, or what Input, InputPath or InputTransformer make of it:
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from jsonpath_ng.ext import parse
from moto.awslambda.models import lambda_backends
from moto.core.exceptions import ServiceException
from moto.events.utils import EventTemplateParser
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends
from moto.stepfunctions.parser.models import stepfunctions_parser_backends
from werkzeug.exceptions import HTTPException

from lab.cloud.context import CloudContext

if TYPE_CHECKING:
    from lab.cloud.eventbridge_delivery import Delivery

Event = dict[str, Any]


class DeliveryFailed(Exception):
    """A target did not take the event; the text says why."""


def deliver(context: CloudContext, delivery: Delivery, rule: Any, target: dict[str, Any], event: Event) -> None:
    """Give `event` to one target. Raises DeliveryFailed when it can't be reached or does not exist."""
    arn = target["Arn"].split(":", 5)
    service, region, account, resource = arn[2], arn[3], arn[4] or rule.account_id, arn[5]
    if region and not context.network.passes(rule.region_name, region):
        raise DeliveryFailed(f"{region} does not answer {rule.region_name}")
    body = rendered(target, event)
    try:
        match service:
            case "events":
                delivery.put_on_bus(account, region, resource.removeprefix("event-bus/"), event)
            case "lambda":
                _invoke(account, region, resource, body)
            case "states":
                machines = stepfunctions_parser_backends[account][region]
                machines.start_execution(target["Arn"], name=str(uuid.uuid4()), execution_input=body)
            case "sns":
                sns_backends[account][region].publish(message=body, arn=target["Arn"])
            case "sqs":
                sqs_backends[account][region].send_message(resource, body)
            case _:
                raise DeliveryFailed(f"the lab does not deliver to {service}")
    except (ServiceException, HTTPException, KeyError) as error:
        raise DeliveryFailed(f"{target['Arn']}: {error}") from error


def dead_letter(rule: Any, target: dict[str, Any], event: Event, reason: str) -> None:
    """Put an event that was given up into the target's dead-letter queue, if it has one."""
    queue = (target.get("DeadLetterConfig") or {}).get("Arn")
    if not queue:
        return
    _, _, _, region, account, name = queue.split(":", 5)
    text = {"DataType": "String"}
    sqs_backends[account][region].send_message(
        name,
        json.dumps(event),
        message_attributes={
            "RULE_ARN": {**text, "string_value": rule.arn, "data_type": "String"},
            "TARGET_ARN": {**text, "string_value": target["Arn"], "data_type": "String"},
            "ERROR_MESSAGE": {**text, "string_value": reason, "data_type": "String"},
        },
    )


def rendered(target: dict[str, Any], event: Event) -> str:
    """The text that the target gets."""
    if target.get("Input"):
        return str(target["Input"])
    if target.get("InputPath"):
        found = parse(target["InputPath"]).find(event)
        return json.dumps(found[0].value if found else None)
    transformer = target.get("InputTransformer")
    if transformer:
        made = EventTemplateParser.parse(
            input_template=transformer["InputTemplate"],
            input_paths_map=transformer.get("InputPathsMap", {}),
            event=event,
        )
        return made if isinstance(made, str) else json.dumps(made)
    return json.dumps(event)


def _invoke(account: str, region: str, resource: str, body: str) -> None:
    """EventBridge invokes asynchronously: a function that fails has taken the event, and Lambda tries it twice more.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """
    name = resource.removeprefix("function:").split(":")[0]
    backend = lambda_backends[account][region]
    for _ in range(3):
        headers: dict[str, str] = {}
        backend.invoke(name, None, body, {}, headers)
        if "x-amz-function-error" not in headers:
            return
    queue = (getattr(backend.get_function(name), "_lab_settings", {}).get("DeadLetterConfig") or {}).get("TargetArn")
    if queue:
        _, _, _, queue_region, queue_account, queue_name = queue.split(":", 5)
        sqs_backends[queue_account][queue_region].send_message(queue_name, body)
