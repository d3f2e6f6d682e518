"""What did CloudWatch last publish of a metric?

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any


@dataclass(frozen=True)
class Metric:
    """One metric, whose maximum over each `period` is read."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    period: timedelta


@dataclass(frozen=True)
class Point:
    """`at` is when its period began."""

    at: datetime
    value: float


def newest(client: Any, metrics: Mapping[str, Metric], now: datetime, look_back: timedelta) -> dict[str, Point]:
    """The newest of each, by the name that it is asked under; without a value in `look_back` it is left out.

    Raises what boto3 raises.
    """
    answer = client.get_metric_data(
        MetricDataQueries=[_query(name, metric) for name, metric in metrics.items()],
        StartTime=now - look_back,
        # The period that has just begun counts too.
        EndTime=now + max(metric.period for metric in metrics.values()),
        ScanBy="TimestampDescending",
    )
    return {
        one["Id"]: Point(one["Timestamps"][0].astimezone(UTC), float(one["Values"][0]))
        for one in answer["MetricDataResults"]
        if one["Values"]
    }


def _query(name: str, metric: Metric) -> dict[str, Any]:
    return {
        "Id": name,
        "MetricStat": {
            "Metric": {
                "Namespace": metric.namespace,
                "MetricName": metric.name,
                "Dimensions": [{"Name": key, "Value": value} for key, value in metric.dimensions.items()],
            },
            "Period": int(metric.period.total_seconds()),
            "Stat": "Maximum",
        },
    }
