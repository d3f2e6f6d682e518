"""Which rows does the service's database hold, and which of some does it lack? (webapi/service/schema.sql)"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from failover.adapters.postgres import Postgres
from failover.application.errors import RunRefused
from failover.application.ports import DatabaseLogin
from failover.domain.divergence import MOST_BYTES, MOST_ROWS, LedgerRow

COLUMNS = "writer, number, body, region, epoch, accepted_at"
SINCE = f"SELECT {COLUMNS} FROM writes WHERE accepted_at >= %s ORDER BY accepted_at LIMIT %s"  # noqa: S608 - as above
SIZE = "SELECT coalesce(sum(octet_length(body)), 0)::bigint FROM writes WHERE accepted_at >= %s"
# Compared with all that a user wrote: the same number with another body is another write.
THERE = """
    SELECT known.writer, known.number FROM writes AS known
    JOIN unnest(%s::text[], %s::bigint[], %s::text[]) AS asked (writer, number, body)
    USING (writer, number, body)
"""
AT_ONCE = 5_000


@dataclass(frozen=True)
class PostgresLedger:
    """One session a call, bounded by that of `postgres`."""

    postgres: Postgres
    most: int = MOST_ROWS
    most_bytes: int = MOST_BYTES

    def since(self, login: DatabaseLogin, accepted: datetime) -> Sequence[LedgerRow]:
        """Raises DatabaseUnavailable, or RunRefused where there are more than `most`, or of more than `most_bytes`."""
        with self.postgres.session(login) as session:
            if session.execute(SIZE, (accepted,)).fetchone()[0] > self.most_bytes:
                raise RunRefused(f"more than {self.most_bytes} bytes were accepted since {_spoken(accepted)}.")
            rows = session.execute(SINCE, (accepted, self.most + 1)).fetchall()
        if len(rows) > self.most:
            raise RunRefused(f"more than {self.most} were accepted since {_spoken(accepted)}.")
        return [
            LedgerRow(writer, number, body, region, epoch, at.astimezone(UTC))
            for writer, number, body, region, epoch, at in rows
        ]

    def lacking(self, login: DatabaseLogin, rows: Sequence[LedgerRow]) -> Sequence[LedgerRow]:
        """Raises DatabaseUnavailable."""
        there: set[tuple[str, int]] = set()
        with self.postgres.session(login) as session:
            for start in range(0, len(rows), AT_ONCE):
                asked = rows[start : start + AT_ONCE]
                columns = ([r.writer for r in asked], [r.number for r in asked], [r.body for r in asked])
                there.update(session.execute(THERE, columns).fetchall())
        return [row for row in rows if (row.writer, row.number) not in there]


def _spoken(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
