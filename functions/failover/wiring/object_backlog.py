"""How is asked what is on its way to the other Region's bucket?"""

from __future__ import annotations

from typing import Any

from failover.adapters import aws
from failover.adapters.s3_backlog import RULE, S3Backlog
from failover.domain.plan import Plan


def backlog_to(plan: Plan, destination: str) -> S3Backlog:
    """What is on its way to the bucket of `destination`, whose Region is asked."""
    return backlog_of(aws.client("cloudwatch", destination, plan.timing.api_timeout), plan, destination)


def backlog_of(client: Any, plan: Plan, destination: str) -> S3Backlog:
    """The same, asked by a CloudWatch client of `destination`."""
    return S3Backlog(client, {region: plan.objects_bucket(region) for region in plan.regions}, destination, RULE)
