"""Are buckets there, versioned and replicated?

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketReplication.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from failover.adapters.aws_errors import code_of, told_in_a_sentence


@dataclass(frozen=True)
class S3Buckets:
    """S3 in one Region."""

    client: Any

    def versioned(self, bucket: str) -> bool | None:
        """Raises TransientFailure or RunRefused."""
        with told_in_a_sentence(f"Looking at the bucket {bucket}"):
            try:
                answer = self.client.get_bucket_versioning(Bucket=bucket)
            except ClientError as error:
                if code_of(error) == "NoSuchBucket":
                    return None
                raise
        return bool(answer.get("Status") == "Enabled")

    def destinations(self, bucket: str) -> Sequence[str]:
        """Names of the buckets that enabled rules replicate to. Raises TransientFailure or RunRefused."""
        with told_in_a_sentence(f"Looking at the replication of {bucket}"):
            try:
                rules = self.client.get_bucket_replication(Bucket=bucket)["ReplicationConfiguration"]["Rules"]
            except ClientError as error:
                if code_of(error) == "ReplicationConfigurationNotFoundError":
                    return ()
                raise
        enabled = [one for one in rules if one["Status"] == "Enabled"]
        return tuple(one["Destination"]["Bucket"].rpartition(":")[2] for one in enabled)
