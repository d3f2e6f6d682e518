"""Where are the service's objects, and what copies them to the other Region?"""

from __future__ import annotations

from failover.adapters import aws
from failover.adapters.s3_backlog import S3Backlog
from failover.domain.plan import Plan

# As dataplane_cdk/constructs/object_replication.py names it.
RULE = "app-data-to-the-other-region"


def bucket_of(plan: Plan, region: str) -> str:
    """The bucket of the service's objects in `region`, by its name in the data plane's templates."""
    return f"drlab-{plan.service}-app-data-{plan.account_id}-{region}"


def backlog_to(plan: Plan, destination: str) -> S3Backlog:
    """What is on its way to the bucket of `destination`, whose Region is asked."""
    client = aws.client("cloudwatch", destination, plan.timing.api_timeout)
    return S3Backlog(client, {region: bucket_of(plan, region) for region in plan.regions}, destination, RULE)
