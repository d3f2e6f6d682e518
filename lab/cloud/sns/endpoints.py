"""What does a subscriber of a topic get, over HTTP and as mail?"""

from __future__ import annotations

import json
import mailbox
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import urllib3

# SNS waits 15 s; a receiver on loopback that takes longer than this is as good as down.
ANSWER_SECONDS = 5.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SENDER = "AWS Notifications <no-reply@sns.amazonaws.com>"
FAREWELL = (
    "\n\n--\nIf you wish to stop receiving notifications from this topic, please click or visit the link below to "
    "unsubscribe:\n{unsubscribe}\n\nPlease do not reply directly to this email.\n"
)


class NotTaken(Exception):
    """The endpoint did not take a notification; `retriable` is False when it will not take it later either."""

    def __init__(self, reason: str, retriable: bool) -> None:
        super().__init__(reason)
        self.retriable = retriable


@dataclass(frozen=True)
class Notification:
    """One message of a topic, on its way to one subscriber."""

    message: str
    message_id: str
    subject: str | None
    attributes: Mapping[str, Any]

    def document(self, subscription: Any) -> dict[str, Any]:
        """The JSON document, signed.

        https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html
        """
        document: dict[str, Any] = subscription.get_post_data(
            self.message, self.message_id, self.subject, message_attributes=dict(self.attributes)
        )
        return document

    def function_record(self, subscription: Any) -> dict[str, Any]:
        """https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html"""
        document = self.document(subscription)
        renamed = {"SigningCertURL": "SigningCertUrl", "UnsubscribeURL": "UnsubscribeUrl"}
        return {
            "EventVersion": "1.0",
            "EventSubscriptionArn": subscription.arn,
            "EventSource": "aws:sns",
            "Sns": {
                "Subject": None,
                "MessageAttributes": {},
                **{renamed.get(name, name): value for name, value in document.items()},
            },
        }


def post(subscription: Any, notification: Notification) -> None:
    """POST once, to loopback only. Raises NotTaken; an answer of 4xx is final, as a client error is not retried.

    https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
    """
    endpoint = subscription.endpoint
    if urlsplit(endpoint).hostname not in LOOPBACK:
        raise NotTaken(f"The lab posts to loopback only, and not to {endpoint}.", retriable=False)
    raw = str(subscription.attributes.get("RawMessageDelivery")).lower() == "true"
    body = notification.message if raw else json.dumps(notification.document(subscription))
    headers = {
        "Content-Type": "text/plain; charset=UTF-8",
        "User-Agent": "Amazon Simple Notification Service Agent",
        "x-amz-sns-message-type": "Notification",
        "x-amz-sns-message-id": notification.message_id,
        "x-amz-sns-topic-arn": subscription.topic.arn,
        "x-amz-sns-subscription-arn": subscription.arn,
    }
    if raw:
        headers["x-amz-sns-rawdelivery"] = "true"
    try:
        answer = urllib3.request(
            "POST", endpoint, body=body.encode(), headers=headers, timeout=ANSWER_SECONDS, retries=False
        )
    except urllib3.exceptions.HTTPError as error:
        raise NotTaken(f"{endpoint} did not answer: {error}", retriable=True) from error
    if not 200 <= answer.status < 300:
        final = 400 <= answer.status < 500
        raise NotTaken(f"{endpoint} answered {answer.status}.", retriable=not final)


def append_mail(path: Path, subscription: Any, notification: Notification) -> None:
    """Add one message (RFC 5322) to the mbox file at `path`, which may not exist yet."""
    document = notification.document(subscription)
    mail = EmailMessage()
    mail["From"] = SENDER
    mail["To"] = subscription.endpoint
    mail["Subject"] = notification.subject or "AWS Notification Message"
    mail["Date"] = formatdate()
    mail["Message-ID"] = f"<{notification.message_id}@sns.amazonaws.com>"
    if subscription.protocol == "email-json":
        mail.set_content(json.dumps(document, indent=2))
    else:
        mail.set_content(notification.message + FAREWELL.format(unsubscribe=document["UnsubscribeURL"]))
    box = mailbox.mbox(path)
    try:
        box.lock()
        box.add(mail)
        box.flush()
    finally:
        box.unlock()
        box.close()
