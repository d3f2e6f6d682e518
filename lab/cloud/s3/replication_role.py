"""May S3 replicate an object? With the role that the source bucket's rules name: reading there, writing here, and both keys.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from moto.s3.models import s3_backends

from lab.cloud.iam import facts
from lab.cloud.iam.authorization import Authorization
from lab.cloud.iam.conditions import context
from lab.cloud.iam.policies import Request
from lab.settings import ACCOUNT_ID

OF_BUCKET = ("s3:GetReplicationConfiguration", "s3:ListBucket")
OF_VERSION = ("s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging")


def why_not(authorization: Authorization, source: str, destination: str, key: str, deleted: bool) -> str | None:
    """None when the role may replicate `key`, or with `deleted` its delete marker, or the rules are gone since."""
    if not (configured := _bucket(source).replication):
        return None
    role = str(configured["Role"])
    for request in _needed(configured, source, destination, key, deleted):
        if (reason := authorization.request(f"arn:aws:s3:::{source}", role, request)) is not None:
            return reason
    return None


def _needed(configured: Mapping[str, Any], source: str, destination: str, key: str, deleted: bool) -> Iterator[Request]:
    for action in OF_BUCKET:
        yield Request(action, f"arn:aws:s3:::{source}")
    for action in OF_VERSION:
        yield Request(action, f"arn:aws:s3:::{source}/{key}")
    yield Request("s3:ReplicateDelete" if deleted else "s3:ReplicateObject", f"arn:aws:s3:::{destination}/{key}")
    if not deleted:
        default = _encryption(source).get("ApplyServerSideEncryptionByDefault") or {}
        yield from _with_key("kms:Decrypt", source, default.get("KMSMasterKeyID"))
        rule = next(one for one in configured["Rule"] if one["Status"] == "Enabled")
        encryption = rule["Destination"].get("EncryptionConfiguration") or {}
        yield from _with_key("kms:Encrypt", destination, encryption.get("ReplicaKmsKeyID"))
        if str(_encryption(destination).get("BucketKeyEnabled")).lower() == "true":
            # The bucket's key is opened before a replica is encrypted with it (the page of _with_key, bk-replication).
            yield from _with_key("kms:Decrypt", destination, encryption.get("ReplicaKmsKeyID"))


def _with_key(action: str, bucket: str, key: str | None) -> Iterator[Request]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html"""
    region = str(_bucket(bucket).region_name)
    if (used := facts.key(region, key)) is not None:
        known = {"kms:ViaService": f"s3.{region}.amazonaws.com", "kms:ResourceAliases": used.aliases}
        yield Request(action, used.arn, context(known))


def _encryption(bucket: str) -> Mapping[str, Any]:
    """The bucket's rule, empty where it has none."""
    return (_bucket(bucket).encryption or {}).get("Rule") or {}


def _bucket(name: str) -> Any:
    return s3_backends[ACCOUNT_ID]["aws"].get_bucket(name)
