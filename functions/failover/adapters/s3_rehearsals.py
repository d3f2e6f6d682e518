"""Where is the newest rehearsal kept that passed, when was it, and how long did the restore take?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
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
        kept = self._kept()
        try:
            return None if kept is None else aware(kept["at"])
        except (ValueError, KeyError, TypeError) as error:
            raise RunRefused(f"s3://{self.bucket}/{KEY} does not say when a backup was rehearsed.") from error

    def last_took(self) -> timedelta | None:
        """From the request to rows that were read; None where nothing was rehearsed. Raises as above."""
        kept = self._kept()
        try:
            return None if kept is None else timedelta(seconds=float(kept["seconds"]))
        except (ValueError, KeyError, TypeError) as error:
            raise RunRefused(f"s3://{self.bucket}/{KEY} does not say how long a restore took.") from error

    def _kept(self) -> Any:
        text = s3_objects.find(self.client, self.bucket, KEY)
        try:
            return None if text is None else json.loads(text)
        except ValueError as error:
            raise RunRefused(f"s3://{self.bucket}/{KEY} is not what a rehearsal keeps.") from error
