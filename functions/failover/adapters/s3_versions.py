"""How are an object's versions listed, compared and brought back in S3?

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from failover.adapters.aws_errors import code_of, told_in_a_sentence
from failover.application.errors import RunRefused
from failover.domain.object_versions import Version

CHUNK_BYTES = 1 << 20
GONE = ("404", "NoSuchKey", "NotFound")


@dataclass(frozen=True)
class S3Versions:
    """One bucket's."""

    client: Any
    bucket: str

    def enabled(self) -> bool:
        with told_in_a_sentence(f"Asking whether s3://{self.bucket} keeps versions"):
            return self.client.get_bucket_versioning(Bucket=self.bucket).get("Status") in ("Enabled", "Suspended")

    def by_key(self, prefix: str) -> Iterator[list[Version]]:
        """All versions of each key in turn. A page lists keys in order, and one key's versions may go over two pages."""
        pages = iter(self.client.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=prefix))
        kept: list[Version] = []
        while True:
            with told_in_a_sentence(f"Listing the versions in s3://{self.bucket}/{prefix}"):
                page = next(pages, None)
            if page is None:
                break
            kept += [_version(one, one["Size"]) for one in page.get("Versions", [])]
            kept += [_version(one, None) for one in page.get("DeleteMarkers", [])]
            kept.sort(key=lambda one: one.key)
            last = page.get("NextKeyMarker")
            while kept and kept[0].key != last:
                count = sum(1 for one in kept if one.key == kept[0].key)
                yield kept[:count]
                del kept[:count]
        if kept:
            yield kept

    def latest(self, key: str) -> Version | None:
        """None: there is no such object, or it is deleted."""
        with told_in_a_sentence(f"Looking at s3://{self.bucket}/{key}"):
            try:
                found = self.client.head_object(Bucket=self.bucket, Key=key)
            except ClientError as error:
                if code_of(error) in GONE:
                    return None
                raise
        return Version(key, found["VersionId"], found["LastModified"], True, found["ContentLength"], found["ETag"])

    def same_content(self, one: Version, other: Version) -> bool:
        """By a checksum that S3 keeps of both, else by reading both.

        Under a KMS key a copy has another ETag, so different ones show nothing:
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html (ETag). Checksums:
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
        """
        if one.etag is not None and one.etag == other.etag:
            return True
        kept = [self._checksums(version) for version in (one, other)]
        for algorithm in kept[0].keys() & kept[1].keys():
            return bool(kept[0][algorithm] == kept[1][algorithm])
        return self._digest(one) == self._digest(other)

    def copy_on_top(self, wanted: Version) -> None:
        """The newest version is a copy of `wanted`, with its metadata; of any size, by boto3's managed copy."""
        source = {"Bucket": self.bucket, "Key": wanted.key, "VersionId": wanted.id}
        with told_in_a_sentence(f"Copying version {wanted.id} of s3://{self.bucket}/{wanted.key}"):
            self.client.copy(source, self.bucket, wanted.key)

    def remove_marker(self, marker: Version) -> None:
        if not marker.is_marker:
            raise RunRefused(f"{marker.id} of {marker.key} is content and no delete marker: it is never removed here.")
        with told_in_a_sentence(f"Removing the delete marker of s3://{self.bucket}/{marker.key}"):
            self.client.delete_object(Bucket=self.bucket, Key=marker.key, VersionId=marker.id)

    def put_marker(self, key: str) -> None:
        with told_in_a_sentence(f"Deleting s3://{self.bucket}/{key} by a marker"):
            self.client.delete_object(Bucket=self.bucket, Key=key)

    def current(self, prefix: str) -> Iterator[Version]:
        """What is there now, in the order of the keys."""
        pages = iter(self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix))
        while True:
            with told_in_a_sentence(f"Listing s3://{self.bucket}/{prefix}"):
                page = next(pages, None)
            if page is None:
                return
            for one in page.get("Contents", []):
                yield Version(one["Key"], "", one["LastModified"], True, one["Size"], one["ETag"])

    def replication_status(self, key: str) -> str | None:
        """PENDING, COMPLETED, FAILED or REPLICA; None: S3 says nothing, no rule has to do with it.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html
        """
        with told_in_a_sentence(f"Looking at s3://{self.bucket}/{key}"):
            status = self.client.head_object(Bucket=self.bucket, Key=key).get("ReplicationStatus")
        return None if status is None else str(status)

    def checksum(self, key: str) -> bytes:
        """Of what the object holds now: read, since two buckets need not keep the same kind of checksum."""
        now = self.latest(key)
        if now is None:
            raise RunRefused(f"s3://{self.bucket}/{key} was deleted while it was looked at. Ask again.")
        return self._digest(now)

    def _checksums(self, version: Version) -> dict[str, str]:
        """Of the whole object only: a multipart upload's composite depends on its parts."""
        with told_in_a_sentence(f"Looking at s3://{self.bucket}/{version.key}"):
            found = self.client.head_object(
                Bucket=self.bucket, Key=version.key, VersionId=version.id, ChecksumMode="ENABLED"
            )
        if found.get("ChecksumType") == "COMPOSITE":
            return {}
        return {name: value for name, value in found.items() if name.startswith("Checksum") and name != "ChecksumType"}

    def _digest(self, version: Version) -> bytes:
        digest = hashlib.sha256()
        with told_in_a_sentence(f"Reading s3://{self.bucket}/{version.key}"):
            body = self.client.get_object(Bucket=self.bucket, Key=version.key, VersionId=version.id)["Body"]
            for chunk in body.iter_chunks(CHUNK_BYTES):
                digest.update(chunk)
        return digest.digest()


def _version(found: dict[str, Any], size_bytes: int | None) -> Version:
    return Version(
        found["Key"], found["VersionId"], found["LastModified"], found["IsLatest"], size_bytes, found.get("ETag")
    )
