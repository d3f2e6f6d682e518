"""What did runs leave behind, and is it written once only?

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from failover.adapters.aws_errors import code_of, told_in_a_sentence


@dataclass(frozen=True)
class S3Outcomes:
    """This Region's control bucket."""

    client: Any
    bucket: str

    def put_once(self, key: str, text: str) -> str:
        """What is stored under `key` now. Raises TransientFailure or RunRefused."""
        with told_in_a_sentence(f"Recording s3://{self.bucket}/{key}"):
            try:
                self.client.put_object(
                    Bucket=self.bucket,
                    Key=key,
                    Body=text.encode(),
                    ContentType="application/json",
                    IfNoneMatch="*",
                )
            except ClientError as error:
                if code_of(error) not in ("PreconditionFailed", "ConditionalRequestConflict"):
                    raise
                return self._read(key)
        return text

    def read(self, key: str) -> str | None:
        """None when there is nothing. Raises TransientFailure or RunRefused."""
        with told_in_a_sentence(f"Reading s3://{self.bucket}/{key}"):
            try:
                return self._read(key)
            except ClientError as error:
                if code_of(error) == "NoSuchKey":
                    return None
                raise

    def _read(self, key: str) -> str:
        stored: bytes = self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return stored.decode()
