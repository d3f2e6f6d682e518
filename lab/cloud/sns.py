"""How does a notification leave the emulated AWS? Really: by HTTP to loopback, and as mail into a file.

Subscriptions need no confirmation here; on AWS an e-mail or HTTP endpoint must confirm first:
https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.confirm.html
A failed HTTP delivery is tried again, three times without a pause, then with pauses up to 20 s (scaled):
https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
"""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any
from urllib.parse import urlparse

import urllib3
from moto.sns.models import Subscription

from lab.cloud.context import CloudContext

TRIES = 8
IMMEDIATE_TRIES = 3
PAUSE = timedelta(seconds=20)
ANSWER_SECONDS = 5.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def install(context: CloudContext) -> None:
    """E-mail and HTTP subscriptions are delivered from now on; SQS and Lambda stay moto's own."""
    plain = Subscription.publish
    mail = threading.Lock()

    def publish(self: Any, message: str, message_id: str, subject: str | None = None, **options: Any) -> None:
        if self.protocol in ("http", "https"):
            body = self.get_post_data(message, message_id, subject)
            threading.Thread(target=_post, args=(context, self, body), name="sns-http", daemon=True).start()
        elif self.protocol in ("email", "email-json"):
            with mail:
                _append(context, self, message, message_id, subject)
        else:
            plain(self, message, message_id, subject=subject, **options)

    Subscription.publish = publish


def _post(context: CloudContext, subscription: Any, body: dict[str, Any]) -> None:
    endpoint, region = subscription.endpoint, subscription.topic_arn.split(":")[3]
    if urlparse(endpoint).hostname not in LOOPBACK:
        _record(context, subscription, "refused: the lab delivers to loopback only")
        return
    headers = {"content-type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": "Notification"}
    for number in range(1, TRIES + 1):
        if not context.network.is_dark(region):
            try:
                answer = urllib3.request(
                    "POST", endpoint, body=json.dumps(body), headers=headers, timeout=ANSWER_SECONDS, retries=False
                )
            except urllib3.exceptions.HTTPError:
                answer = None
            if answer is not None and 200 <= answer.status < 300:
                _record(context, subscription, "delivered", number)
                return
        if number > IMMEDIATE_TRIES:
            time.sleep(context.scaled(PAUSE))
    _record(context, subscription, "given up", TRIES)


def _append(context: CloudContext, subscription: Any, message: str, message_id: str, subject: str | None) -> None:
    """One more message at the end of the mbox file, lines that look like a separator escaped."""
    mail = EmailMessage()
    mail["From"] = "AWS Notifications <no-reply@sns.amazonaws.com>"
    mail["To"] = subscription.endpoint
    mail["Subject"] = subject or "AWS Notification Message"
    mail["Date"] = formatdate()
    mail["Message-ID"] = f"<{message_id}@sns.amazonaws.com>"
    mail.set_content(message)
    text = mail.as_string().replace("\nFrom ", "\n>From ")
    with context.mailbox.open("a", encoding="utf-8") as mailbox:
        mailbox.write(f"From no-reply@sns.amazonaws.com {time.asctime(time.gmtime())}\n{text}\n\n")
    _record(context, subscription, "delivered")


def _record(context: CloudContext, subscription: Any, outcome: str, tries: int = 1) -> None:
    context.journal.add(
        "notification",
        region=subscription.topic_arn.split(":")[3],
        protocol=subscription.protocol,
        endpoint=subscription.endpoint,
        outcome=outcome,
        tries=tries,
    )
