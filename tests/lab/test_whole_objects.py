"""Of several that would replace the same version of an object, does one win, however threads are interleaved?"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.s3.responses import S3Response

from lab.cloud.s3.whole_objects import one_at_a_time

WRITERS, ROUNDS = 4, 60
SWITCHED_AFTER_SECONDS = 1e-6


@pytest.fixture
def switched_often() -> Iterator[None]:
    """Between any two steps of Python: without the lock a fifth of the rounds has two winners, or a reader that breaks."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCHED_AFTER_SECONDS)
    yield
    sys.setswitchinterval(before)


def test_one_of_several_conditional_writes_wins(switched_often: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(S3Response, "_key_response", one_at_a_time(S3Response._key_response))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws(), ThreadPoolExecutor(WRITERS) as pool:
        clients = [boto3.client("s3", "us-east-1") for _ in range(WRITERS)]
        clients[0].create_bucket(Bucket="record")
        for number in range(ROUNDS):
            key = f"round-{number}"
            version = clients[0].put_object(Bucket="record", Key=key, Body=b"before")["ETag"]
            together = threading.Barrier(WRITERS)

            def replaced(writer: int, key: str = key, version: str = version, at: threading.Barrier = together) -> bool:
                at.wait(10)
                try:
                    clients[writer].put_object(Bucket="record", Key=key, Body=f"{writer}".encode(), IfMatch=version)
                except ClientError as lost:
                    return lost.response["Error"]["Code"] != "PreconditionFailed"
                return True

            won = [writer for writer, wins in enumerate(pool.map(replaced, range(WRITERS))) if wins]
            held = clients[0].get_object(Bucket="record", Key=key)["Body"].read()
            assert [held] == [f"{writer}".encode() for writer in won]
