"""Does an event reach the targets of the rules that match it, and what happens to it when one cannot be reached?

EventBridge Scheduler delivers in the same way, and writes its dead letters otherwise.

Not emulated: archives and replays, log groups and API destinations as targets.
"""

from __future__ import annotations

import json
import random
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.events.models import Rule

from lab.cloud.aws_lambda import asynchronous
from lab.cloud.context import CloudContext
from lab.cloud.eventbridge.delivery_permissions import is_schedule, why_not
from lab.cloud.eventbridge.input_transformer import target_input
from lab.cloud.eventbridge.targets import Event, deliver, put_on_bus, send_to_queue
from lab.cloud.service_calls import CallFailed, ServiceCalls

# "By default, EventBridge retries sending the event for 24 hours and up to 185 times with an exponential back
# off and jitter". The steps are not published; doubling from 1 s to 512 s spends both limits together.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
DEFAULT_ATTEMPTS = 185
DEFAULT_AGE = timedelta(hours=24)
FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(seconds=512)


@dataclass(frozen=True)
class Delivery:
    """One event on its way from `source`, a rule or a schedule of `region`, to one of its targets."""

    region: str
    source: str
    target: Mapping[str, Any]
    event: Event
    body: str

    @property
    def retries(self) -> int:
        return int(self.target.get("RetryPolicy", {}).get("MaximumRetryAttempts", DEFAULT_ATTEMPTS))

    @property
    def oldest(self) -> timedelta:
        seconds = self.target.get("RetryPolicy", {}).get("MaximumEventAgeInSeconds")
        return DEFAULT_AGE if seconds is None else timedelta(seconds=int(seconds))

    @property
    def dead_letter_queue(self) -> str | None:
        arn = self.target.get("DeadLetterConfig", {}).get("Arn")
        return None if arn is None else str(arn)

    @property
    def dead_letter(self) -> tuple[str, dict[str, str]]:
        """Its body, and what it says of where it is from. Of a schedule it is the input, not all that the API is told.

        https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
        """
        if not is_schedule(self.source):
            return json.dumps(self.event), {"RULE_ARN": self.source}
        return self.body, {
            "SCHEDULE_ARN": self.source,
            "SCHEDULED_TIME": str(self.event["time"]),
            "EXECUTION_ID": str(self.event["id"]),
            "IS_PAYLOAD_TRUNCATED": "false",
        }

    @property
    def forbidden(self) -> str:
        """The code of a permission that is missing: EventBridge has its own, Scheduler tells the target's."""
        return "AccessDeniedException" if is_schedule(self.source) else "NO_PERMISSIONS"


