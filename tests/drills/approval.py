"""Does a loss over the RPO wait for a person, and does the person's yes end in a failover? Asked of a lab that is well."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from lab import cli
from lab.drills.faults import FAULTS
from lab.laboratory import Laboratory
from lab.settings import SECONDARY_REGION
from tests.drills.leadership import leadership
from tests.drills.over_http import asked

PATIENCE_SECONDS = 60


def awaited(lab: Laboratory, what: str, found: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if found():
            return
        lab.webhook.wait_for(1 + len(lab.webhook.received()), 0.2)
    raise AssertionError(f"{what} did not come within {PATIENCE_SECONDS} s")


def question(lab: Laboratory) -> re.Match[str] | None:
    texts = "\n".join(str(message.get("Message")) for message in lab.webhook.received())
    return re.search(r"drlab approve (\S+) --accept-loss (\S+) --region (\S+)", texts)


def wait_for_a_person_whose_yes_promotes(lab: Laboratory, capsys: pytest.CaptureFixture[str]) -> None:
    """The leader is lost in `lab`, with more than its RPO behind it."""
    at = ["--target", "lab", "--cloud-port", str(urlsplit(lab.cloud.endpoint).port)]
    FAULTS["region-dark"].inject(lab)
    awaited(lab, "the question", lambda: question(lab))
    mail = question(lab)
    assert mail is not None
    token, figure, region = mail.groups()
    assert region == SECONDARY_REGION
    assert lab.leader_record().state == "fenced", "nobody writes while a person thinks"
    assert cli.main(["approve", token, "--accept-loss", "0.1", *at]) == 1
    answer = {"answer": "accept", "token": token, "accepted_seconds": figure}
    assert asked(lab, "POST", f"runs/{token.partition('.')[0]}/approval", answer)[0] == 200
    awaited(lab, "the failover", lambda: leadership(lab) == (SECONDARY_REGION, "open"))
    awaited(lab, "the new leader's service", lambda: lab.public_health()[0])
    assert cli.main(["approve", token, "--accept-loss", figure, *at]) == 1
    assert asked(lab, "POST", "acknowledgement")[0] == 200
    assert lab.leader_record().acknowledged
    capsys.readouterr()
    cli.main(["status", *at])
    told = capsys.readouterr().out
    assert "user/maria" in told, "a change over HTTP names its caller too"
    assert [kind for kind in ("run-started", "approval-refused", "loss-accepted") if kind in told] == [
        "run-started",
        "approval-refused",
        "loss-accepted",
    ]
    assert token.partition(".")[2] not in told
