"""What did runs leave behind, and is it written once only?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from failover.adapters import s3_objects


@dataclass(frozen=True)
class S3Outcomes:
    """This Region's control bucket."""

    client: Any
    bucket: str

    def put_once(self, key: str, text: str) -> str:
        """What is stored under `key` now. Raises TransientFailure or RunRefused."""
        if s3_objects.create(self.client, self.bucket, key, text):
            return text
        return s3_objects.read(self.client, self.bucket, key)

    def read(self, key: str) -> str | None:
        """None when there is nothing. Raises TransientFailure or RunRefused."""
        return s3_objects.find(self.client, self.bucket, key)
