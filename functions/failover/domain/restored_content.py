"""Is what was restored really the service's database, and as new as its backup claims?

An instance that RDS calls available says nothing of what is in it. The leader writes a heartbeat row with every lease,
so a database that was restored to a moment has one of just before that moment; rows are read, not counted from a catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from failover.domain.heartbeat import Heartbeat
from failover.domain.leader_record import Refusal
from failover.domain.recovery_point import RecoveryPoint, shown

TABLES = frozenset({"writes", "heartbeat", "lease_holder", "probe"})


@dataclass(frozen=True)
class Content:
    """What a server shows. None: there is no such row."""

    in_recovery: bool
    tables: frozenset[str]
    writes: int
    newest_write: datetime | None
    heartbeat: Heartbeat | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "writes": self.writes,
            "newest_write": self.newest_write.isoformat() if self.newest_write else None,
            "newest_heartbeat": self.heartbeat.at.isoformat() if self.heartbeat else None,
        }


def incomplete(content: Content) -> Refusal | None:
    """Why `content` is not the service's database, led and taking writes; None where it is."""
    if content.in_recovery:
        return Refusal("Its server is still in recovery.")
    if missing := TABLES - content.tables:
        return Refusal(f"It has no table {', '.join(sorted(missing))}: this is not the service's database.")
    if content.heartbeat is None:
        return Refusal("It has no heartbeat of a leader.")
    return None


def implausible(
    content: Content, point: RecoveryPoint, published: Heartbeat | None, between_beats: timedelta
) -> Refusal | None:
    """Why `content` is not what `point` promises, None where it is.

    `published` is the newest heartbeat that the leader published: after it a backup has none either. `between_beats` is
    the longest that a leader stays without one.
    """
    if (refusal := incomplete(content)) is not None or content.heartbeat is None:
        return refusal
    if content.writes == 0:
        return Refusal("Its ledger is empty: without a write in it, nothing shows that the data came along.")
    alive = point.at if published is None else min(point.at, published.at)
    if content.heartbeat.at < alive - between_beats:
        return Refusal(
            f"Its newest heartbeat is of {shown(content.heartbeat.at)}, too old for {shown(point.at)}: "
            "logs are missing from the backup."
        )
    # An automated backup may have moved on since it was chosen; anything else is of one moment.
    if not point.newest and content.heartbeat.at > point.at + between_beats:
        return Refusal(f"It goes on until {shown(content.heartbeat.at)}, past {shown(point.at)}.")
    return None
