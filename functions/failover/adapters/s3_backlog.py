"""What does S3 say about the objects that wait to be replicated?

Replication metrics are published in the Region of the destination bucket, so they can be read while the source's Region
is dark: https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html. One value a minute, on a best-effort basis.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from failover.adapters.aws_errors import told_in_a_sentence
from failover.adapters.metrics import Metric, newest
from failover.application.errors import RunRefused, TransientFailure
from failover.domain.object_backlog import Backlog, ObjectBacklog, UnknownBacklog

# As dataplane_cdk/constructs/object_replication.py names it.
RULE = "app-data-to-the-other-region"
PERIOD = timedelta(minutes=1)
# Best effort: a value may be minutes late, and one from before that says nothing about now.
LOOK_BACK = timedelta(minutes=20)
METRICS = {
    "operations": "OperationsPendingReplication",
    "bytes": "BytesPendingReplication",
    "behind": "ReplicationLatency",
}


@dataclass(frozen=True)
class S3Backlog:
    """To the Region `destination`, whose CloudWatch `client` is. `buckets` are by Region."""

    client: Any
    buckets: Mapping[str, str]
    destination: str
    rule: str

    def backlog(self, source: str, now: datetime) -> ObjectBacklog:
        """Never raises: what cannot be read is unknown."""
        try:
            with told_in_a_sentence("Asking how many objects wait for replication"):
                found = newest(self.client, self._metrics(source), now, LOOK_BACK)
        except (RunRefused, TransientFailure) as error:
            return UnknownBacklog(str(error))
        if "operations" not in found or "bytes" not in found:
            return UnknownBacklog(f"S3 has published no figure within {LOOK_BACK.total_seconds() / 60:.0f} minutes.")
        behind = timedelta(seconds=found["behind"].value) if "behind" in found else None
        return Backlog(round(found["operations"].value), round(found["bytes"].value), behind, found["operations"].at)

    def _metrics(self, source: str) -> dict[str, Metric]:
        dimensions = {
            "SourceBucket": self.buckets[source],
            "DestinationBucket": self.buckets[self.destination],
            "RuleId": self.rule,
        }
        return {name: Metric("AWS/S3", metric, dimensions, PERIOD) for name, metric in METRICS.items()}
