"""What must a role be allowed for S3 to replicate with it?"""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from lab.cloud.iam.policies import Request
from lab.cloud.s3.replication_role import why_not

HERE, THERE = "ap-southeast-2", "us-west-2"
SOURCE, TARGET = "objects-here", "objects-there"


class Recorded:
    """Allows everything but `denied`, and keeps what was asked."""

    def __init__(self, denied: tuple[str, str] | None = None) -> None:
        self.denied = denied
        self.asked: set[tuple[str, str]] = set()

    def request(self, _by: str, _role: str, request: Request) -> str | None:
        asked = (request.action, request.resource.split(":")[3])
        self.asked.add(asked)
        return "denied" if asked == self.denied else None


@pytest.fixture(params=[True, False], ids=["bucket-key", "no-bucket-key"])
def bucket_key(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[bool]:
    """Whether the buckets have keys of their own, which S3 opens with KMS's."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        for region, bucket in ((HERE, SOURCE), (THERE, TARGET)):
            kms, s3 = boto3.client("kms", region_name=region), boto3.client("s3", region_name=region)
            kms.create_alias(AliasName="alias/own", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
            default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/own"}
            rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": request.param}
            s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
        key = f"arn:aws:kms:{THERE}:123456789012:alias/own"
        boto3.client("s3", region_name=HERE).put_bucket_replication(
            Bucket=SOURCE,
            ReplicationConfiguration={
                "Role": "arn:aws:iam::123456789012:role/replicate",
                "Rules": [
                    {
                        "ID": "objects",
                        "Status": "Enabled",
                        "Priority": 1,
                        "Filter": {"Prefix": ""},
                        "DeleteMarkerReplication": {"Status": "Disabled"},
                        "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
                        "Destination": {
                            "Bucket": f"arn:aws:s3:::{TARGET}",
                            "EncryptionConfiguration": {"ReplicaKmsKeyID": key},
                        },
                    }
                ],
            },
        )
        yield request.param


def test_a_replica_in_a_bucket_with_a_key_of_its_own_needs_that_opened(bucket_key: bool) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html#bk-replication"""
    all_of_it = Recorded()
    assert why_not(all_of_it, SOURCE, TARGET, "one", False) is None  # type: ignore[arg-type]
    keys = {asked for asked in all_of_it.asked if asked[0].startswith("kms:")}
    assert keys - {("kms:Decrypt", THERE)} == {("kms:Decrypt", HERE), ("kms:Encrypt", THERE)}
    closed = Recorded(denied=("kms:Decrypt", THERE))
    assert why_not(closed, SOURCE, TARGET, "one", False) == ("denied" if bucket_key else None)  # type: ignore[arg-type]


def test_a_delete_marker_needs_no_key(bucket_key: bool) -> None:
    asked = Recorded()
    assert why_not(asked, SOURCE, TARGET, "one", True) is None  # type: ignore[arg-type]
    assert not [action for action, _ in asked.asked if action.startswith("kms:")]
