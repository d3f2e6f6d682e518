"""Which rows of the old primary may the new leader lack?

Whatever was committed there before the newest heartbeat that reached the replica has reached it too, for WAL is replayed
in order. A row carries when it was accepted, which is before its commit, by a transaction's length at most.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from failover.domain.heartbeat import Heartbeat

# The service gives a transaction a few seconds; what is looked at twice costs nothing.
OVERLAP = timedelta(minutes=10)
THE_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
# A function's memory is the limit; what is more takes another way than a function. Of bodies as long as the service takes,
# that many rows would be 2 GB; of these bytes, what the listing makes of them is a gigabyte at worst.
MOST_ROWS, MOST_BYTES = 200_000, 64_000_000


@dataclass(frozen=True)
class LedgerRow:
    """A write of the service, as its database keeps it."""

    writer: str
    number: int
    body: str
    region: str
    epoch: int
    accepted_at: datetime


def looked_at_since(heartbeat: Heartbeat | None) -> datetime:
    """From when on rows are compared, given the newest heartbeat of the old primary that the replica has."""
    return THE_BEGINNING if heartbeat is None else heartbeat.at - OVERLAP


def as_lines(rows: Iterable[LedgerRow]) -> str:
    """One JSON object a line, in the order in which they were accepted."""
    ordered = sorted(rows, key=lambda row: (row.accepted_at, row.writer, row.number))
    return "".join(
        json.dumps({**asdict(row), "accepted_at": row.accepted_at.isoformat()}, sort_keys=True) + "\n"
        for row in ordered
    )
