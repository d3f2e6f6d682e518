"""Where is the newest rehearsal kept that passed, and when was it?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from failover.adapters import s3_objects
from failover.adapters.aws_errors import told_in_a_sentence
from failover.application.errors import RunRefused
from failover.domain.instants import aware

KEY = "rehearsal.json"


@dataclass(frozen=True)
class S3Rehearsals:
    """One object of a control bucket."""

    client: Any
    bucket: str

    def write(self, text: str) -> None:
        """Raises TransientFailure or RunRefused."""
        with told_in_a_sentence(f"Keeping s3://{self.bucket}/{KEY}"):
            self.client.put_object(Bucket=self.bucket, Key=KEY, Body=text.encode(), ContentType="application/json")

    def last_rehearsed(self) -> datetime | None:
        """None where nothing was ever rehearsed. Raises TransientFailure or RunRefused."""
        text = s3_objects.find(self.client, self.bucket, KEY)
        if text is None:
            return None
        try:
            return aware(json.loads(text)["at"])
        except (ValueError, KeyError, TypeError) as error:
            raise RunRefused(f"s3://{self.bucket}/{KEY} does not say when a backup was rehearsed.") from error
