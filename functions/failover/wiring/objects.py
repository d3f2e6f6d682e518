"""With what does a person bring the service's objects back, and compare the Regions' buckets?"""

from __future__ import annotations

from collections.abc import Callable

from failover.adapters import aws
from failover.adapters.s3_versions import S3Versions
from failover.application.compare_objects import CompareObjects
from failover.application.restore_objects import Restored, RestoreObjects
from failover.domain.plan import Plan


def restore_objects(plan: Plan, region: str, dry_run: bool, said: Callable[[Restored], None]) -> RestoreObjects:
    """In `region`'s bucket."""
    return RestoreObjects(_versions(plan, region), dry_run, said)


def compare_objects(plan: Plan, leader: str, other: str) -> CompareObjects:
    """The bucket of `leader` with the one of `other`."""
    return CompareObjects(_versions(plan, leader), _versions(plan, other))


def _versions(plan: Plan, region: str) -> S3Versions:
    # A copy within a bucket takes S3 a while where the object is large.
    return S3Versions(aws.client("s3", region, aws.DEFAULT_TIMEOUT * 20), plan.objects_bucket(region))
