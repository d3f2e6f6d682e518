"""How does a notification leave the emulated AWS? Really: by HTTP to loopback, and as mail into a file.

On AWS an e-mail or HTTP(S) endpoint gets nothing before its owner has confirmed the subscription; the lab confirms by
itself, and its journal says so. https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.confirm.html
SQS subscriptions are moto's own.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import SNSBackend, Subscription

from lab.cloud.context import CloudContext
from lab.cloud.eventbridge.targets import send_to_queue
from lab.cloud.iam.policies import Request
from lab.cloud.iam.resource_policies import policy_of
from lab.cloud.regions_and_links import INTERNET
from lab.cloud.service_calls import CallFailed, ServiceCalls
from lab.cloud.sns.endpoints import Notification, NotTaken, append_mail, post
from lab.cloud.sns.retries import LONGEST_TOTAL, MAIL_POLICY, MANAGED_POLICY, http_policy, waits

LONGEST_SUBJECT = 99


class Outbox:
    """Delivers each notification in a thread of its own, until it is taken or given up."""

    def __init__(self, context: CloudContext) -> None:
        self._context = context
        self._calls = ServiceCalls(context)
        self._mailbox = threading.Lock()
        self._never = threading.Event()

    def send(self, subscription: Any, notification: Notification) -> None:
        """Begin to deliver by HTTP(S), e-mail or to a function; returns at once."""
        threading.Thread(
            target=self._deliver, args=(subscription, notification), name="sns-delivery", daemon=True
        ).start()

    def _deliver(self, subscription: Any, notification: Notification) -> None:
        region = subscription.topic.arn.split(":")[3]
        attempt, pauses = self._way_to(subscription, notification, region)
        reason = ""
        for number, pause in enumerate([timedelta(0), *pauses], start=1):
            self._never.wait(self._context.scaled(pause))
            try:
                attempt()
            except NotTaken as failure:
                reason = str(failure)
                if not failure.retriable:
                    break
                self._record(subscription, notification, "retry", tries=number, reason=reason)
            else:
                self._record(subscription, notification, "delivered", tries=number)
                return
        self._give_up(subscription, notification, reason)

    def _way_to(
        self, subscription: Any, notification: Notification, region: str
    ) -> tuple[Callable[[], None], Sequence[timedelta]]:
        """How one attempt is made, and how long to wait before each of the next."""
        if subscription.protocol == "lambda":
            return lambda: self._invoke(subscription, notification, region), waits(MANAGED_POLICY)
        if subscription.protocol in ("http", "https"):
            policy = http_policy(subscription.attributes.get("DeliveryPolicy"), subscription.topic.delivery_policy)
            return lambda: self._post(subscription, notification, region), waits(policy, LONGEST_TOTAL)
        return lambda: self._mail(subscription, notification, region), waits(MAIL_POLICY)

    def _post(self, subscription: Any, notification: Notification, region: str) -> None:
        self._check_way_out(region)
        post(subscription, notification)

    def _mail(self, subscription: Any, notification: Notification, region: str) -> None:
        self._check_way_out(region)
        with self._mailbox:
            append_mail(self._context.mailbox, subscription, notification)

    def _invoke(self, subscription: Any, notification: Notification, region: str) -> None:
        """https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html"""
        arn = subscription.endpoint
        payload = json.dumps({"Records": [notification.function_record(subscription)]})
        try:
            self._calls.call(
                region,
                "lambda",
                arn.split(":")[3],
                lambda client: client.invoke(FunctionName=arn, InvocationType="Event", Payload=payload),
            )
        except CallFailed as error:
            raise NotTaken(str(error), retriable=error.retriable) from error

    def _check_way_out(self, region: str) -> None:
        if not self._context.network.passes(region, INTERNET):
            raise NotTaken(f"Nothing leaves {region}.", retriable=True)

    def _give_up(self, subscription: Any, notification: Notification, reason: str) -> None:
        """The subscription's dead-letter queue gets the message, if there is one, and its policy lets the topic send.

        https://docs.aws.amazon.com/sns/latest/dg/sns-configure-dead-letter-queue.html
        """
        topic = subscription.topic.arn
        queue = json.loads(subscription.attributes.get("RedrivePolicy") or "{}").get("deadLetterTargetArn")
        outcome = "given-up"
        if queue:
            wanted = Request("sqs:SendMessage", queue)
            refused = self._context.authorization.by_policy_of_resource(
                topic, "sns.amazonaws.com", policy_of(queue) or {"Statement": []}, wanted
            )
            try:
                if refused:
                    raise CallFailed("AccessDenied", refused, retriable=False)
                send_to_queue(self._calls, topic.split(":")[3], queue, json.dumps(notification.document(subscription)))
                outcome = "dead-lettered"
            except CallFailed as failure:
                reason = f"{reason}; its dead-letter queue failed too: {failure}"
        self._record(subscription, notification, outcome, reason=reason)

    def _record(self, subscription: Any, notification: Notification, outcome: str, **fields: Any) -> None:
        self._context.journal.add(
            "notification",
            region=subscription.topic.arn.split(":")[3],
            protocol=subscription.protocol,
            endpoint=subscription.endpoint,
            message_id=notification.message_id,
            subject=notification.subject,
            outcome=outcome,
            **fields,
        )


def install(context: CloudContext) -> None:
    """Subscriptions of e-mail, HTTP(S) and functions are delivered from now on, and bad subjects are refused."""
    outbox = Outbox(context)
    to_queue, publish, subscribe = Subscription.publish, SNSBackend.publish, SNSBackend.subscribe

    def deliver(self: Any, message: str, message_id: str, subject: str | None = None, **options: Any) -> None:
        if self.protocol not in ("http", "https", "email", "email-json", "lambda"):
            to_queue(self, message, message_id, subject=subject, **options)
            return
        attributes = options.get("message_attributes")
        if self._filter_policy_matcher is not None and not self._filter_policy_matcher.matches(attributes, message):
            return
        if options.get("message_structure") == "json":
            message = self._parse_message_structure(message, self.protocol)
        outbox.send(self, Notification(message, message_id, subject, attributes or {}))

    def checked_publish(self: Any, *arguments: Any, **named: Any) -> Any:
        refuse_bad_subject(named.get("subject"))
        return publish(self, *arguments, **named)

    def confirmed_subscribe(self: Any, topic_arn: str, endpoint: str, protocol: str) -> Any:
        if protocol in ("http", "https", "email", "email-json"):
            context.journal.add(
                "notification",
                region=topic_arn.split(":")[3],
                protocol=protocol,
                endpoint=endpoint,
                outcome="confirmed",
                reason="The lab confirms subscriptions by itself; AWS waits for the endpoint's owner.",
            )
        return subscribe(self, topic_arn, endpoint, protocol)

    Subscription.publish = deliver
    SNSBackend.publish = checked_publish
    SNSBackend.subscribe = confirmed_subscribe


def refuse_bad_subject(subject: str | None) -> None:
    """Raises InvalidParameter for a subject that SNS refuses: too long, or with a line break or control character.

    https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
    """
    if subject is None:
        return
    if not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
        raise SNSInvalidParameter("Invalid parameter: Subject")
