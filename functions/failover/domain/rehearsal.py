"""What does a rehearsal of a restore prove, and did production notice?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from failover.domain.restored_content import Content


@dataclass(frozen=True)
class Production:
    """What a rehearsal must leave as it is. None: it could not be seen, which proves nothing.

    `source` is that of the replica here, `slots` the replication slots on it, `answered_by` the Region that the public name
    answers with, and `lag` how far the replica's newest heartbeat is behind the newest that was published.
    """

    source: str | None
    slots: tuple[str, ...] | None
    answered_by: str | None
    lag: timedelta | None

    def to_dict(self) -> dict[str, Any]:
        lag = None if self.lag is None else self.lag.total_seconds()
        return {**asdict(self), "slots": None if self.slots is None else list(self.slots), "lag": lag}


def disturbed(before: Production, after: Production, allowed_lag: timedelta) -> tuple[str, ...]:
    """What is not as it was, or was not seen; nothing where production did not notice.

    `allowed_lag`: a replica that was behind by less than this before may be behind by as much after.
    """
    found = []
    for name, told in (("source", "the replica's source"), ("slots", "its slots"), ("answered_by", "the public name")):
        was, now = getattr(before, name), getattr(after, name)
        if was is None or now is None:
            found.append(f"{told} could not be seen {'before' if was is None else 'after'} the rehearsal")
        elif was != now:
            found.append(f"{told} changed from {was} to {now}")
    if before.lag is None or after.lag is None:
        found.append(f"the lag could not be seen {'before' if before.lag is None else 'after'} the rehearsal")
    elif after.lag > max(before.lag, allowed_lag):
        found.append(f"the lag grew from {before.lag.total_seconds():.1f} s to {after.lag.total_seconds():.1f} s")
    return tuple(found)


@dataclass(frozen=True)
class Tried:
    """What became of the restores. `restored_from` None: no backup proved usable.

    `restore` is the time from the request to rows that were read; `left_behind` what could not be deleted.
    """

    restored_from: str | None
    restore: timedelta | None
    content: Content | None
    unusable: tuple[Mapping[str, str], ...]
    left_behind: str | None


@dataclass(frozen=True)
class Rehearsed:
    """A rehearsal that took place."""

    tried: Tried
    disturbed: tuple[str, ...]
    before: Production
    after: Production

    @property
    def passed(self) -> bool:
        """Only if the very newest backup was restored, all was cleared away, and production did not notice."""
        newest = self.tried.restored_from is not None and not self.tried.unusable
        return newest and not self.disturbed and self.tried.left_behind is None

    def to_dict(self) -> dict[str, Any]:
        tried = self.tried
        return {
            "passed": self.passed,
            "restored_from": tried.restored_from,
            "restore_seconds": None if tried.restore is None else tried.restore.total_seconds(),
            "content": None if tried.content is None else tried.content.to_dict(),
            "unusable": [dict(one) for one in tried.unusable],
            "left_behind": tried.left_behind,
            "disturbed": list(self.disturbed),
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
        }
