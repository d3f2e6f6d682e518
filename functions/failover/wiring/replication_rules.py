"""Where are the service's objects? In one data bucket of each Region that can lead."""

from __future__ import annotations

from failover.adapters.aws import client
from failover.adapters.s3_replication_rules import S3Replication
from failover.domain.plan import Plan


def replication_of(plan: Plan) -> S3Replication:
    """Between the data buckets of `plan`, named as dataplane_cdk/names.py names them (tests hold the two together)."""
    clients = {region: client("s3", region, plan.timing.api_timeout) for region in plan.regions}
    return S3Replication(clients, plan.objects_bucket)
