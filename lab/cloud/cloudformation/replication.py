"""Which replication does a bucket of the templates have? Kept whole, and shown as it was written."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from lab.cloud.cloudformation.resource import Properties, projected


def put(s3: Any, bucket: str, wanted: Properties) -> None:
    """`wanted` is the template's ReplicationConfiguration."""
    s3.put_bucket_replication(Bucket=bucket, ReplicationConfiguration=_numbered(_rules_named(wanted, "Id", "ID")))


def read(s3: Any, bucket: str, wanted: Properties) -> Properties:
    """What S3 shows, in the template's words; empty where it shows none."""
    try:
        found = s3.get_bucket_replication(Bucket=bucket)["ReplicationConfiguration"]
    except ClientError:
        return {}
    shown: Properties = projected(wanted, _rules_named(found, "ID", "Id"))
    return shown


def _rules_named(replication: Properties, key: str, name: str) -> Properties:
    """S3 and CloudFormation differ in one letter."""
    rules = [{name if each == key else each: value for each, value in one.items()} for one in replication["Rules"]]
    return {**replication, "Rules": rules}


def _numbered(value: Any) -> Any:
    """A template's numbers come as text, and S3 takes numbers."""
    if isinstance(value, dict):
        return {name: int(one) if name in ("Minutes", "Priority") else _numbered(one) for name, one in value.items()}
    return [_numbered(one) for one in value] if isinstance(value, list) else value
