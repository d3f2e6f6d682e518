"""In which objects do the two Regions' buckets differ, and what does S3's replication say of those?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from failover.application.errors import RunRefused
from failover.application.object_ports import CurrentObjects
from failover.domain.object_versions import Version


class Difference(StrEnum):
    """Of an object between the bucket that leads and the other one."""

    MISSING = "missing in the other bucket"
    DIFFERENT = "different in the other bucket"
    EXTRA = "only in the other bucket"


@dataclass
class Compared:
    """`differences`: key, what, and S3's replication status of the leading bucket's object (None: it has none)."""

    objects: int = 0
    same: int = 0
    differences: list[tuple[str, Difference, str | None]] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        listed = [{"key": key, "difference": what, "replication": status} for key, what, status in self.differences]
        return {"objects": self.objects, "same": self.same, "differences": listed}


@dataclass(frozen=True)
class CompareObjects:
    """`leading` is the bucket of the Region that leads, `other` the one that it replicates to."""

    leading: CurrentObjects
    other: CurrentObjects

    def __call__(self, prefix: str) -> Compared:
        """Reads only. Raises RunRefused (also where neither bucket has anything below `prefix`) or TransientFailure."""
        found = Compared()
        for key, here, there in _side_by_side(self.leading.current(prefix), self.other.current(prefix)):
            found.objects += 1
            if here is None:
                found.differences.append((key, Difference.EXTRA, None))
            elif there is None:
                found.differences.append((key, Difference.MISSING, self.leading.replication_status(key)))
            elif here.size_bytes == there.size_bytes and self._same(here, there):
                found.same += 1
            else:
                found.differences.append((key, Difference.DIFFERENT, self.leading.replication_status(key)))
        if not found.objects:
            raise RunRefused(f"Neither bucket has an object below {prefix!r}. Look for the prefix's spelling.")
        return found

    def _same(self, here: Version, there: Version) -> bool:
        return here.etag == there.etag or self.leading.checksum(here.key) == self.other.checksum(there.key)


def _side_by_side(
    ones: Iterator[Version], others: Iterator[Version]
) -> Iterator[tuple[str, Version | None, Version | None]]:
    """Both in the order of their keys."""
    one, other = next(ones, None), next(others, None)
    while one or other:
        if other is None or (one is not None and one.key < other.key):
            assert one is not None  # noqa: S101 - one of the two is there
            yield one.key, one, None
            one = next(ones, None)
        elif one is None or other.key < one.key:
            yield other.key, None, other
            other = next(others, None)
        else:
            yield one.key, one, other
            one, other = next(ones, None), next(others, None)