class Deliveries:
    """Delivers each event to each target in a thread of its own, until it succeeds or is given up."""

    def __init__(self, context: CloudContext) -> None:
        self._context = context
        self._calls = ServiceCalls(context)
        self._never = threading.Event()

    def emit(self, region: str, account: str, source: str, detail_type: str, detail: Event, resource: str) -> None:
        """An AWS service sends its own event to the default bus of its Region; nothing happens in a dark one."""
        if self._context.network.is_dark(region):
            return
        event: Event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": detail_type,
            "source": source,
            "account": account,
            "time": _iso(time.time()),
            "region": region,
            "resources": [resource],
            "detail": detail,
        }
        put_on_bus(region, account, "default", event)

    def start(self, delivery: Delivery) -> None:
        """Begin to deliver; returns at once."""
        threading.Thread(target=self._deliver, args=(delivery,), name="event-delivery", daemon=True).start()

    def _deliver(self, delivery: Delivery) -> None:
        began = time.monotonic()
        attempt, said = 0, ""
        while True:
            try:
                self._attempt(delivery)
            except CallFailed as error:
                exhausted = self._exhausted(delivery, attempt, began)
                if not error.retriable or exhausted:
                    self._give_up(delivery, error, attempt, exhausted)
                    return
                if str(error) != said:
                    said = str(error)
                    self._record(delivery, "retry", reason=said, retries=attempt)
            else:
                self._record(delivery, "delivered", retries=attempt)
                return
            attempt += 1
            self._never.wait(self._context.scaled(_wait_before(attempt)))

    def _attempt(self, delivery: Delivery) -> None:
        """Raises CallFailed. A permission that is missing is not tried again.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
        """
        self._calls.check_path(delivery.region, str(delivery.target["Arn"]).split(":")[3])
        if (reason := why_not(self._context.authorization, delivery.source, delivery.target)) is not None:
            raise CallFailed(delivery.forbidden, reason, retriable=False)
        deliver(self._calls, delivery.region, delivery.target, delivery.body, delivery.event)

    def _exhausted(self, delivery: Delivery, attempt: int, began: float) -> str | None:
        """Which limit of the target's RetryPolicy is used up, worded as the dead-letter message words it."""
        if attempt >= delivery.retries:
            return "MaximumRetryAttempts"
        age = (time.monotonic() - began) * self._context.time_scale
        return "MaximumEventAgeInSeconds" if age >= delivery.oldest.total_seconds() else None

    def _give_up(self, delivery: Delivery, error: CallFailed, attempt: int, exhausted: str | None) -> None:
        """The event goes to the target's dead-letter queue, or is dropped when there is none.

        A target that is gone or forbids the call is not retried at all.
        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
        """
        queue = delivery.dead_letter_queue
        if queue is None:
            self._record(delivery, "dropped", reason=str(error), retries=attempt)
            return
        body, origin = delivery.dead_letter
        attributes = {
            **origin,
            "TARGET_ARN": str(delivery.target["Arn"]),
            "ERROR_CODE": error.code,
            "ERROR_MESSAGE": error.message or error.code,
            "RETRY_ATTEMPTS": str(attempt),
        }
        if error.retriable and exhausted:
            attributes["EXHAUSTED_RETRY_CONDITION"] = exhausted
        try:
            as_target = {**delivery.target, "Arn": queue}
            if (reason := why_not(self._context.authorization, delivery.source, as_target)) is not None:
                raise CallFailed(delivery.forbidden, reason, retriable=False)
            send_to_queue(
                self._calls,
                delivery.region,
                queue,
                body,
                attributes={name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
            )
        except CallFailed as failure:
            reason = f"{error}; its dead-letter queue failed too: {failure}"
            self._record(delivery, "dropped", reason=reason, retries=attempt)
        else:
            self._record(delivery, "dead-lettered", reason=str(error), retries=attempt)

    def _record(self, delivery: Delivery, outcome: str, **fields: Any) -> None:
        """Of the retries, the first is recorded, and each that failed for another reason than the one before."""
        self._context.journal.add(
            "event",
            region=delivery.region,
            id=delivery.event["id"],
            source=delivery.event["source"],
            detail_type=delivery.event["detail-type"],
            target=delivery.target["Arn"],
            outcome=outcome,
            **fields,
        )


_deliveries: dict[int, Deliveries] = {}


def delivery_of(context: CloudContext) -> Deliveries:
    """The one set of deliveries of an emulated AWS."""
    known = _deliveries.get(context.port)
    return known or _deliveries.setdefault(context.port, Deliveries(context))


def install(context: CloudContext) -> None:
    """Rules deliver to functions, workflows, topics, queues and event buses, in the background and persistently.

    A rule that is disabled, or has only a schedule, never fires on an event.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html
    """
    asynchronous.install(context)
    deliveries = delivery_of(context)

    def send_to_targets(self: Any, original_event: Event, transform_input: bool = True) -> None:
        del transform_input
        pattern = self.event_pattern
        if self.state == "DISABLED" or not pattern.get_pattern() or not pattern.matches_event(original_event):
            return
        event = {key: value for key, value in original_event.items() if key != "ingestion-time"}
        event["time"] = _iso(event["time"])
        for target in list(self.targets):
            body = target_input(target, event, self.arn, self.name, _iso(time.time()))
            deliveries.start(Delivery(self.region_name, self.arn, dict(target), event, body))

    Rule.send_to_targets = send_to_targets


def _wait_before(attempt: int) -> timedelta:
    longest = min(FIRST_WAIT * 2 ** (attempt - 1), LONGEST_WAIT) if attempt < 20 else LONGEST_WAIT
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - jitter


def _iso(moment: Any) -> str:
    """An event's time is UTC in whole seconds; PutEvents takes an instant, text or seconds since 1970."""
    if isinstance(moment, str):
        return moment
    at = moment if isinstance(moment, datetime) else datetime.fromtimestamp(float(moment), UTC)
    return f"{(at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
