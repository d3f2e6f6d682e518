"""What does S3 say about the objects that wait to be replicated?

Replication metrics are published in the Region of the destination bucket, so they can be read while the source's Region
is dark: https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html. One value a minute, on a best-effort basis.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from failover.adapters.aws_errors import told_in_a_sentence
from failover.application.errors import RunRefused, TransientFailure
from failover.domain.object_backlog import Backlog, ObjectBacklog, UnknownBacklog

# As dataplane_cdk/constructs/object_replication.py names it.
RULE = "app-data-to-the-other-region"
PERIOD_SECONDS = 60
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
                answer = self.client.get_metric_data(
                    MetricDataQueries=[self._query(source, name, metric) for name, metric in METRICS.items()],
                    StartTime=now - LOOK_BACK,
                    EndTime=now + timedelta(seconds=PERIOD_SECONDS),
                    ScanBy="TimestampDescending",
                )
        except (RunRefused, TransientFailure) as error:
            return UnknownBacklog(str(error))
        newest = {
            one["Id"]: (one["Timestamps"][0], one["Values"][0]) for one in answer["MetricDataResults"] if one["Values"]
        }
        if "operations" not in newest or "bytes" not in newest:
            return UnknownBacklog(f"S3 has published no figure within {LOOK_BACK.total_seconds() / 60:.0f} minutes.")
        at, operations = newest["operations"]
        behind = timedelta(seconds=newest["behind"][1]) if "behind" in newest else None
        return Backlog(round(operations), round(newest["bytes"][1]), behind, at.astimezone(UTC))

    def _query(self, source: str, name: str, metric: str) -> dict[str, Any]:
        dimensions = {
            "SourceBucket": self.buckets[source],
            "DestinationBucket": self.buckets[self.destination],
            "RuleId": self.rule,
        }
        return {
            "Id": name,
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/S3",
                    "MetricName": metric,
                    "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
                },
                "Period": PERIOD_SECONDS,
                "Stat": "Maximum",
            },
        }
