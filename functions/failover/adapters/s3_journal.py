"""Where is it remembered what was decided and done? In this Region's control bucket, an object an entry.

An entry is written only where its number is still free, so of two writers one takes the next number. Listing is in the
order of the keys (https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html) and strongly consistent
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel). A PutObject with a retention needs a
checksum, which boto3 adds by itself: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from failover.adapters import s3_objects
from failover.adapters.aws_errors import told_in_a_sentence
from failover.application.errors import RunRefused, TransientFailure
from failover.domain.journal import PREFIX, Entry, Event, key_of, next_entry

TRIES = 8
# GOVERNANCE: nobody removes or replaces an entry by mistake; who may bypass it is the account's decision, by IAM.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html#object-lock-retention-modes
KEPT_FOR = timedelta(days=365)
# One by one, a hundred entries of a Region across an ocean take longer than a gateway waits for the status. As many as the
# client has connections.
_READERS = ThreadPoolExecutor(16, thread_name_prefix="journal")


@dataclass
class S3Journal:
    """One Region's journal. Keep it: it remembers how far it has read."""

    client: Any
    bucket: str
    _newest: tuple[str, str] | None = field(default=None, repr=False)

    def append(self, event: Event) -> None:
        """Raises TransientFailure or RunRefused, and then it is not known whether the entry is there."""
        for _ in range(TRIES):
            now = datetime.now(UTC)
            newest = self.newest()
            try:
                entry = next_entry(newest, event, now)
            except (ValueError, KeyError, TypeError) as error:
                raise RunRefused(f"The journal's newest entry cannot be read: {error}.") from error
            key, text = key_of(entry.number), entry.to_text()
            if s3_objects.create(
                self.client,
                self.bucket,
                key,
                text,
                ObjectLockMode="GOVERNANCE",
                ObjectLockRetainUntilDate=now + KEPT_FOR,
            ):
                self._newest = (key, text)
                return
        raise TransientFailure(f"The journal took other entries {TRIES} times.")

    def newest(self) -> str | None:
        """The newest entry's text, None in an empty journal. Raises TransientFailure or RunRefused."""
        for key in self._keys_after(self._newest[0] if self._newest else PREFIX):
            self._newest = (key, "")
        if self._newest is None:
            return None
        key, text = self._newest
        if not text:
            self._newest = (key, text := self._read(key))
        return text

    def newest_entries(self, count: int) -> list[Entry]:
        """At most `count`, the newest last. Raises TransientFailure or RunRefused."""
        try:
            return [Entry.parse(text) for text in self._read_all(self._keys_after(PREFIX)[-count:])]
        except (ValueError, KeyError, TypeError) as error:
            raise RunRefused(f"s3://{self.bucket}/{PREFIX} holds something that is no entry: {error}.") from error

    def all(self) -> dict[str, str]:
        """Every entry's text by its key. Raises TransientFailure or RunRefused."""
        keys = self._keys_after(PREFIX)
        return dict(zip(keys, self._read_all(keys), strict=True))

    def _keys_after(self, key: str) -> list[str]:
        with told_in_a_sentence(f"Listing s3://{self.bucket}/{PREFIX}"):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=PREFIX, StartAfter=key
            )
            return [one["Key"] for page in pages for one in page.get("Contents", ())]

    def _read_all(self, keys: Iterable[str]) -> list[str]:
        """In the order of `keys`."""
        return list(_READERS.map(self._read, keys))

    def _read(self, key: str) -> str:
        return s3_objects.read(self.client, self.bucket, key)
