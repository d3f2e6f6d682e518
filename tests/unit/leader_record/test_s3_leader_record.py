"""Does an S3 object keep the rules of a copy, with S3's own conditional writes and with answers that are lost?"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

from failover.adapters.s3_leader_record import (
    CALLS_AT_ONCE,
    CONFLICTS_RETRIED,
    KEY,
    S3Copy,
    leader_register,
    s3_clients,
)
from failover.application.leader_register import CopyUnavailable, LeaderRegister, NoMajority
from failover.domain.leader_record import LeaderRecord, Refusal, fence, genesis, hand_over
from failover.domain.register_protocol import Ballot, Copy, Versioned

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FIRST = genesis("ap-southeast-2", NOW)
REGIONS = ("ap-southeast-2", "us-west-2", "us-east-1")
BUCKETS = {region: f"control-{region}" for region in REGIONS}
TIMEOUT = timedelta(seconds=20)  # a quarter of it is left to the slowest copy, and a busy machine is slow
WITNESS = "us-east-1"


def make_calls_atomic(monkeypatch: pytest.MonkeyPatch) -> None:
    """As S3's are. In one process moto lets a write pass between another's condition and its effect."""
    lock, answer = threading.RLock(), BotocoreStubber.process_request

    def one_at_a_time(*request: Any) -> Any:
        with lock:
            return answer(*request)

    monkeypatch.setattr(BotocoreStubber, "process_request", one_at_a_time)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    make_calls_atomic(monkeypatch)
    with mock_aws():
        clients = {region: boto3.client("s3", region_name=region) for region in REGIONS}
        for region, client in clients.items():
            place = {"CreateBucketConfiguration": {"LocationConstraint": region}}
            client.create_bucket(Bucket=BUCKETS[region], **({} if region == "us-east-1" else place))
        yield clients


@pytest.fixture
def copy(s3: dict[str, Any]) -> S3Copy:
    return S3Copy(s3[WITNESS], BUCKETS[WITNESS])


def register(s3: dict[str, Any], writer: str = "test") -> LeaderRegister:
    return leader_register(BUCKETS, s3, writer, TIMEOUT)


def test_a_failover_leaves_the_same_record_on_all_copies(s3: dict[str, Any]) -> None:
    ours = register(s3)
    ours.initialise(FIRST)
    ours.change(fence("run-1", NOW))
    opened = ours.change(hand_over("run-1", "us-west-2", NOW, NOW))
    assert isinstance(opened, LeaderRecord)
    assert ours.read() == opened
    values = [json.loads(s3[r].get_object(Bucket=BUCKETS[r], Key=KEY)["Body"].read())["value"] for r in REGIONS]
    assert values == [opened.to_dict()] * 3


@pytest.mark.scenario("F12")
def test_of_many_runs_at_once_one_gets_the_fence_and_the_others_are_told_which(s3: dict[str, Any]) -> None:
    register(s3).initialise(FIRST)
    patience = time.monotonic() + TIMEOUT.total_seconds()

    def claim(number: int) -> LeaderRecord | Refusal:
        """Who only met the others tries again, as the state does, and may find that it had the fence already."""
        ours, change = register(s3, f"run-{number}"), fence(f"run-{number}", NOW)
        while True:
            with contextlib.suppress(NoMajority):
                return ours.change(change)
            assert time.monotonic() < patience, "nobody gets it"

    with ThreadPoolExecutor(5) as pool:
        outcomes = list(pool.map(claim, range(5)))
    (held,) = [one for one in outcomes if isinstance(one, LeaderRecord)]
    losers = [one for one in outcomes if isinstance(one, Refusal)]
    assert len(losers) == 4
    assert all(str(held.run) in one.reason for one in losers)
    assert held.epoch == 2
    assert register(s3).read() == held


def test_a_bucket_that_is_gone_is_no_copy_and_a_new_one_is_filled(s3: dict[str, Any]) -> None:
    ours, region = register(s3), "ap-southeast-2"
    ours.initialise(FIRST)
    s3[region].delete_object(Bucket=BUCKETS[region], Key=KEY)
    s3[region].delete_bucket(Bucket=BUCKETS[region])
    with pytest.raises(CopyUnavailable, match="NoSuchBucket"):
        S3Copy(s3[region], BUCKETS[region]).read()
    fenced = ours.change(fence("run-1", NOW))
    assert ours.read() == fenced
    s3[region].create_bucket(Bucket=BUCKETS[region], CreateBucketConfiguration={"LocationConstraint": region})
    opened = ours.change(hand_over("run-1", "us-west-2", NOW, NOW))
    assert S3Copy(s3[region], BUCKETS[region]).read().copy.value == opened


def test_a_write_whose_answer_was_lost_is_not_made_twice(s3: dict[str, Any]) -> None:
    """The write took effect, the caller saw a timeout: the next try finds its own fence, in the same epoch."""
    register(s3).initialise(FIRST)
    lost = {"left": 3}

    def lose_the_answer(**_: Any) -> None:
        if lost["left"]:
            lost["left"] -= 1
            raise ReadTimeoutError(endpoint_url="lost")

    for client in s3.values():
        client.meta.events.register("after-call.s3.PutObject", lose_the_answer)
    fenced = register(s3).change(fence("run-1", NOW))
    assert isinstance(fenced, LeaderRecord)
    assert (fenced.epoch, fenced.run, lost["left"]) == (2, "run-1", 0)


def test_a_record_is_read_as_it_was_written(copy: S3Copy) -> None:
    held = Copy(Ballot(3, "b"), Ballot(2, "a"), FIRST)
    version = copy.write(held, None)
    assert copy.read() == Versioned(held, version)


def test_an_absent_object_is_an_absent_copy(copy: S3Copy) -> None:
    assert copy.read() == Versioned(Copy(), None)


def test_a_conditional_write_that_lost_the_race_changes_nothing(copy: S3Copy) -> None:
    version = copy.write(Copy(value=FIRST), None)
    with pytest.raises(CopyUnavailable, match="PreconditionFailed"):
        copy.write(Copy(), None)
    with pytest.raises(CopyUnavailable, match="PreconditionFailed"):
        copy.write(Copy(), '"stale"')
    assert copy.read() == Versioned(Copy(value=FIRST), version)


def test_a_copy_that_was_lost_is_not_written_by_who_read_it_before(s3: dict[str, Any], copy: S3Copy) -> None:
    version = copy.write(Copy(value=FIRST), None)
    s3[WITNESS].delete_object(Bucket=BUCKETS[WITNESS], Key=KEY)
    with pytest.raises(CopyUnavailable, match=r"NoSuchKey|PreconditionFailed"):
        copy.write(Copy(value=FIRST), version)
    assert copy.read() == Versioned(Copy(), None)


def conflict(times: int) -> Any:
    """Answers as S3 does when another write is under way, `times` times."""
    left = iter(range(times))

    def answer(**_: Any) -> None:
        if next(left, None) is not None:
            raise ClientError({"Error": {"Code": "ConditionalRequestConflict"}}, "PutObject")

    return answer


def test_a_write_that_met_another_one_is_tried_again(s3: dict[str, Any], copy: S3Copy) -> None:
    s3[WITNESS].meta.events.register("before-call.s3.PutObject", conflict(CONFLICTS_RETRIED))
    version = copy.write(Copy(value=FIRST), None)
    assert copy.read() == Versioned(Copy(value=FIRST), version)


def test_a_write_that_keeps_meeting_others_is_given_up(s3: dict[str, Any], copy: S3Copy) -> None:
    s3[WITNESS].meta.events.register("before-call.s3.PutObject", conflict(CONFLICTS_RETRIED + 1))
    with pytest.raises(CopyUnavailable, match="ConditionalRequestConflict"):
        copy.write(Copy(value=FIRST), None)
    assert copy.read() == Versioned(Copy(), None)


@pytest.mark.scenario("F35")
def test_calls_that_hang_on_one_copy_leave_the_others_their_threads(s3: dict[str, Any]) -> None:
    """More of them than there are threads for one copy: the rest fail at once, and the change is made by the others."""
    dark, let_go = REGIONS[0], threading.Event()
    ours = register(s3)
    ours.initialise(FIRST)

    def hang(**_: Any) -> None:
        let_go.wait(10)
        raise ReadTimeoutError(endpoint_url="dark")

    s3[dark].meta.events.register("before-call.s3.GetObject", hang)
    began = time.monotonic()
    try:
        for _ in range(3 * CALLS_AT_ONCE + 3):
            assert ours.read() == FIRST
        assert time.monotonic() - began < 8, "one hanging call alone takes ten seconds"
        with pytest.raises(CopyUnavailable, match=f"{CALLS_AT_ONCE} earlier calls have not been answered"):
            S3Copy(s3[dark], BUCKETS[dark]).read()
    finally:
        let_go.set()


def test_a_read_without_an_answer_is_no_copy(s3: dict[str, Any], copy: S3Copy) -> None:
    def fail(**_: Any) -> None:
        raise ReadTimeoutError(endpoint_url="dark")

    s3[WITNESS].meta.events.register("before-call.s3.GetObject", fail)
    with pytest.raises(CopyUnavailable, match=r"s3://control-us-east-1/leader-record\.json: ReadTimeoutError"):
        copy.read()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"{}",
        b"[]",
        b"[" * 100_000,
        b'{"promise":[1,"a"],"accepted":["x",2],"value":null}',
        b'{"promise":[1,"a"],"accepted":[0,""]}',
    ],
)
def test_a_corrupt_copy_is_unavailable_and_never_absent(s3: dict[str, Any], copy: S3Copy, body: bytes) -> None:
    """Absent would forget what it promised."""
    s3[WITNESS].put_object(Bucket=BUCKETS[WITNESS], Key=KEY, Body=body)
    with pytest.raises(CopyUnavailable, match="is not a leader record"):
        copy.read()


def test_why_a_copy_does_not_count_is_told(s3: dict[str, Any]) -> None:
    ours = register(s3)
    ours.initialise(FIRST)
    for region in REGIONS[:2]:
        s3[region].put_object(Bucket=BUCKETS[region], Key=KEY, Body=b"{}")
    with pytest.raises(NoMajority, match=r"us-west-2 failed \(s3://control-us-west-2/leader-record\.json is not a"):
        ours.read()


def test_clients_are_made_once_and_try_a_call_once() -> None:
    """A client that repeated a lost call would wait twice, and the protocol repeats by itself."""
    clients = s3_clients(REGIONS, TIMEOUT)
    assert s3_clients(REGIONS, TIMEOUT) == clients
    for region, client in clients.items():
        config = client.meta.config
        assert client.meta.region_name == region
        assert (config.connect_timeout, config.read_timeout) == (20.0, 20.0)
        assert config.retries["total_max_attempts"] == 1
