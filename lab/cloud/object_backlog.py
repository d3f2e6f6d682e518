"""How many objects wait to be replicated? moto replicates none, so those that the source has and the destination lacks.

S3 publishes this metric each minute for a rule with metrics:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.s3.models import s3_backends

from lab.cloud.context import CloudContext
from lab.settings import ACCOUNT_ID

EVERY = timedelta(minutes=1)


def install(context: CloudContext) -> None:
    """From now on it is published in the source's Region, but for one that is dark."""
    threading.Thread(target=_publish_for_ever, args=(context,), name="object-backlog", daemon=True).start()


def _publish_for_ever(context: CloudContext) -> None:
    never = threading.Event()
    while not never.wait(context.scaled(EVERY)):
        for region, dimensions, pending in list(_backlogs()):
            if not context.network.is_dark(region):
                _publish(region, dimensions, pending)


def _backlogs() -> Iterator[tuple[str, dict[str, str], int]]:
    buckets = s3_backends[ACCOUNT_ID]["aws"].buckets
    for source in list(buckets.values()):
        for rule in (getattr(source, "replication", None) or {}).get("Rule", []):
            destination = buckets.get(str(rule["Destination"]["Bucket"]).rpartition(":")[2])
            if rule.get("Status") != "Enabled" or destination is None:
                continue
            prefix = str((rule.get("Filter") or {}).get("Prefix") or "")
            waiting = [key for key in _keys(source) - _keys(destination) if key.startswith(prefix)]
            names = {"SourceBucket": source.name, "DestinationBucket": destination.name, "RuleId": str(rule["ID"])}
            yield source.region_name, names, len(waiting)


def _keys(bucket: Any) -> set[str]:
    return {str(key) for key in list(bucket.keys.keys())}


def _publish(region: str, dimensions: dict[str, str], pending: int) -> None:
    cloudwatch_backends[ACCOUNT_ID][region].put_metric_data(
        "AWS/S3",
        [
            {
                "MetricName": "OperationsPendingReplication",
                "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
                "Value": pending,
                "Unit": "Count",
                "Timestamp": datetime.now(UTC).replace(tzinfo=None),
            }
        ],
    )
