"""What do tests ask of a running emulated AWS?"""

from __future__ import annotations

import io
import json
import time
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from lab.cloud.control_client import CloudControl

# How long anything is waited for that must come; a busy machine is not a fault.
PATIENCE_SECONDS = 20.0


class EmulatedCloud:
    """A running emulated AWS: its clients, its control API, and awaiting what its journal says."""

    def __init__(self, port: int, mailbox: Path) -> None:
        self.endpoint = f"http://127.0.0.1:{port}"
        self.control = CloudControl(self.endpoint)
        self.mailbox = mailbox
        self._clients: dict[tuple[str, str, str], Any] = {}

    def client(self, service: str, region: str, caller: str = "OPERATOR") -> Any:
        """A boto3 client; `caller` is LAB-<Region> for what runs in a Region, anything else is the internet."""
        if (service, region, caller) not in self._clients:
            self._clients[service, region, caller] = boto3.session.Session().client(
                service,
                region_name=region,
                endpoint_url=self.endpoint,
                aws_access_key_id=caller,
                aws_secret_access_key="lab",
                config=Config(
                    connect_timeout=2,
                    read_timeout=15,
                    retries={"total_max_attempts": 1},
                    s3={"addressing_style": "path"},
                ),
            )
        return self._clients[service, region, caller]

    def last(self) -> int:
        """The number of the newest journal entry."""
        return int(self.control.journal()["last"])

    def entries(self, kind: str, after: int = 0, **fields: Any) -> list[dict[str, Any]]:
        """The journal's entries of one kind whose fields are as given."""
        found = self.control.journal(after)["entries"]
        return [e for e in found if e["kind"] == kind and all(e.get(key) == value for key, value in fields.items())]

    def wait_for(self, kind: str, after: int = 0, within: float = PATIENCE_SECONDS, **fields: Any) -> dict[str, Any]:
        """The first such entry; fails when there is none within `within` seconds."""
        until_time, seen = time.monotonic() + within, after
        while (left := until_time - time.monotonic()) > 0:
            answer = self.control.journal(seen, wait_seconds=min(left, 1.0))
            for entry in answer["entries"]:
                if entry["kind"] == kind and all(entry.get(key) == value for key, value in fields.items()):
                    return entry
            seen = max(seen, answer["last"])
        raise AssertionError(f"no journal entry {kind} with {fields} within {within} s")

    def queue(self, region: str, prefix: str = "queue") -> tuple[str, str]:
        """A new queue that rules may send to: its URL and its ARN."""
        sqs = self.client("sqs", region)
        url = sqs.create_queue(QueueName=unique(prefix))["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(open_to_rules("sqs:SendMessage", arn))})
        return url, arn

    def role(self, service: str, *allowed: tuple[str, str]) -> str:
        """A new role that `service` acts with, and that allows each (action, resource): its ARN."""
        iam, name = self.client("iam", "us-east-1"), unique("role")
        trusted = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        statements = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in allowed]
        if statements:
            document = json.dumps({"Version": "2012-10-17", "Statement": statements})
            iam.put_role_policy(RoleName=name, PolicyName="allowed", PolicyDocument=document)
        return arn

    def function(self, region: str, source: str, name: str | None = None, **settings: Any) -> str:
        """A new function that rules may invoke, and whose `handler` is in `source`: its ARN."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr("main.py", source)
        dead_letters = settings.get("DeadLetterConfig", {}).get("TargetArn")
        made = self.client("lambda", region).create_function(
            FunctionName=name or unique("function"),
            Runtime="python3.13",
            Role=self.role("lambda", *([("sqs:SendMessage", dead_letters)] if dead_letters else [])),
            Handler="main.handler",
            Code={"ZipFile": archive.getvalue()},
            **settings,
        )
        self.client("lambda", region).add_permission(
            FunctionName=made["FunctionArn"],
            StatementId="rules",
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
        )
        return str(made["FunctionArn"])

    def receive(self, region: str, url: str) -> dict[str, Any]:
        """The next message of a queue, with its attributes; fails when none comes in time."""

        def asked() -> list[dict[str, Any]]:
            answer = self.client("sqs", region).receive_message(
                QueueUrl=url, WaitTimeSeconds=5, MaxNumberOfMessages=1, MessageAttributeNames=["All"]
            )
            return list(answer.get("Messages", []))

        message: dict[str, Any] = until(asked)[0]
        self.client("sqs", region).delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return message


def open_to_rules(action: str, resource: str) -> dict[str, Any]:
    """A resource's own policy."""
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}}
    return {"Version": "2012-10-17", "Statement": [{**statement, "Action": action, "Resource": resource}]}


def unique(prefix: str) -> str:
    """A name that no other test has."""
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def until(look: Callable[[], Any], within: float = PATIENCE_SECONDS, every: float = 0.02) -> Any:
    """What `look` returns once it is true; fails when it is not within `within` seconds."""
    deadline = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < deadline, f"not so within {within} s"
        time.sleep(every)
    return found
