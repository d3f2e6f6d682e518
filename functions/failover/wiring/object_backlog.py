"""How is asked what is on its way to the other Region's bucket?"""

from __future__ import annotations

from failover.adapters import aws
from failover.adapters.s3_backlog import RULE, S3Backlog
from failover.domain.plan import Plan


def backlog_to(plan: Plan, destination: str) -> S3Backlog:
    """What is on its way to the bucket of `destination`, whose Region is asked."""
    client = aws.client("cloudwatch", destination, plan.timing.api_timeout)
    return S3Backlog(client, {region: plan.objects_bucket(region) for region in plan.regions}, destination, RULE)
