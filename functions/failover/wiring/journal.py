"""Where is it remembered what was decided here? In this Region's control bucket, which the plan names."""

from __future__ import annotations

from functools import lru_cache

from failover.adapters import aws
from failover.adapters.s3_journal import S3Journal
from failover.domain.plan import Plan
from failover.wiring.this_region import ThisRegion


def journal_of(this: ThisRegion) -> S3Journal:
    """This Region's journal."""
    return journal_in(this.name, this.plan)


def journal_in(region: str, plan: Plan) -> S3Journal:
    """The journal of `region`."""
    return _journal(aws.client("s3", region, plan.timing.api_timeout), plan.record_copies[region])


@lru_cache(maxsize=4)
def _journal(client: object, bucket: str) -> S3Journal:
    return S3Journal(client, bucket)
