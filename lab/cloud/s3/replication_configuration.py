"""Are a bucket's replication rules told as they were written? object_replication.py acts on them.

moto keeps of a rule what a few clients look at, and tells neither its prefix nor its encryption.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketReplication.html
"""

from __future__ import annotations

from typing import Any

from moto.s3.responses import S3Response

from lab.cloud.context import CloudContext

WRITTEN = "AsItWasWritten"


def install(context: CloudContext) -> None:
    """From now on what PutBucketReplication was told is what GetBucketReplication tells."""
    del context
    read, tell = S3Response._replication_config_from_xml, S3Response.get_bucket_replication

    def replication_config_from_xml(self: Any, xml: str) -> dict[str, Any]:
        text = xml.decode() if isinstance(xml, bytes) else xml
        return {**read(self, xml), WRITTEN: text}

    def get_bucket_replication(self: Any) -> Any:
        kept = self.backend.get_bucket_replication(self.bucket_name) or {}
        return (200, {"Content-Type": "application/xml"}, kept[WRITTEN]) if WRITTEN in kept else tell(self)

    S3Response._replication_config_from_xml = replication_config_from_xml
    S3Response.get_bucket_replication = get_bucket_replication
