"""Notifications: they really leave by HTTP and as mail, are repeated as SNS repeats them, and bad ones are refused."""

from __future__ import annotations

import json
import mailbox
import threading
from collections.abc import Iterator
from datetime import timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from lab.cloud.cloudformation.deploy_control_plane import Stack, deploy_stack
from lab.cloud.sns.retries import HTTP_POLICY, MAIL_POLICY, http_policy, waits
from tests.lab.emulated_cloud import EmulatedCloud, unique, until
from tests.templates.expanded import CONTROL_PLANE, WITNESS, source

REGION = "us-west-2"


class Receiver:
    """A webhook that answers with each of `answers` in turn, and with the last one from then on."""

    def __init__(self) -> None:
        self.answers = [200]
        self.requests: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0])
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def topic(cloud: EmulatedCloud) -> str:
    return str(cloud.client("sns", REGION).create_topic(Name=unique("topic"))["TopicArn"])


def subscribe(cloud: EmulatedCloud, topic: str, protocol: str, endpoint: str, **attributes: str) -> str:
    return str(
        cloud.client("sns", REGION).subscribe(
            TopicArn=topic, Protocol=protocol, Endpoint=endpoint, Attributes=attributes, ReturnSubscriptionArn=True
        )["SubscriptionArn"]
    )


def publish(cloud: EmulatedCloud, topic: str, message: str = "hello", **other: Any) -> str:
    return str(cloud.client("sns", REGION).publish(TopicArn=topic, Message=message, **other)["MessageId"])


def test_a_webhook_receives_the_documented_request(cloud: EmulatedCloud, topic: str, receiver: Receiver) -> None:
    """https://docs.aws.amazon.com/sns/latest/dg/http-header.html"""
    subscription = subscribe(cloud, topic, "http", receiver.url)
    message_id = publish(cloud, topic, "the primary is down", Subject="failover")
    until(lambda: receiver.requests)
    headers, body = receiver.requests[0]
    document = json.loads(body)
    assert (document["Type"], document["MessageId"], document["TopicArn"]) == ("Notification", message_id, topic)
    assert (document["Subject"], document["Message"]) == ("failover", "the primary is down")
    assert headers["content-type"] == "text/plain; charset=UTF-8"
    assert headers["x-amz-sns-message-type"] == "Notification"
    assert (headers["x-amz-sns-topic-arn"], headers["x-amz-sns-subscription-arn"]) == (topic, subscription)


def test_a_webhook_that_fails_is_asked_again_and_its_outcome_is_in_the_journal(
    cloud: EmulatedCloud, topic: str, receiver: Receiver
) -> None:
    receiver.answers = [503, 500, 200]
    subscribe(cloud, topic, "http", receiver.url)
    message_id = publish(cloud, topic)
    delivered = cloud.wait_for("notification", message_id=message_id, outcome="delivered")
    assert delivered["tries"] == 3
    reasons = [one["reason"] for one in cloud.entries("notification", message_id=message_id, outcome="retry")]
    assert reasons == [f"{receiver.url} answered 503.", f"{receiver.url} answered 500."]


def deployed_webhook(cloud: EmulatedCloud, path: Path, topic: str, url: str, folder: Path) -> tuple[str, str]:
    """Of a template, what tells by webhook: the topic's ARN, and the URL of the queue for what was not delivered."""
    whole = source(path)
    queue = "UndeliveredNotificationsQueue"
    names = (topic, queue, f"{queue}Policy", "WebhookSubscription")
    template = folder / "template.json"
    outputs = {"Topic": {"Value": {"Ref": topic}}, "Queue": {"Value": {"Ref": queue}}}
    resources = {name: whole["Resources"][name] for name in names}
    kept = {name: whole[name] for name in ("Parameters", "Conditions")}
    template.write_text(json.dumps({**kept, "Resources": resources, "Outputs": outputs}))
    checks = {name: "check" for name in whole["Parameters"] if name.endswith("HealthCheckId")}
    parameters = {"ServiceName": unique("s"), "WebhookUrl": url, **checks}
    told = deploy_stack(cloud.endpoint, Stack(unique("stack"), REGION, template, parameters)).outputs
    return told["Topic"], told["Queue"]


