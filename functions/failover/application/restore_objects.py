"""How is a prefix brought back from its versions, completely, and again from where it was interrupted?

What is still to be done follows from the versions alone: an object that already is as it was wanted is passed over, so a
second call goes on where the first one ended. Nothing is kept beside the bucket.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from failover.application.errors import RunRefused, TransientFailure
from failover.application.object_ports import ObjectVersions
from failover.domain.object_versions import (
    CopyOnTop,
    Keep,
    PutMarker,
    RemoveMarkers,
    Step,
    Version,
    as_it_was,
    undelete,
)

AT_ONCE = 8
WAITING = 10 * AT_ONCE  # a bucket's listing is read no further ahead than this


@dataclass
class Restored:
    """What was found and done. `failed`: key and sentence; `remarkable`: likewise, of what was left as it is."""

    looked_at: int = 0
    restored: int = 0
    restored_bytes: int = 0
    deleted: int = 0
    already: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    remarkable: list[tuple[str, str]] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return not self.failed

    def to_dict(self) -> dict[str, Any]:
        return vars(self) | {"complete": self.complete}


@dataclass(frozen=True)
class RestoreObjects:
    """Of one bucket. With `dry_run` nothing is changed, and the answer says what would be.

    `said(restored)` is called after each object.
    """

    versions: ObjectVersions
    dry_run: bool
    said: Callable[[Restored], None] = lambda _: None

    def undelete(self, prefix: str) -> Restored:
        """Raises RunRefused: a prefix that never held anything, a bucket that cannot be read. Or TransientFailure."""
        return self._each(prefix, undelete)

    def restore(self, prefix: str, moment: datetime, delete_newer: bool) -> Restored:
        """As `undelete`, and RunRefused for a `moment` before the first version below `prefix`."""
        # A time before everything is a mistake, and with `delete_newer` a costly one: found out before anything is changed.
        first: datetime | None = None
        for versions in self._keys(prefix):
            oldest = min(one.at for one in versions)
            first = oldest if first is None else min(first, oldest)
            if first <= moment:
                break
        if first is not None and moment < first:
            raise RunRefused(
                f"Nothing below {prefix!r} is as old as {moment:%Y-%m-%dT%H:%M:%SZ}: the oldest version is of"
                f" {first:%Y-%m-%dT%H:%M:%SZ}. Ask for a time from then on."
            )
        return self._each(prefix, lambda versions: as_it_was(versions, moment, delete_newer))

    def _keys(self, prefix: str) -> Iterator[list[Version]]:
        if not self.versions.enabled():
            raise RunRefused("The bucket keeps no versions: what was deleted or overwritten in it is gone.")
        return self.versions.by_key(prefix)

    def _each(self, prefix: str, step: Callable[[list[Version]], Step]) -> Restored:
        found = Restored()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            try:
                for result in _in_order_of_ending(pool, self._keys(prefix), lambda versions: self._one(step(versions))):
                    result(found)
                    found.looked_at += 1
                    self.said(found)
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        if not found.looked_at:
            raise RunRefused(
                f"There is and was nothing below {prefix!r} in this bucket. Look for the prefix's spelling."
            )
        return found

    def _one(self, step: Step) -> Callable[[Restored], None]:
        """What is to be counted for this step, once it is done."""
        if isinstance(step, Keep):
            return lambda found: found.remarkable.append((step.key, step.reason)) if step.remarkable else None
        key = _key(step)
        try:
            return self._done(step)
        except (RunRefused, TransientFailure) as error:
            sentence = str(error)
            return lambda found: found.failed.append((key, sentence))

    def _done(self, step: RemoveMarkers | CopyOnTop | PutMarker) -> Callable[[Restored], None]:
        if isinstance(step, PutMarker):
            if not self.dry_run:
                self.versions.put_marker(step.latest.key)
            return _deleted
        wanted = step.then if isinstance(step, RemoveMarkers) else step.wanted
        if isinstance(step, CopyOnTop) and not step.latest.is_marker and self._same(wanted, step.latest):
            return _already
        if not self.dry_run:
            if isinstance(step, RemoveMarkers):
                for marker in step.markers:
                    self.versions.remove_marker(marker)
            else:
                self.versions.copy_on_top(wanted)
            self._check(wanted)
        return lambda found: _restored(found, wanted)

    def _check(self, wanted: Version) -> None:
        """Raises RunRefused unless the object is now what it was."""
        now = self.versions.latest(wanted.key)
        if now is None or not self._same(wanted, now):
            raise RunRefused(
                f"{wanted.key} was written, but is not what version {wanted.id} is. Somebody else may be writing."
            )

    def _same(self, one: Version, other: Version) -> bool:
        if one.id == other.id:
            return True
        return one.size_bytes == other.size_bytes and self.versions.same_content(one, other)


def _in_order_of_ending(
    pool: ThreadPoolExecutor,
    items: Iterable[list[Version]],
    work: Callable[[list[Version]], Callable[[Restored], None]],
) -> Iterator[Callable[[Restored], None]]:
    running: set[Future[Callable[[Restored], None]]] = set()
    for item in items:
        running.add(pool.submit(work, item))
        if len(running) >= WAITING:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (one.result() for one in done)
    while running:
        done, running = wait(running, return_when=FIRST_COMPLETED)
        yield from (one.result() for one in done)


def _key(step: RemoveMarkers | CopyOnTop | PutMarker) -> str:
    return step.then.key if isinstance(step, RemoveMarkers) else step.latest.key


def _restored(found: Restored, wanted: Version) -> None:
    found.restored += 1
    found.restored_bytes += wanted.size_bytes or 0


def _already(found: Restored) -> None:
    found.already += 1


def _deleted(found: Restored) -> None:
    found.deleted += 1
