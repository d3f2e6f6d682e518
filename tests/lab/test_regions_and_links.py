"""Does a dark Region answer nothing, and a cut link carry nothing, while everything else goes on?"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from lab.cloud.journal import Journal
from lab.cloud.regions_and_links import INTERNET, Borders, Network
from tests.lab.emulated_cloud import EmulatedCloud

DARK, LIT = "ap-southeast-2", "us-west-2"


def queues(cloud: EmulatedCloud, region: str, caller: str, seconds: float = 0.5) -> object:
    return boto3.session.Session().client(
        "sqs",
        region_name=region,
        endpoint_url=cloud.endpoint,
        aws_access_key_id=caller,
        aws_secret_access_key="lab",
        config=Config(read_timeout=seconds, retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def dark(cloud: EmulatedCloud) -> Iterator[EmulatedCloud]:
    cloud.control.set_dark(DARK, True)
    yield cloud
    cloud.control.set_dark(DARK, False)


@pytest.mark.parametrize("caller", ["OPERATOR", f"LAB-{LIT}", f"LAB-{DARK}"])
def test_a_dark_region_answers_nobody(dark: EmulatedCloud, caller: str) -> None:
    with pytest.raises(ReadTimeoutError):
        queues(dark, DARK, caller).list_queues()  # type: ignore[attr-defined]


def test_the_other_regions_go_on(dark: EmulatedCloud) -> None:
    assert queues(dark, LIT, "OPERATOR", 5).list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200  # type: ignore[attr-defined]


def test_what_runs_in_a_dark_region_reaches_nothing(dark: EmulatedCloud) -> None:
    with pytest.raises(ReadTimeoutError):
        queues(dark, LIT, f"LAB-{DARK}").list_queues()  # type: ignore[attr-defined]


def test_a_call_that_waits_is_answered_when_the_region_is_lit_again(dark: EmulatedCloud) -> None:
    threading.Timer(0.5, lambda: dark.control.set_dark(DARK, False)).start()
    began = time.monotonic()
    queues(dark, DARK, "OPERATOR", 8).list_queues()  # type: ignore[attr-defined]
    assert time.monotonic() - began >= 0.4


def test_a_cut_link_has_a_direction(cloud: EmulatedCloud) -> None:
    cloud.control.set_link(LIT, DARK, True)
    try:
        with pytest.raises(ReadTimeoutError):
            queues(cloud, DARK, f"LAB-{LIT}").list_queues()  # type: ignore[attr-defined]
        queues(cloud, LIT, f"LAB-{DARK}", 5).list_queues()  # type: ignore[attr-defined]
        queues(cloud, DARK, "OPERATOR", 5).list_queues()  # type: ignore[attr-defined]
    finally:
        cloud.control.set_link(LIT, DARK, False)


def test_a_call_that_never_gets_through_ends_without_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.cloud.regions_and_links.LONGEST_HANG_SECONDS", 0.05)
    network, journal = Network(), Journal()
    network.set_cut(INTERNET, LIT, True)
    borders = Borders(lambda environ, start: [b"answered"], network, journal)
    signed = f"AWS4-HMAC-SHA256 Credential=ANY/20260101/{LIT}/rds/aws4_request, SignedHeaders=host, Signature=0"
    with pytest.raises(ConnectionAbortedError):
        borders({"HTTP_AUTHORIZATION": signed}, lambda *_: None)
    assert [entry["service"] for entry in journal.after(0)] == ["rds"]
    assert borders({}, lambda *_: None) == [b"answered"], "what carries no signature is for no Region"
    assert ConnectionClosedError
