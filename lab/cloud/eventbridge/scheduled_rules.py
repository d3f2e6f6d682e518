"""When does a scheduled rule fire? At its rate, counted from when it was created, in scaled time.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
Not emulated: cron expressions, which are refused.
"""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.events.models import EventsBackend

from lab.cloud.context import CloudContext
from lab.cloud.eventbridge.delivery import Delivery, delivery_of
from lab.cloud.eventbridge.input_transformer import target_input
from lab.cloud.eventbridge.targets import Event

RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


def rate(expression: str) -> timedelta:
    """Of `rate(5 minutes)`. Raises JsonRESTError, as the API would be told that the lab does not emulate the rest."""
    match = RATE.fullmatch(expression)
    if match is None:
        raise JsonRESTError("ValidationException", f"The lab emulates rate(...) schedules only, not {expression}.")
    return int(match[1]) * UNITS[match[2]]


def install(context: CloudContext) -> None:
    """Rules with a schedule fire from when they are put until they are deleted; never in a dark Region."""
    put_rule = EventsBackend.put_rule

    def put(self: Any, *arguments: Any, **named: Any) -> Any:
        expression = named.get("scheduled_expression")
        every = rate(expression) if expression else None
        rule = put_rule(self, *arguments, **named)
        if every is not None:
            # Until the rule is deleted, or replaced by another of its name.
            fire(
                context,
                every,
                rule.region_name,
                lambda: self.event_buses["default"].rules.get(rule.name) is rule,
                lambda: None if rule.state == "DISABLED" else _send(context, rule),
            )
        return rule

    EventsBackend.put_rule = put


def fire(
    context: CloudContext, every: timedelta, region: str, is_there: Callable[[], bool], send: Callable[[], None]
) -> None:
    """`send` each time that `every` has passed, in a thread, for as long as the schedule `is_there`."""

    def firing() -> None:
        pause, due = context.scaled(every), time.monotonic()
        never = threading.Event()
        while True:
            due += pause
            never.wait(max(0.0, due - time.monotonic()))
            if not is_there():
                return
            if not context.network.is_dark(region):
                send()

    threading.Thread(target=firing, name="schedule", daemon=True).start()


def _send(context: CloudContext, rule: Any) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html shows this event."""
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    event: Event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": rule.account_id,
        "time": now,
        "region": rule.region_name,
        "resources": [rule.arn],
        "detail": {},
    }
    for target in list(rule.targets):
        body = target_input(target, event, rule.arn, rule.name, now)
        delivery_of(context).start(Delivery(rule.region_name, rule.arn, dict(target), event, body))
