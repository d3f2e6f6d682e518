"""When does an object reach the other Region's bucket, and what does S3 say of those that wait?

Objects are copied in the order of their writes, as soon as the Regions can reach each other; a replica is not replicated
again, and what was there before the rule is left out
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html). Metrics are published
every minute in the destination's Region (https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html).

Not emulated: tags, locks and access lists of a replica, rules by tag, and more than one rule for an object.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.s3.models import FakeKey, S3Backend, s3_backends

from lab.cloud.context import CloudContext
from lab.cloud.s3.replication_role import why_not
from lab.settings import ACCOUNT_ID

MINUTE = timedelta(minutes=1)
NAMESPACE = "AWS/S3"
# Our figure; "most objects in seconds": https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-time-control.html
USUALLY_WITHIN = timedelta(seconds=3)
# A key's own names for what moto has no field for.
STATUS = "drlab_replication_status"
PENDING, COMPLETED, REPLICA, FAILED = "PENDING", "COMPLETED", "REPLICA", "FAILED"


@dataclass(frozen=True)
class Rule:
    """A bucket's one rule. `deletes`: a delete marker is replicated too."""

    id: str
    prefix: str
    source: str
    destination: str
    deletes: bool


@dataclass(frozen=True)
class Waiting:
    """An operation on its way. `written` None: a delete marker."""

    rule: Rule
    key: str
    written: Any
    size_bytes: int
    since: float


class Replicator:
    """Of all buckets of one emulated AWS."""

    def __init__(self, context: CloudContext, replicate: Callable[[Waiting], None]) -> None:
        self._context = context
        self._replicate = replicate
        self._waiting: queue.SimpleQueue[Waiting] = queue.SimpleQueue()
        self._open: list[Waiting] = []
        self._lock = threading.Lock()
        self._never = threading.Event()

    def start(self) -> None:
        for work, name in (
            (self._replicate_for_ever, "object-replication"),
            (self._publish_for_ever, "object-backlog"),
        ):
            threading.Thread(target=work, name=name, daemon=True).start()

    def written(self, bucket: str, key: FakeKey) -> None:
        """A new version is in `bucket`."""
        rule = rule_of(bucket)
        if rule is not None and key.name.startswith(rule.prefix):
            setattr(key, STATUS, PENDING)
            self._wait(Waiting(rule, key.name, key, key.size, time.monotonic()))

    def deleted(self, bucket: str, key: str) -> None:
        """A delete marker is on top of `key`."""
        rule = rule_of(bucket)
        if rule is not None and rule.deletes and key.startswith(rule.prefix):
            self._wait(Waiting(rule, key, None, 0, time.monotonic()))

    def _wait(self, one: Waiting) -> None:
        with self._lock:
            self._open.append(one)
        self._waiting.put(one)

    def _replicate_for_ever(self) -> None:
        while True:
            one = self._waiting.get()
            self._never.wait(max(0.0, one.since + self._context.scaled(USUALLY_WITHIN) - time.monotonic()))
            here, there = region_of(one.rule.source), region_of(one.rule.destination)
            while not self._context.network.wait_until_passes(here, there, self._context.scaled(MINUTE)):
                pass
            if self._allowed(one):
                self._replicate(one)
            with self._lock:
                self._open.remove(one)

    def _allowed(self, one: Waiting) -> bool:
        """What the role does not allow is not tried again: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html"""
        asked = (one.rule.source, one.rule.destination, one.key, one.written is None)
        if why_not(self._context.authorization, *asked) is None:
            return True
        if one.written is not None:
            setattr(one.written, STATUS, FAILED)
        return False

    def _publish_for_ever(self) -> None:
        while True:
            self._never.wait(self._context.scaled(MINUTE))
            for bucket in list(_backend().buckets):
                rule = rule_of(bucket)
                if rule is not None and not self._context.network.is_dark(region_of(rule.destination)):
                    self._publish(rule)

    def _publish(self, rule: Rule) -> None:
        with self._lock:
            waiting = [one for one in self._open if one.rule == rule]
        behind = max((time.monotonic() - one.since for one in waiting), default=0.0)
        values = {
            "OperationsPendingReplication": float(len(waiting)),
            "BytesPendingReplication": float(sum(one.size_bytes for one in waiting)),
            "ReplicationLatency": behind,
        }
        dimensions = {"SourceBucket": rule.source, "DestinationBucket": rule.destination, "RuleId": rule.id}
        data = [
            {
                "MetricName": name,
                "Dimensions": [{"Name": key, "Value": text} for key, text in dimensions.items()],
                "Timestamp": datetime.now(UTC).replace(tzinfo=None),
                "Value": value,
            }
            for name, value in values.items()
        ]
        cloudwatch_backends[ACCOUNT_ID][region_of(rule.destination)].put_metric_data(NAMESPACE, data)


def region_of(bucket: str) -> str:
    """The Region that a bucket is in."""
    return str(_backend().get_bucket(bucket).region_name)


def rule_of(bucket: str) -> Rule | None:
    """The rule that is in force in a bucket."""
    configured = getattr(_backend().buckets.get(bucket), "replication", None)
    for one in configured["Rule"] if configured else ():
        if one["Status"] == "Enabled":
            deletes = (one.get("DeleteMarkerReplication") or {}).get("Status") == "Enabled"
            prefix = (one.get("Filter") or {}).get("Prefix") or ""
            return Rule(one["ID"], prefix, bucket, one["Destination"]["Bucket"].rsplit(":", 1)[-1], deletes)
    return None


def _backend() -> Any:
    return s3_backends[ACCOUNT_ID]["aws"]


def install(context: CloudContext) -> None:
    """Writes to a bucket with a rule are replicated, and HeadObject tells how far that is."""
    put, delete, plain = S3Backend.put_object, S3Backend.delete_object, FakeKey.response_dict

    def replicate(one: Waiting) -> None:
        if one.written is None:
            delete(_backend(), one.rule.destination, one.key)
            return
        replica = put(_backend(), one.rule.destination, one.key, one.written.value, etag=one.written.etag)
        replica.set_metadata(one.written.metadata)
        setattr(replica, STATUS, REPLICA)
        setattr(one.written, STATUS, COMPLETED)

    replicator = Replicator(context, replicate)

    def put_object(self: Any, bucket_name: str, *arguments: Any, **named: Any) -> Any:
        key = put(self, bucket_name, *arguments, **named)
        replicator.written(bucket_name, key)
        return key

    def delete_object(self: Any, bucket_name: str, key_name: str, version_id: str | None = None, **named: Any) -> Any:
        answer = delete(self, bucket_name, key_name, version_id, **named)
        if version_id is None:
            replicator.deleted(bucket_name, key_name)
        return answer

    def response_dict(self: Any) -> dict[str, Any]:
        told: dict[str, Any] = plain.fget(self)
        status = getattr(self, STATUS, None)
        return told | ({"x-amz-replication-status": status} if status else {})

    S3Backend.put_object = put_object
    S3Backend.delete_object = delete_object
    FakeKey.response_dict = property(response_dict)
    replicator.start()
