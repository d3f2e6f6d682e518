"""What must be done to an object of a versioned bucket to have it as it was? Nothing here ever removes content.

A delete puts a marker on top and an overwrite a newer version; the older ones stay where they are
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html). So what was deleted comes back when
its markers are removed (https://docs.aws.amazon.com/AmazonS3/latest/userguide/RemDelMarker.html), and what was
overwritten when the older version is copied on top of it
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/RestoringPreviousVersions.html).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Version:
    """One version of the object `key`, or a marker that deletes it. `size_bytes` and `etag` are None for a marker."""

    key: str
    id: str
    at: datetime
    latest: bool
    size_bytes: int | None = None
    etag: str | None = None

    @property
    def is_marker(self) -> bool:
        return self.size_bytes is None


@dataclass(frozen=True)
class RemoveMarkers:
    """Take the markers away; `then` is what the object is afterwards."""

    markers: tuple[Version, ...]
    then: Version


@dataclass(frozen=True)
class CopyOnTop:
    """Copy `wanted` on top of `latest`."""

    wanted: Version
    latest: Version


@dataclass(frozen=True)
class PutMarker:
    """The object was not there then: delete it by a marker, which can be removed again."""

    latest: Version


@dataclass(frozen=True)
class Keep:
    """Nothing is to be done. `remarkable`: and a person should hear why."""

    key: str
    reason: str
    remarkable: bool = False


Step = RemoveMarkers | CopyOnTop | PutMarker | Keep


def newest_first(versions: Sequence[Version]) -> list[Version]:
    """S3 tells times to the second: in one second the latest is above all, and content above a marker."""
    return sorted(versions, key=lambda one: (one.latest, one.at, not one.is_marker), reverse=True)


def rewritten(versions: Sequence[Version]) -> str | None:
    """What was done to an object that is written once only, None: nothing. `versions` are all those of one key.

    Of several that S3 tells the same second of, those that it lists later were written earlier
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/list-obj-version-enabled-bucket.html).
    """
    ordered = newest_first(versions)
    contents = [one for one in ordered if not one.is_marker]
    latest = ordered[0]
    if ordered == contents[:1]:
        return None
    again = "overwritten" if ordered == contents else "deleted and written again"
    done = "deleted" if latest.is_marker else again
    left = f"what was written first is its version {contents[-1].id}" if contents else "no version of it is left"
    return f"{latest.key} was {done} ({latest.at.isoformat()}): {left}."


def undelete(versions: Sequence[Version]) -> Step:
    """The object as it was before it was deleted. `versions` are all those of one key, at least one."""
    ordered = newest_first(versions)
    if not ordered[0].is_marker:
        return Keep(ordered[0].key, "is not deleted")
    markers: list[Version] = []
    for version in ordered:
        if not version.is_marker:
            return RemoveMarkers(tuple(markers), version)
        markers.append(version)
    return Keep(ordered[0].key, "has no version left under its delete marker", remarkable=True)


def as_it_was(versions: Sequence[Version], moment: datetime, delete_newer: bool) -> Step:
    """The object as it was at `moment`. `delete_newer`: what was not there then is deleted, by a marker."""
    ordered = newest_first(versions)
    latest = ordered[0]
    then = next((version for version in ordered if version.at <= moment), None)
    if then is None or then.is_marker:
        if latest.is_marker:
            return Keep(latest.key, "was not there then, and is not now")
        if delete_newer:
            return PutMarker(latest)
        return Keep(latest.key, "was not there then; it is left as it is", remarkable=True)
    if then is latest:
        return Keep(latest.key, "has not changed since")
    return CopyOnTop(then, latest)
