"""Do objects reach the other Region's bucket as S3 brings them there, and is told what waits?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from failover.adapters.s3_backlog import S3Backlog
from failover.domain.object_backlog import Backlog, UnknownBacklog
from lab.settings import PRIMARY_REGION, SECONDARY_REGION
from tests.lab.emulated_cloud import EmulatedCloud, unique

PATIENCE_SECONDS = 20
RULE = "to-the-other-region"


@pytest.fixture
def buckets(cloud: EmulatedCloud) -> Iterator[dict[str, str]]:
    """A pair, the first of which replicates what is below app-data/."""
    pair = {region: unique("objects") for region in (PRIMARY_REGION, SECONDARY_REGION)}
    for region, bucket in pair.items():
        s3 = cloud.client("s3", region)
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    cloud.client("s3", PRIMARY_REGION).put_object(Bucket=pair[PRIMARY_REGION], Key="app-data/before", Body=b"b")
    configure(cloud, pair, deletes=False)
    yield pair
    cloud.control.set_link(PRIMARY_REGION, SECONDARY_REGION, cut=False)
    cloud.client("s3", PRIMARY_REGION).delete_bucket_replication(Bucket=pair[PRIMARY_REGION])


def configure(
    cloud: EmulatedCloud, pair: dict[str, str], deletes: bool, allowed: Sequence[tuple[str, str]] = (("*", "*"),)
) -> None:
    rule = {
        "ID": RULE,
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": "app-data/"},
        "DeleteMarkerReplication": {"Status": "Enabled" if deletes else "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{pair[SECONDARY_REGION]}"},
    }
    cloud.client("s3", PRIMARY_REGION).put_bucket_replication(
        Bucket=pair[PRIMARY_REGION],
        ReplicationConfiguration={"Role": cloud.role("s3", *allowed), "Rules": [rule]},
    )


def eventually(what: str, true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"{what} did not come within {PATIENCE_SECONDS} s"
        time.sleep(0.02)


def status(s3: Any, bucket: str, key: str) -> str | None:
    try:
        found = s3.head_object(Bucket=bucket, Key=key)
    except ClientError:
        return "absent"
    return str(found["ReplicationStatus"]) if "ReplicationStatus" in found else None


def content(s3: Any, bucket: str, key: str, version: str | None = None) -> bytes | None:
    which = {"VersionId": version} if version else {}
    try:
        found: bytes = s3.get_object(Bucket=bucket, Key=key, **which)["Body"].read()
    except ClientError:
        return None
    return found


def test_what_the_role_does_not_allow_is_not_replicated_and_said(cloud: EmulatedCloud, buckets: dict[str, str]) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html"""
    source, target = buckets[PRIMARY_REGION], buckets[SECONDARY_REGION]
    reading = [("s3:Get*", "*"), ("s3:ListBucket", "*")]
    configure(cloud, buckets, deletes=False, allowed=reading)
    here = cloud.client("s3", PRIMARY_REGION)
    here.put_object(Bucket=source, Key="app-data/a", Body=b"a")
    eventually("the refusal", lambda: status(here, source, "app-data/a") == "FAILED")
    assert status(cloud.client("s3", SECONDARY_REGION), target, "app-data/a") == "absent"
    denied = cloud.control.permissions()[f"arn:aws:s3:::{source}"]["denied"]
    assert denied == [f"no policy allows s3:ReplicateObject on arn:aws:s3:::{target}/app-data/a"]
    configure(cloud, buckets, deletes=False, allowed=[*reading, ("s3:ReplicateObject", f"arn:aws:s3:::{target}/*")])
    here.put_object(Bucket=source, Key="app-data/b", Body=b"b")
    eventually("the replica", lambda: status(here, source, "app-data/b") == "COMPLETED")


def test_an_object_below_the_prefix_is_replicated_with_its_metadata_and_nothing_else_is(
    cloud: EmulatedCloud, buckets: dict[str, str]
) -> None:
    here, there = cloud.client("s3", PRIMARY_REGION), cloud.client("s3", SECONDARY_REGION)
    source, target = buckets[PRIMARY_REGION], buckets[SECONDARY_REGION]
    here.put_object(Bucket=source, Key="elsewhere/a", Body=b"a")
    here.put_object(Bucket=source, Key="app-data/a", Body=b"a", Metadata={"owner": "maria"})
    eventually("the replica", lambda: status(there, target, "app-data/a") == "REPLICA")
    assert status(here, source, "app-data/a") == "COMPLETED"
    assert there.get_object(Bucket=target, Key="app-data/a")["Metadata"] == {"owner": "maria"}
    assert [status(there, target, key) for key in ("elsewhere/a", "app-data/before")] == ["absent", "absent"]


