"""Does the emulated AWS tell what readiness asks of it, by what is really there?"""

from __future__ import annotations

import boto3
import pytest
from moto import mock_aws

from failover.adapters.readiness.objects import S3Buckets
from failover.adapters.readiness.tasks import EcrImages, FargateCapacity
from lab.cloud.cloudformation import image_assets
from lab.settings import ACCOUNT_ID, PRIMARY_REGION, SECONDARY_REGION
from tests.lab.emulated_cloud import EmulatedCloud, unique

REPOSITORY = f"{ACCOUNT_ID}.dkr.ecr.{SECONDARY_REGION}.amazonaws.com/assets"


def replicated(cloud: EmulatedCloud) -> tuple[str, str]:
    """Two buckets, the first replicated to the second."""
    buckets = unique("source"), unique("destination")
    for bucket, region in zip(buckets, (PRIMARY_REGION, SECONDARY_REGION), strict=True):
        s3 = cloud.client("s3", region)
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    rule = {
        "ID": "app-data-to-the-other-region",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": "app-data/"},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{buckets[1]}"},
    }
    cloud.client("s3", PRIMARY_REGION).put_bucket_replication(
        Bucket=buckets[0], ReplicationConfiguration={"Role": cloud.role("s3", ("*", "*")), "Rules": [rule]}
    )
    return buckets


def test_where_a_bucket_is_replicated_to_is_told(cloud: EmulatedCloud) -> None:
    source, destination = replicated(cloud)
    s3 = S3Buckets(cloud.client("s3", PRIMARY_REGION))
    assert s3.destinations(source) == (destination,)


def test_a_rule_that_is_off_replicates_to_nobody(cloud: EmulatedCloud) -> None:
    source, destination = replicated(cloud)
    s3 = cloud.client("s3", PRIMARY_REGION)
    buckets = S3Buckets(s3)
    found = s3.get_bucket_replication(Bucket=source)["ReplicationConfiguration"]
    found["Rules"][0]["Status"] = "Disabled"
    s3.put_bucket_replication(Bucket=source, ReplicationConfiguration=found)
    assert buckets.destinations(source) == ()
    assert buckets.destinations(destination) == ()
    assert (buckets.versioned(source), buckets.versioned(unique("absent"))) == (True, None)


def test_fargate_s_quota_is_told_in_every_region(cloud: EmulatedCloud) -> None:
    for region in (PRIMARY_REGION, SECONDARY_REGION):
        capacity = FargateCapacity(cloud.client("service-quotas", region), cloud.client("cloudwatch", region))
        assert (capacity.quota(), capacity.used()) == (6.0, None)


def test_the_same_tag_is_the_same_image_in_every_region_and_another_is_another() -> None:
    """In a process of moto's own: nothing here is the lab's but the publishing."""
    with mock_aws():
        digests = []
        for region, tag in ((PRIMARY_REGION, "a"), (SECONDARY_REGION, "a"), (SECONDARY_REGION, "b")):
            ecr = boto3.client("ecr", region_name=region)
            image = REPOSITORY.replace(SECONDARY_REGION, region) + f":{tag}"
            assert EcrImages(ecr).digest(image) is None
            for _ in range(2):
                image_assets.publish(ecr, image)
            digests.append(EcrImages(ecr).digest(image))
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("image", ["postgres:16", "public.ecr.aws/docker/library/postgres:16"])
def test_an_image_that_is_not_in_ecr_has_no_digest_to_compare(image: str) -> None:
    from failover.application.errors import RunRefused

    with pytest.raises(RunRefused, match="not in ECR"):
        EcrImages(None).digest(image)