@pytest.mark.scenario("F38")
@pytest.mark.parametrize(("path", "topic"), [(CONTROL_PLANE, "NotificationTopic"), (WITNESS, "WitnessTopic")])
def test_a_webhook_that_stays_down_gets_four_tries_and_then_the_message_is_dead_lettered(
    cloud: EmulatedCloud, receiver: Receiver, tmp_path: Path, path: Path, topic: str
) -> None:
    """Three retries, 20 AWS seconds apart, by default. The subscription and the queue are those of the templates.

    https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.retry.html
    https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
    """
    receiver.answers = [503]
    arn, url = deployed_webhook(cloud, path, topic, receiver.url, tmp_path)
    message_id = publish(cloud, arn)
    cloud.wait_for("notification", message_id=message_id, outcome="dead-lettered")
    assert json.loads(cloud.receive(REGION, url)["Body"])["MessageId"] == message_id
    assert len(receiver.requests) == 4


def test_a_dead_letter_queue_takes_what_its_policy_lets_the_topic_send(
    cloud: EmulatedCloud, topic: str, receiver: Receiver
) -> None:
    receiver.answers = [404]
    _, queue = cloud.queue(REGION, "open-to-rules-alone")
    subscribe(cloud, topic, "http", receiver.url, RedrivePolicy=json.dumps({"deadLetterTargetArn": queue}))
    message_id = publish(cloud, topic)
    lost = cloud.wait_for("notification", message_id=message_id, outcome="given-up")
    assert "allows sns.amazonaws.com no sqs:SendMessage" in lost["reason"]


def test_a_client_error_is_final(cloud: EmulatedCloud, topic: str, receiver: Receiver) -> None:
    receiver.answers = [404]
    subscribe(cloud, topic, "http", receiver.url)
    message_id = publish(cloud, topic)
    assert "answered 404" in cloud.wait_for("notification", message_id=message_id, outcome="given-up")["reason"]
    assert len(receiver.requests) == 1


def test_nothing_is_posted_beyond_loopback(cloud: EmulatedCloud, topic: str) -> None:
    subscribe(cloud, topic, "https", "https://hooks.example.com/x")
    message_id = publish(cloud, topic)
    entry = cloud.wait_for("notification", message_id=message_id, outcome="given-up")
    assert "loopback only" in entry["reason"]


def test_a_notification_waits_while_nothing_leaves_its_region(
    cloud: EmulatedCloud, topic: str, receiver: Receiver
) -> None:
    cloud.control.set_link(REGION, "internet", True)
    try:
        subscribe(cloud, topic, "http", receiver.url)
        message_id = publish(cloud, topic)
        cloud.wait_for("notification", message_id=message_id, outcome="retry")
        assert not receiver.requests
    finally:
        cloud.control.set_link(REGION, "internet", False)
    cloud.wait_for("notification", message_id=message_id, outcome="delivered")


def mails(cloud: EmulatedCloud, to: str) -> list[Message]:
    box = mailbox.mbox(cloud.mailbox)
    try:
        return [mail for mail in box if mail["To"] == to]
    finally:
        box.close()


def test_mail_is_a_real_message_in_the_mailbox(cloud: EmulatedCloud, topic: str) -> None:
    """A line that begins with From would begin a new message in an mbox file, were it not escaped."""
    address = f"{unique('operator')}@example.com"
    subscribe(cloud, topic, "email", address)
    first = publish(cloud, topic, "Failed over.\nFrom now on us-west-2 leads: zażółć.", Subject="failover: done")
    cloud.wait_for("notification", message_id=first, outcome="delivered")
    second = publish(cloud, topic, "again")
    cloud.wait_for("notification", message_id=second, outcome="delivered")
    found = mails(cloud, address)
    assert [mail["Subject"] for mail in found] == ["failover: done", "AWS Notification Message"]
    assert found[0]["From"] == "AWS Notifications <no-reply@sns.amazonaws.com>"
    assert found[0]["Message-ID"] == f"<{first}@sns.amazonaws.com>"
    assert found[0]["Date"]
    text = found[0].get_payload(decode=True).decode()
    assert "From now on us-west-2 leads: zażółć." in text
    assert "unsubscribe" in text


