"""Which replication does a bucket of the templates have? Kept by moto and shown; object_replication.py acts on it.

moto keeps a rule's id, status, filter and destination; tests/dataplane hold the template to the rest.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from lab.cloud.cfn_resource import Properties


def put(s3: Any, bucket: str, wanted: Properties) -> None:
    """`wanted` is the template's ReplicationConfiguration."""
    rules = [
        {
            "ID": rule["Id"],
            "Status": rule["Status"],
            "Priority": int(rule["Priority"]),
            "Filter": {"Prefix": rule["Filter"]["Prefix"]},
            "DeleteMarkerReplication": rule["DeleteMarkerReplication"],
            "Destination": {"Bucket": rule["Destination"]["Bucket"]},
        }
        for rule in wanted["Rules"]
    ]
    s3.put_bucket_replication(Bucket=bucket, ReplicationConfiguration={"Role": wanted["Role"], "Rules": rules})


def read(s3: Any, bucket: str, wanted: Properties) -> Properties:
    """What S3 shows, in the template's words, beside what it does not show as it was wanted."""
    try:
        found = s3.get_bucket_replication(Bucket=bucket)["ReplicationConfiguration"]
    except ClientError:
        return {}
    shown = [
        {
            **rule,
            "Id": one["ID"],
            "Status": one["Status"],
            "Destination": {**rule["Destination"], "Bucket": one["Destination"]["Bucket"]},
        }
        for rule, one in zip(wanted["Rules"], found["Rules"], strict=False)
    ]
    return {"Role": found["Role"], "Rules": shown}
