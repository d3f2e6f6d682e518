"""How does one S3 object serve as a copy of the leader record?

GET and conditional PUT are the whole of it: `If-None-Match: *` creates only, `If-Match: <ETag>` replaces only that version.
A loser gets 412 Precondition Failed, two at once may get 409 ConditionalRequestConflict, and If-Match on an absent object 404.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from failover.adapters.aws import client
from failover.application.leader_register import Acceptor, CopyUnavailable, LeaderRegister
from failover.domain.leader_record import LeaderRecord
from failover.domain.register_protocol import TRIES, Ballot, Copy, Versioned

KEY = "leader-record.json"
CONFLICTS_RETRIED = 2
S3Client = Any

# Calls to a dark Region outlive the try that made them. Each of three copies has as many threads as a change has tries,
# and no call beyond those: a dark copy can't take the threads of the others.
CALLS_AT_ONCE = TRIES
_EXECUTOR = ThreadPoolExecutor(3 * CALLS_AT_ONCE, thread_name_prefix="leader-record")


@dataclass(frozen=True)
class S3Copy:
    """The acceptor of one Region. Its client bounds every call, and few are under way at once in one process."""

    client: S3Client
    bucket: str

    def read(self) -> Versioned:
        """Raises CopyUnavailable when the object can't be had, or is not one of ours."""
        with _under_way(self.bucket):
            return self._get()

    def write(self, copy: Copy, expected: str | None) -> str:
        """Raises CopyUnavailable when the race was lost, or when nobody can say whether the write took place."""
        with _under_way(self.bucket):
            return self._put(copy, expected)

    def _get(self) -> Versioned:
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=KEY)
            body = answer["Body"].read()
        except ClientError as error:
            if _code(error) in ("NoSuchKey", "404"):
                return Versioned(Copy(), None)
            raise CopyUnavailable(f"s3://{self.bucket}/{KEY}: {_code(error)}") from error
        except (BotoCoreError, OSError) as error:
            raise CopyUnavailable(f"s3://{self.bucket}/{KEY}: {type(error).__name__}") from error
        return Versioned(_parse(body, self.bucket), answer["ETag"])

    def _put(self, copy: Copy, expected: str | None) -> str:
        condition = {"IfNoneMatch": "*"} if expected is None else {"IfMatch": expected}
        body = json.dumps(_dump(copy), separators=(",", ":")).encode()
        for _ in range(CONFLICTS_RETRIED + 1):
            try:
                answer = self.client.put_object(
                    Bucket=self.bucket, Key=KEY, Body=body, ContentType="application/json", **condition
                )
            except ClientError as error:
                if _code(error) == "ConditionalRequestConflict":
                    continue
                raise CopyUnavailable(f"s3://{self.bucket}/{KEY}: {_code(error)}") from error
            except (BotoCoreError, OSError) as error:
                raise CopyUnavailable(f"s3://{self.bucket}/{KEY}: {type(error).__name__}") from error
            etag: str = answer["ETag"]
            return etag
        raise CopyUnavailable(f"s3://{self.bucket}/{KEY}: ConditionalRequestConflict")


def leader_register(
    copies: Mapping[str, str], clients: Mapping[str, S3Client], writer: str, timeout: timedelta
) -> LeaderRegister:
    """The register on the buckets of `copies` (Region -> bucket); `timeout` is that of the clients.

    A call may take `timeout` to connect and as long again to be answered: nothing is waited for longer than that.
    """
    acceptors: dict[str, Acceptor] = {region: S3Copy(clients[region], bucket) for region, bucket in copies.items()}
    return LeaderRegister(acceptors, writer, timeout / 10, _EXECUTOR, patience=2 * timeout)


def s3_clients(regions: Iterable[str], timeout: timedelta) -> dict[str, S3Client]:
    """A client for each Region, made once a process, that tries a call once; `timeout` to connect, and to be answered."""
    return {region: client("s3", region, timeout=timeout, tries=1) for region in regions}


@lru_cache
def _slots(_bucket: str) -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(CALLS_AT_ONCE)


@contextmanager
def _under_way(bucket: str) -> Iterator[None]:
    slots = _slots(bucket)
    if not slots.acquire(blocking=False):
        raise CopyUnavailable(f"s3://{bucket}/{KEY}: {CALLS_AT_ONCE} earlier calls have not been answered")
    try:
        yield
    finally:
        slots.release()


def _dump(copy: Copy) -> dict[str, Any]:
    return {
        "promise": [copy.promise.number, copy.promise.writer],
        "accepted": [copy.accepted.number, copy.accepted.writer],
        "value": copy.value.to_dict() if copy.value else None,
    }


def _parse(body: bytes, bucket: str) -> Copy:
    """A corrupt copy counts as unavailable, never as absent: absent would forget what it promised."""
    try:
        data = json.loads(body)
        value = data["value"]
        return Copy(
            promise=_ballot(data["promise"]),
            accepted=_ballot(data["accepted"]),
            value=LeaderRecord.from_dict(value) if value is not None else None,
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise CopyUnavailable(f"s3://{bucket}/{KEY} is not a leader record: {error}") from error


def _ballot(data: Any) -> Ballot:
    number, writer = data
    if type(number) is not int or not isinstance(writer, str):
        raise TypeError(f"{data!r} is no ballot")
    return Ballot(number, writer)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "Unknown"))