def test_the_lab_says_that_it_confirms_subscriptions_by_itself(cloud: EmulatedCloud, topic: str) -> None:
    """https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.confirm.html"""
    address = f"{unique('operator')}@example.com"
    subscribe(cloud, topic, "email", address)
    assert "AWS waits for" in cloud.wait_for("notification", endpoint=address, outcome="confirmed")["reason"]


def test_a_queue_receives_as_before(cloud: EmulatedCloud, topic: str) -> None:
    url, queue = cloud.queue(REGION)
    subscribe(cloud, topic, "sqs", queue)
    publish(cloud, topic, "to a queue")
    assert json.loads(cloud.receive(REGION, url)["Body"])["Message"] == "to a queue"


def test_a_function_receives_the_notification_as_a_record(cloud: EmulatedCloud, topic: str) -> None:
    """The function fails with what it found, as the journal then says. Raw retries are Lambda's.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
    """
    handler = (
        "def handler(event, context):\n"
        "    record = event['Records'][0]\n"
        "    sns = record['Sns']\n"
        "    raise ValueError(record['EventSource'], sns['TopicArn'], sns['Subject'], sns['Message'])\n"
    )
    function = cloud.function(REGION, handler)
    cloud.client("lambda", REGION).put_function_event_invoke_config(FunctionName=function, MaximumRetryAttempts=0)
    subscribe(cloud, topic, "lambda", function)
    before = cloud.last()
    publish(cloud, topic, "the message", Subject="the subject")
    run = cloud.wait_for("lambda", before, function=function.rsplit(":", 1)[1])
    assert run["message"] == str(("aws:sns", topic, "the subject", "the message"))


@pytest.mark.parametrize("subject", ["x" * 100, "two\nlines", "", "bell\a"])
def test_a_subject_that_sns_refuses_is_refused(cloud: EmulatedCloud, topic: str, subject: str) -> None:
    """No line breaks or control characters, and less than 100 characters.

    https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
    """
    sns = cloud.client("sns", REGION)
    with pytest.raises(sns.exceptions.InvalidParameterException, match="Subject"):
        publish(cloud, topic, Subject=subject)
    publish(cloud, topic, Subject="x" * 99)


def test_publishing_to_a_topic_that_is_gone_fails(cloud: EmulatedCloud, topic: str) -> None:
    sns = cloud.client("sns", REGION)
    sns.delete_topic(TopicArn=topic)
    with pytest.raises(sns.exceptions.NotFoundException):
        publish(cloud, topic)


def test_a_topics_or_subscriptions_own_policy_replaces_the_default() -> None:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html#creating-delivery-policy"""
    of_topic = json.dumps({"http": {"defaultHealthyRetryPolicy": {"numRetries": 1}}})
    own = json.dumps({"healthyRetryPolicy": {"numRetries": 2, "minDelayTarget": 1, "maxDelayTarget": 1}})
    assert http_policy(None, None) == HTTP_POLICY
    assert len(waits(http_policy(None, of_topic))) == 1
    assert waits(http_policy(own, of_topic)) == [timedelta(seconds=1)] * 2


def test_waits_follow_the_four_phases_of_a_policy() -> None:
    policy = {
        "numNoDelayRetries": 1,
        "numMinDelayRetries": 1,
        "minDelayTarget": 1,
        "maxDelayTarget": 4,
        "numMaxDelayRetries": 1,
        "numRetries": 6,
        "backoffFunction": "exponential",
    }
    assert [wait.total_seconds() for wait in waits(policy)] == [0, 1, 1, 2, 4, 4]
    assert [wait.total_seconds() for wait in waits({**policy, "backoffFunction": "linear"})] == [0, 1, 1, 2.5, 4, 4]
    assert [wait.total_seconds() for wait in waits(policy, timedelta(seconds=5))] == [0, 1, 1, 2]
    assert timedelta(hours=6) < sum(waits(MAIL_POLICY), timedelta()) < timedelta(hours=8)
