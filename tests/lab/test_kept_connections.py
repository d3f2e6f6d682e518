"""Does a connection to the emulated AWS hold for the next request, whatever the last one left unread?"""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.lab.emulated_cloud import EmulatedCloud, unique

REGION = "us-west-2"
WITHIN_SECONDS = 10


@pytest.fixture
def connection(cloud: EmulatedCloud) -> Iterator[http.client.HTTPConnection]:
    made = http.client.HTTPConnection(urlsplit(cloud.endpoint).netloc, timeout=WITHIN_SECONDS)
    made.connect()
    yield made
    made.close()


def answered(connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None) -> int:
    """The status, with the answer read to its end."""
    connection.request(method, path, body)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def test_one_connection_carries_many_requests(connection: http.client.HTTPConnection) -> None:
    held = connection.sock
    for _ in range(3):
        assert answered(connection, "GET", "/_lab/journal?after=0&wait=0") == 200
    assert connection.sock is held, "http.client connects anew where the server has closed"


def test_a_body_that_nobody_read_is_not_taken_for_the_next_request(connection: http.client.HTTPConnection) -> None:
    held = connection.sock
    assert answered(connection, "POST", "/_lab/no-such-path", b"DELETE /everything HTTP/1.1\r\n\r\n") == 404
    assert answered(connection, "GET", "/_lab/journal?after=0&wait=0") == 200
    assert connection.sock is held


def test_a_head_without_a_body_and_a_body_after_a_hundred_leave_the_connection_usable(cloud: EmulatedCloud) -> None:
    """botocore asks whether it may send an object's body: https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1"""
    s3, bucket = cloud.client("s3", REGION), unique("bucket")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    for body in (b"first", b"", b"x" * 200_000):
        s3.put_object(Bucket=bucket, Key="one", Body=body)
        assert s3.head_object(Bucket=bucket, Key="one")["ContentLength"] == len(body)
        assert s3.get_object(Bucket=bucket, Key="one")["Body"].read() == body
    s3.delete_object(Bucket=bucket, Key="one")


def test_whoever_wants_no_more_than_one_answer_sees_the_connection_end(cloud: EmulatedCloud) -> None:
    """As the edge's resolver asks."""
    at = urlsplit(cloud.endpoint)
    with socket.create_connection((at.hostname, at.port), timeout=WITHIN_SECONDS) as made:
        made.sendall(b"GET /_lab/journal?after=0&wait=0 HTTP/1.0\r\nConnection: close\r\n\r\n")
        told = b"".join(iter(lambda: made.recv(65_536), b""))
    assert b" 200 " in told.partition(b"\r\n")[0]
