"""What do the use cases need of the service's objects? Bounded in time, as in `ports`, and the same errors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from failover.domain.object_backlog import ObjectBacklog
    from failover.domain.object_versions import Version


class ObjectVersions(Protocol):
    """The versions of one bucket's objects."""

    def enabled(self) -> bool: ...

    def by_key(self, prefix: str) -> Iterator[list[Version]]:
        """All versions of each key below `prefix`, key by key."""
        ...

    def latest(self, key: str) -> Version | None: ...

    def same_content(self, one: Version, other: Version) -> bool: ...

    def copy_on_top(self, wanted: Version) -> None: ...

    def remove_marker(self, marker: Version) -> None: ...

    def put_marker(self, key: str) -> None: ...


class ObjectReplication(Protocol):
    """The objects' way to this Region."""

    def backlog(self, source: str, now: datetime) -> ObjectBacklog:
        """What waited in `source`. Never raises: what cannot be read is unknown."""
        ...


class CurrentObjects(Protocol):
    """What one bucket holds now."""

    def current(self, prefix: str) -> Iterator[Version]:
        """In the order of the keys. `id` is empty: a listing does not say it."""
        ...

    def replication_status(self, key: str) -> str | None: ...

    def checksum(self, key: str) -> bytes:
        """Of the object's content."""
        ...
