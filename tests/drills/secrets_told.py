"""What did a lab tell anybody, in logs, events, reports, messages and stored objects, and is one of its secrets in it?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lab.laboratory import BOTH, Laboratory
from lab.secret_key import secret_key
from lab.settings import WITNESS_REGION

LARGEST_LOG_BYTES = 50_000_000
CONNECTION_STRING = re.compile(r"postgres(?:ql)?://[^\s\"']*|\bpassword=\S+")
TOKEN_IN_A_MESSAGE = re.compile(r"drlab (?:approve|refuse) \S+?\.([\w-]{20,})")


@dataclass(frozen=True)
class Secret:
    """`value` may be in no place but one that starts with a name in `allowed`."""

    name: str
    value: str
    allowed: tuple[str, ...] = ()


Places = Mapping[str, str]

# Of the lab that went last: for what is told only afterwards, as a drill's report is.
LAST: list[Secret] = []


def leaks(secrets: list[Secret], places: Places) -> list[str]:
    """One sentence for every secret in a place where it may not be. Does not show the secret."""
    found = [
        f"{secret.name} is in {place}"
        for secret in secrets
        for place, text in places.items()
        if secret.value in text and not place.startswith(secret.allowed or ("\0",))
    ]
    found += [f"a connection string is in {place}" for place, text in places.items() if CONNECTION_STRING.search(text)]
    return found


def told(lab: Laboratory) -> list[str]:
    """What leaked in `lab`, which must still be up; its links may be cut."""
    for region in (*BOTH, WITNESS_REGION):
        lab.cloud.set_dark(region, False)
        lab.cloud.set_link("internet", region, cut=False)
    places = dict(recorded(lab))
    LAST[:] = secrets_of(lab, places)
    return leaks(LAST, places)


def secrets_of(lab: Laboratory, places: Places) -> list[Secret]:
    """Every secret that this lab had. Its tokens are found where each is meant to be, so these places must be looked at."""
    known = [Secret(f"the functions' and tasks' AWS key in {region}", secret_key(region)) for region in BOTH]
    for region, server in lab.servers.items():
        credentials = server.credentials
        known += [
            Secret(f"the {kind} password of {region}'s database", password)
            for kind, password in vars(credentials).items()
            if isinstance(password, str) and len(password) >= 12
        ]
    messages = "\n".join(text for place, text in places.items() if place.startswith("message"))
    known += [
        # Made for the person who gets the message; whoever has it may answer.
        Secret("an approval's token", token, ("message", "the mailbox"))
        for token in set(TOKEN_IN_A_MESSAGE.findall(messages))
    ]
    for place, text in places.items():
        if "/approvals/" in place and text.startswith("{") and "task_token" in text:
            # Step Functions shows a task's input in the execution's history by itself, and the request keeps it.
            known.append(Secret("a task token", json.loads(text)["task_token"], (place, "the history of execution")))
    return known


def recorded(lab: Laboratory) -> Iterator[tuple[str, str]]:
    """Everything that outlives the call that told it, by where it is."""
    for path in sorted(lab.processes.state_directory.rglob("*.log")):
        yield f"log {path.name}", path.read_bytes()[:LARGEST_LOG_BYTES].decode(errors="replace")
    if lab.mailbox.exists():
        yield "the mailbox", lab.mailbox.read_text(errors="replace")
    for number, message in enumerate(lab.webhook.received()):
        yield f"message {number}", json.dumps(message).replace("\\n", "\n").replace("\\\\n", "\n")
    yield "the emulated AWS's journal", json.dumps(lab.cloud.journal())
    for region in (*BOTH, WITNESS_REGION):
        yield from _stored(lab, region)
    for region in BOTH:
        yield from _executions(lab, region)
        parameters = lab.client("ssm", region).get_paginator("get_parameters_by_path")
        for page in parameters.paginate(Path="/", Recursive=True):
            yield from ((f"parameter {one['Name']} in {region}", one["Value"]) for one in page["Parameters"])


def _stored(lab: Laboratory, region: str) -> Iterator[tuple[str, str]]:
    s3, bucket = lab.client("s3", region), lab.plan["record_copies"][region]
    for one in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        body = s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()
        yield f"object {bucket}/{one['Key']}", body.decode(errors="replace")


def _executions(lab: Laboratory, region: str) -> Iterator[tuple[str, str]]:
    client = lab.client("stepfunctions", region)
    for machine in client.list_state_machines()["stateMachines"]:
        for execution in client.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]:
            found = client.describe_execution(executionArn=execution["executionArn"])
            shown: dict[str, Any] = {key: found.get(key) for key in ("input", "output", "error", "cause")}
            yield f"execution {execution['name']} in {region}", json.dumps(shown)
            try:
                history = client.get_execution_history(executionArn=execution["executionArn"])["events"]
            except (ClientError, BotoCoreError):
                continue
            yield f"the history of execution {execution['name']} in {region}", json.dumps(history, default=str)
