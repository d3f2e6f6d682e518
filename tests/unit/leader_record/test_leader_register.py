"""Does the register get its majority from real threads, slow copies and S3's own conditional writes?"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from moto import mock_aws

from failover.adapters.s3_leader_record import KEY, S3Copy, leader_register
from failover.application.leader_register import CopyUnavailable, LeaderRegister, NoMajority
from failover.domain.leader_record import LeaderRecord, Refusal, fence, genesis, hand_over
from failover.domain.register_protocol import Copy, Versioned

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FIRST = genesis("ap-southeast-2", NOW)
REGIONS = ("ap-southeast-2", "us-west-2", "us-east-1")
BUCKETS = {region: f"control-{region}" for region in REGIONS}
TIMEOUT = timedelta(seconds=1)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        clients = {region: boto3.client("s3", region_name=region) for region in REGIONS}
        for region, client in clients.items():
            place = {"CreateBucketConfiguration": {"LocationConstraint": region}}
            client.create_bucket(Bucket=BUCKETS[region], **({} if region == "us-east-1" else place))
        yield clients


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


def test_initialising_never_overwrites(s3: dict[str, Any]) -> None:
    register(s3).initialise(FIRST)
    assert register(s3).initialise(genesis("us-west-2", NOW)) == FIRST


def test_a_change_before_the_first_record_is_refused(s3: dict[str, Any]) -> None:
    assert register(s3).change(fence("run-1", NOW)) == Refusal("there is no leader record yet: initialise it first.")
    with pytest.raises(NoMajority):
        register(s3).read()


def test_of_many_runs_at_once_one_gets_the_fence(s3: dict[str, Any]) -> None:
    register(s3).initialise(FIRST)

    def claim(number: int) -> LeaderRecord | Refusal | None:
        try:
            return register(s3, f"run-{number}").change(fence(f"run-{number}", NOW))
        except NoMajority:
            return None

    with ThreadPoolExecutor(5) as pool:
        outcomes = list(pool.map(claim, range(5)))
    holders = {outcome.run for outcome in outcomes if isinstance(outcome, LeaderRecord)}
    assert len(holders) <= 1
    assert register(s3).read().run in {*holders, *(f"run-{number}" for number in range(5))}


def test_one_lost_copy_stops_nothing_and_two_stop_everything(s3: dict[str, Any]) -> None:
    ours = register(s3)
    ours.initialise(FIRST)
    s3["ap-southeast-2"].delete_object(Bucket=BUCKETS["ap-southeast-2"], Key=KEY)
    s3["ap-southeast-2"].delete_bucket(Bucket=BUCKETS["ap-southeast-2"])
    fenced = ours.change(fence("run-1", NOW))
    assert ours.read() == fenced
    s3["us-east-1"].put_object(Bucket=BUCKETS["us-east-1"], Key=KEY, Body=b"not a record")
    with pytest.raises(NoMajority, match="us-west-2 answered"):
        ours.read()
    with pytest.raises(NoMajority, match="could not be changed"):
        ours.change(hand_over("run-1", "us-west-2", NOW, NOW))


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


def test_a_conditional_write_that_lost_the_race_changes_nothing(s3: dict[str, Any]) -> None:
    copy = S3Copy(s3["us-east-1"], BUCKETS["us-east-1"])
    version = copy.write(Copy(value=FIRST), None)
    with pytest.raises(CopyUnavailable, match="PreconditionFailed"):
        copy.write(Copy(), None)
    with pytest.raises(CopyUnavailable, match="PreconditionFailed"):
        copy.write(Copy(), '"stale"')
    assert copy.read() == Versioned(Copy(value=FIRST), version)


class SlowCopy:
    """A copy whose calls hang until it is let go."""

    def __init__(self, inner: S3Copy) -> None:
        self.inner = inner
        self.released = threading.Event()

    def read(self) -> Versioned:
        self.released.wait(10)
        return self.inner.read()

    def write(self, copy: Copy, expected: str | None) -> str:
        self.released.wait(10)
        return self.inner.write(copy, expected)


def test_a_copy_that_hangs_does_not_slow_the_others(s3: dict[str, Any]) -> None:
    register(s3).initialise(FIRST)
    slow = SlowCopy(S3Copy(s3["ap-southeast-2"], BUCKETS["ap-southeast-2"]))
    quick = {region: S3Copy(s3[region], BUCKETS[region]) for region in REGIONS[1:]}
    executor = ThreadPoolExecutor(6)
    ours = LeaderRegister({REGIONS[0]: slow, **quick}, "test", timedelta(milliseconds=50), executor)
    began = time.monotonic()
    assert isinstance(ours.change(fence("run-1", NOW)), LeaderRecord)
    assert ours.read().run == "run-1"
    assert time.monotonic() - began < 5, "the slow copy would have taken ten seconds a call"
    slow.released.set()
    executor.shutdown()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b'{"promise":[1,"a"],"accepted":["x",2],"value":null}',
        b'{"promise":[1,"a"],"accepted":[0,""]}',
    ],
)
def test_a_corrupt_copy_is_unavailable_and_never_absent(s3: dict[str, Any], body: bytes) -> None:
    """Absent would forget what it promised."""
    s3["us-east-1"].put_object(Bucket=BUCKETS["us-east-1"], Key=KEY, Body=body)
    with pytest.raises(CopyUnavailable, match="is not a leader record"):
        S3Copy(s3["us-east-1"], BUCKETS["us-east-1"]).read()
