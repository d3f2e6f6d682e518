"""Does a majority know the newest heartbeat, whatever one copy does and however two tasks race?"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from control_plane_world import NOW, PRIMARY, STANDBY, WITNESS
from moto import mock_aws
from moto.s3.responses import S3Response

from failover.adapters.s3_heartbeat import KEY, CopySilent, HeartbeatCopy, S3Heartbeats
from failover.domain.heartbeat import Heartbeat, Lsn
from lab.cloud.s3.whole_objects import one_at_a_time

REGIONS = (PRIMARY, STANDBY, WITNESS)
SOON = timedelta(seconds=5)


def beat(second: int) -> Heartbeat:
    return Heartbeat(PRIMARY, 1, second, NOW + timedelta(seconds=second), Lsn(second))


@pytest.fixture(autouse=True)
def buckets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    # Tasks race here, in threads: S3 decides a conditional write in one piece.
    monkeypatch.setattr(S3Response, "_key_response", one_at_a_time(S3Response._key_response))
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        for region in REGIONS:
            s3.create_bucket(Bucket=f"control-{region}")
        yield


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as executor:
        yield executor


def copies() -> dict[str, HeartbeatCopy]:
    """One task's view of the three copies."""
    return {
        region: HeartbeatCopy(boto3.client("s3", region_name="us-east-1"), f"control-{region}") for region in REGIONS
    }


def break_copy(copy: HeartbeatCopy, wait: threading.Event | None = None) -> None:
    def time_out(**_: Any) -> None:
        if wait is not None:
            wait.wait(20)
        raise ReadTimeoutError(endpoint_url="https://dark")

    for operation in ("GetObject", "PutObject"):
        copy.client.meta.events.register_first(f"before-send.s3.{operation}", time_out)


def test_what_is_published_is_read_by_everybody(pool: ThreadPoolExecutor) -> None:
    task = S3Heartbeats(copies(), pool, SOON)
    assert task.read().newest is None
    assert task.read().majority is True, "an absent heartbeat is an answer too"
    assert all(task.publish(beat(second), SOON) for second in (1, 2, 3))
    published = S3Heartbeats(copies(), pool, SOON).read()
    assert published.newest == beat(3)
    assert len(published.answered) >= 2


def everywhere(expected: Heartbeat) -> None:
    """Await it on each copy, with a bound."""
    deadline = time.monotonic() + 10
    while any(copy.read() != expected for copy in copies().values()):
        assert time.monotonic() < deadline


def test_an_older_heartbeat_never_replaces_a_newer_one(pool: ThreadPoolExecutor) -> None:
    """Two tasks publish side by side; the slower one's PUT would hide what the other's lease rests on."""
    one, other = S3Heartbeats(copies(), pool, SOON), S3Heartbeats(copies(), pool, SOON)
    assert one.publish(beat(1), SOON)
    assert other.publish(beat(5), SOON)
    # A majority is enough to be published; the third copy may still be on its way.
    everywhere(beat(5))
    assert one.publish(beat(4), SOON), "a newer one is there, which covers this one"
    assert one.publish(beat(3), SOON)
    for copy in copies().values():
        assert copy.read() == beat(5)
    assert one.publish(beat(6), SOON)
    assert other.read().newest == beat(6)


def test_the_next_leaders_heartbeat_replaces_the_old_ones_whatever_their_clocks_say(pool: ThreadPoolExecutor) -> None:
    """And a late one of the old leader is not taken: it must renew nothing."""
    old, new = S3Heartbeats(copies(), pool, SOON), S3Heartbeats(copies(), pool, SOON)
    assert old.publish(beat(100), SOON)
    successor = replace(beat(1), region=STANDBY, epoch=3)
    assert new.publish(successor, SOON)
    assert new.read().newest == successor
    assert old.publish(beat(101), SOON) is False
    assert new.read().newest == successor
    copies()[PRIMARY].client.put_object(
        Bucket=f"control-{PRIMARY}", Key=KEY, Body=json.dumps(beat(200).to_dict()).encode()
    )
    assert new.read().newest == successor, "one copy that missed the change does not bring the old leader back"


def test_tasks_that_race_leave_the_newest_on_a_majority(pool: ThreadPoolExecutor) -> None:
    tasks = [copies() for _ in range(3)]
    with ThreadPoolExecutor(9) as racing:
        for second in range(1, 10):
            deadline = time.monotonic() + 30
            copy = tasks[second % 3][STANDBY]
            racing.submit(copy.put, beat(second), deadline)
    assert copies()[STANDBY].read() == beat(9)


def test_one_dark_copy_costs_no_heartbeat_and_no_time(pool: ThreadPoolExecutor) -> None:
    own, release = copies(), threading.Event()
    break_copy(own[PRIMARY], release)
    began = time.monotonic()
    assert S3Heartbeats(own, pool, timedelta(seconds=1)).publish(beat(1), timedelta(seconds=4)) is True
    published = S3Heartbeats(own, pool, timedelta(seconds=1)).read()
    assert (published.majority, published.newest, published.answered) == (True, beat(1), (WITNESS, STANDBY))
    assert time.monotonic() - began < 15
    release.set()


def test_two_dark_copies_are_no_majority_to_write_or_to_read(pool: ThreadPoolExecutor) -> None:
    own = copies()
    assert S3Heartbeats(own, pool, SOON).publish(beat(1), SOON)
    break_copy(own[PRIMARY])
    break_copy(own[WITNESS])
    task = S3Heartbeats(own, pool, timedelta(seconds=1))
    assert task.publish(beat(2), SOON) is False
    published = task.read()
    assert (published.majority, published.answered) == (False, (STANDBY,))


@pytest.mark.scenario("F35")
def test_copies_that_hang_are_left_behind_at_the_deadline(pool: ThreadPoolExecutor) -> None:
    own, release = copies(), threading.Event()
    for copy in own.values():
        break_copy(copy, release)
    began = time.monotonic()
    assert S3Heartbeats(own, pool, SOON).publish(beat(1), timedelta(milliseconds=200)) is False
    assert time.monotonic() - began < 15
    release.set()


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"region": 1}', b"\xff"])
def test_an_object_that_is_no_heartbeat_counts_as_silence(body: bytes) -> None:
    own = copies()
    own[PRIMARY].client.put_object(Bucket=f"control-{PRIMARY}", Key=KEY, Body=body)
    with pytest.raises(CopySilent):
        own[PRIMARY].read()


def test_a_bucket_that_is_gone_is_silence_too() -> None:
    copy = HeartbeatCopy(boto3.client("s3", region_name="us-east-1"), "control-nowhere")
    with pytest.raises(CopySilent, match="NoSuchBucket"):
        copy.read()
    with pytest.raises(CopySilent):
        copy.put(beat(1), time.monotonic() + 5)
    with pytest.raises(CopySilent, match="others wrote"):
        copies()[PRIMARY].put(beat(1), time.monotonic() - 1)
