"""How does every Region come to know how far the leader had got?

The heartbeat is one object in each control bucket. A newer heartbeat is never replaced by an older one: two tasks of
the leader publish side by side, and the slower PUT would otherwise hide the heartbeat on which the other task's lease
rests, and with it a part of what may be lost. So each PUT is conditional on what was there
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from failover.adapters.aws_errors import code_of
from failover.application.ports import PublishedHeartbeat
from failover.domain.heartbeat import Heartbeat

KEY = "heartbeat.json"
LOST_RACE = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "412", "409", "404")
ABSENT = ("NoSuchKey", "404")
TRIES = 6


class CopySilent(Exception):
    """A copy could not be read or written."""


@dataclass
class HeartbeatCopy:
    """The heartbeat in one bucket. Its client bounds every call. Safe to use from several threads."""

    client: Any
    bucket: str
    _last: Heartbeat | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self) -> Heartbeat | None:
        """None when there is none. Raises CopySilent, also when the object is no heartbeat."""
        return self._get()[0]

    def put(self, heartbeat: Heartbeat, deadline_seconds: float) -> None:
        """Returns once this copy holds `heartbeat` or a newer one of its leader. Raises CopySilent.

        Reads before it writes: with several tasks the version that this one wrote is never the newest, and a conditional
        write that fails takes as long as a GET and is billed as a PUT.
        """
        body = json.dumps(heartbeat.to_dict()).encode()
        with self._lock:
            last = self._last
        if last is not None and not heartbeat.is_newer_than(last):
            return
        for _ in range(TRIES):
            if time.monotonic() >= deadline_seconds:
                break
            stored, etag = self._get()
            if stored is not None and not heartbeat.is_newer_than(stored):
                if stored.region == heartbeat.region:
                    return
                raise CopySilent(f"s3://{self.bucket}/{KEY}: {stored.region} leads since epoch {stored.epoch}")
            if self._put(body, etag):
                with self._lock:
                    self._last = heartbeat
                return
        raise CopySilent(f"s3://{self.bucket}/{KEY}: others wrote all the time")

    def _get(self) -> tuple[Heartbeat | None, str | None]:
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=KEY)
            return Heartbeat.from_dict(json.loads(answer["Body"].read())), answer["ETag"]
        except ClientError as error:
            if code_of(error) in ABSENT:
                return None, None
            raise CopySilent(f"s3://{self.bucket}/{KEY}: {code_of(error)}") from error
        except (BotoCoreError, OSError, ValueError, TypeError, KeyError) as error:
            raise CopySilent(f"s3://{self.bucket}/{KEY}: {type(error).__name__}") from error

    def _put(self, body: bytes, etag: str | None) -> bool:
        """False when another task was faster."""
        condition = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
        try:
            self.client.put_object(Bucket=self.bucket, Key=KEY, Body=body, ContentType="application/json", **condition)
        except ClientError as error:
            if code_of(error) in LOST_RACE:
                return False
            raise CopySilent(f"s3://{self.bucket}/{KEY}: {code_of(error)}") from error
        except (BotoCoreError, OSError) as error:
            raise CopySilent(f"s3://{self.bucket}/{KEY}: {type(error).__name__}") from error
        return True


@dataclass(frozen=True)
class S3Heartbeats:
    """The heartbeat on all its copies, by Region, asked at once. `executor` needs a thread for each copy."""

    copies: Mapping[str, HeartbeatCopy]
    executor: Executor
    timeout: timedelta

    def publish(self, heartbeat: Heartbeat, within: timedelta) -> bool:
        """Whether a majority of copies holds `heartbeat` or a newer one, `within` this time. Never raises.

        False allows no conclusion: calls left behind may still succeed.
        """
        deadline = time.monotonic() + within.total_seconds()
        answered = self._ask(lambda copy: copy.put(heartbeat, deadline), deadline)
        return len(answered) >= self._majority

    def read(self) -> PublishedHeartbeat:
        """The newest heartbeat of the first majority to answer. Never raises.

        Whatever a lease rests on is on every majority, so nothing is gained by waiting for a dark copy.
        """
        seconds = self.timeout.total_seconds()
        answered = self._ask(lambda copy: copy.read(), time.monotonic() + 2 * seconds)
        newest: Heartbeat | None = None
        for one in answered.values():
            if one is not None and (newest is None or one.is_newer_than(newest)):
                newest = one
        return PublishedHeartbeat(
            newest=newest,
            majority=len(answered) >= self._majority,
            answered=tuple(sorted(answered)),
        )

    @property
    def _majority(self) -> int:
        return len(self.copies) // 2 + 1

    def _ask(self, call: Callable[[HeartbeatCopy], Heartbeat | None], deadline: float) -> dict[str, Heartbeat | None]:
        """Answers by Region, until there is a majority of them, or until `deadline`."""
        pending: dict[Future[Heartbeat | None], str] = {
            self.executor.submit(call, copy): region for region, copy in self.copies.items()
        }
        answered: dict[str, Heartbeat | None] = {}
        while pending and len(answered) < self._majority:
            left = deadline - time.monotonic()
            done, _ = wait(pending, max(left, 0.0), FIRST_COMPLETED)
            if not done:
                break
            for future in done:
                region = pending.pop(future)
                if not isinstance(future.exception(), CopySilent):
                    answered[region] = future.result()
        return answered
