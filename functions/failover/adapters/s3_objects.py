"""Is an object of a control bucket written once only, and read as text whatever lies there?

`If-None-Match: *` writes only where there is nothing: 412 says that there is something, and 409 nothing but that S3 is asked
too much of one key at once, "on a 409 failure you should retry the upload":
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from failover.adapters.aws_errors import code_of, told_in_a_sentence
from failover.application.errors import TransientFailure

CONFLICTS_RETRIED = 2


def create(client: Any, bucket: str, key: str, text: str, **settings: Any) -> bool:
    """False when there is an object already. `settings` go to PutObject. Raises TransientFailure or RunRefused."""
    wanted = {
        "Bucket": bucket,
        "Key": key,
        "Body": text.encode(),
        "ContentType": "application/json",
        "IfNoneMatch": "*",
    }
    with told_in_a_sentence(f"Recording s3://{bucket}/{key}"):
        for _ in range(CONFLICTS_RETRIED + 1):
            try:
                client.put_object(**wanted, **settings)
            except ClientError as error:
                if code_of(error) == "PreconditionFailed":
                    return False
                if code_of(error) != "ConditionalRequestConflict":
                    raise
            else:
                return True
    raise TransientFailure(f"Recording s3://{bucket}/{key}: S3 answered ConditionalRequestConflict.")


def read(client: Any, bucket: str, key: str) -> str:
    """Raises TransientFailure, or RunRefused: also when there is no such object."""
    with told_in_a_sentence(f"Reading s3://{bucket}/{key}"):
        return _text(client, bucket, key)


def find(client: Any, bucket: str, key: str) -> str | None:
    """None when there is no such object. Raises TransientFailure or RunRefused."""
    with told_in_a_sentence(f"Reading s3://{bucket}/{key}"):
        try:
            return _text(client, bucket, key)
        except ClientError as error:
            if code_of(error) == "NoSuchKey":
                return None
            raise


def _text(client: Any, bucket: str, key: str) -> str:
    body: bytes = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    # What somebody put there need not be text: it must be found out by what it says, not end the reader.
    return body.decode(errors="replace")
