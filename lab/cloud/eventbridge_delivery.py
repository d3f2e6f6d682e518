"""How does an event reach a rule's targets?

At least once, tried again with growing pauses until the target's RetryPolicy is spent, then put in the target's dead-letter
queue: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html (24 hours and 185 tries unless said
otherwise), https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
A disabled rule matches nothing, and a schedule rule matches no event.
"""

from __future__ import annotations

import json
import random
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.events.models import Rule, events_backends

from lab.cloud import eventbridge_targets
from lab.cloud.context import CloudContext
from lab.cloud.eventbridge_targets import DeliveryFailed

DEFAULT_TRIES = 185
DEFAULT_AGE = timedelta(hours=24)
FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=10)

Event = dict[str, Any]


class Delivery:
    """Delivers events in the background; one for each emulated AWS."""

    def __init__(self, context: CloudContext) -> None:
        self._context = context
        self._pool = ThreadPoolExecutor(16, thread_name_prefix="eventbridge")
        self._timers: set[threading.Timer] = set()

    def emit(self, region: str, account: str, source: str, detail_type: str, detail: Event, resource: str) -> None:
        """An AWS service's own event, on its Region's default bus. Nothing happens in a dark Region."""
        if self._context.network.is_dark(region):
            return
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": detail_type,
            "source": source,
            "account": account,
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": region,
            "resources": [resource],
            "detail": detail,
        }
        self.put_on_bus(account, region, "default", event)

    def put_on_bus(self, account: str, region: str, bus: str, event: Event) -> None:
        """Hand an event to every rule of a bus."""
        for rule in list(events_backends[account][region].describe_event_bus(bus).rules.values()):
            rule.send_to_targets(event)

    def send(self, rule: Any, event: Event) -> None:
        """Start delivering to each target of a rule that matches."""
        if rule.state == "DISABLED" or not rule.event_pattern.get_pattern():
            return
        if not rule.event_pattern.matches_event(event):
            return
        event = {key: value for key, value in event.items() if key != "ingestion-time"}
        if not isinstance(event["time"], str):
            moment = datetime.fromtimestamp(float(event["time"]), UTC)
            event["time"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        for target in rule.targets:
            self._pool.submit(self._attempt, rule, target, event, 1, time.monotonic())

    def _attempt(self, rule: Any, target: dict[str, Any], event: Event, number: int, began: float) -> None:
        if self._context.network.is_dark(rule.region_name):
            return self._again(rule, target, event, number, began, "the Region is dark")
        try:
            eventbridge_targets.deliver(self._context, self, rule, target, event)
        except DeliveryFailed as error:
            return self._again(rule, target, event, number, began, str(error))
        self._record(rule, target, event, "delivered", number, None)
        return None

    def _again(
        self, rule: Any, target: dict[str, Any], event: Event, number: int, began: float, reason: str
    ) -> None:
        policy = target.get("RetryPolicy") or {}
        tries = int(policy.get("MaximumRetryAttempts", DEFAULT_TRIES))
        age = timedelta(seconds=int(policy.get("MaximumEventAgeInSeconds", DEFAULT_AGE.total_seconds())))
        pause = self._context.scaled(min(FIRST_PAUSE * 2 ** min(number - 1, 16), LONGEST_PAUSE))
        if number > tries or time.monotonic() + pause - began > self._context.scaled(age):
            eventbridge_targets.dead_letter(rule, target, event, reason)
            self._record(rule, target, event, "dead-lettered", number, reason)
            return
        self._record(rule, target, event, "retry", number, reason)
        timer = threading.Timer(
            pause * random.uniform(0.5, 1.0),  # noqa: S311 - spreads retries, guards nothing
            self._attempt,
            (rule, target, event, number + 1, began),
        )
        timer.daemon = True
        timer.start()

    def _record(
        self, rule: Any, target: dict[str, Any], event: Event, outcome: str, tries: int, reason: str | None
    ) -> None:
        self._context.journal.add(
            "event",
            region=rule.region_name,
            rule=rule.name,
            detail_type=event["detail-type"],
            source=event["source"],
            target=target["Arn"],
            outcome=outcome,
            tries=tries,
            reason=reason,
        )


_delivery: dict[int, Delivery] = {}


def delivery_of(context: CloudContext) -> Delivery:
    """The one delivery of an emulated AWS."""
    return _delivery.setdefault(context.port, Delivery(context))


def install(context: CloudContext) -> None:
    """From now on every matching event goes out through a Delivery."""
    delivery = delivery_of(context)

    def send_to_targets(self: Any, original_event: Event, transform_input: bool = True) -> None:
        del transform_input
        delivery.send(self, dict(original_event))

    Rule.send_to_targets = send_to_targets