@pytest.mark.scenario("F46")
def test_what_somebody_overwrites_is_overwritten_in_the_other_region_too_and_both_keep_what_it_was(
    cloud: EmulatedCloud, buckets: dict[str, str]
) -> None:
    """So a failover is no cure, and an older version is."""
    here, there = cloud.client("s3", PRIMARY_REGION), cloud.client("s3", SECONDARY_REGION)
    source, target = buckets[PRIMARY_REGION], buckets[SECONDARY_REGION]
    for body in (b"good", b"encrypted"):
        here.put_object(Bucket=source, Key="app-data/a", Body=body)
        eventually("the replica", lambda body=body: content(there, target, "app-data/a") == body)
    for s3, bucket in ((here, source), (there, target)):
        versions = s3.list_object_versions(Bucket=bucket, Prefix="app-data/a")["Versions"]
        assert {content(s3, bucket, "app-data/a", one["VersionId"]) for one in versions} == {b"good", b"encrypted"}


@pytest.mark.scenario("F46")
@pytest.mark.parametrize("deletes", [False, True])
def test_a_delete_marker_is_replicated_only_where_the_rule_says_so(
    cloud: EmulatedCloud, buckets: dict[str, str], deletes: bool
) -> None:
    configure(cloud, buckets, deletes)
    here, there = cloud.client("s3", PRIMARY_REGION), cloud.client("s3", SECONDARY_REGION)
    for key in ("app-data/a", "app-data/after"):
        here.put_object(Bucket=buckets[PRIMARY_REGION], Key=key, Body=b"a")
        eventually("the replica", lambda key=key: status(there, buckets[SECONDARY_REGION], key) == "REPLICA")
        here.delete_object(Bucket=buckets[PRIMARY_REGION], Key="app-data/a")
    expected = "absent" if deletes else "REPLICA"
    assert status(there, buckets[SECONDARY_REGION], "app-data/a") == expected


@pytest.mark.scenario("F45")
def test_what_waits_is_counted_in_the_destination_s_region_until_it_is_there(
    cloud: EmulatedCloud, buckets: dict[str, str]
) -> None:
    """Read by the product's own adapter, which is what a run tells at its gate."""
    replication = S3Backlog(cloud.client("cloudwatch", SECONDARY_REGION), buckets, SECONDARY_REGION, RULE)

    def seen() -> Backlog | UnknownBacklog:
        return replication.backlog(PRIMARY_REGION, datetime.now(UTC))

    def waiting(operations: int) -> Callable[[], bool]:
        def true() -> bool:
            now = seen()
            return isinstance(now, Backlog) and now.operations == operations

        return true

    eventually("the first figure", waiting(0))
    cloud.control.set_link(PRIMARY_REGION, SECONDARY_REGION, cut=True)
    here = cloud.client("s3", PRIMARY_REGION)
    for number in range(3):
        here.put_object(Bucket=buckets[PRIMARY_REGION], Key=f"app-data/{number}", Body=b"12345")
    eventually("the backlog", waiting(3))
    now = seen()
    assert isinstance(now, Backlog)
    assert now.size_bytes == 15
    assert "3 object operations (15 bytes) were waiting" in now.sentence
    assert status(here, buckets[PRIMARY_REGION], "app-data/0") == "PENDING"
    cloud.control.set_link(PRIMARY_REGION, SECONDARY_REGION, cut=False)
    eventually("the end of the backlog", waiting(0))


def test_a_bucket_that_replicates_nothing_has_no_figure(cloud: EmulatedCloud, buckets: dict[str, str]) -> None:
    replication = S3Backlog(cloud.client("cloudwatch", PRIMARY_REGION), buckets, PRIMARY_REGION, RULE)
    assert isinstance(replication.backlog(SECONDARY_REGION, datetime.now(UTC)), UnknownBacklog)
