"""What is really in a database that was restored?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta

from failover.adapters.postgres import HEARTBEAT, Postgres, beat_of
from failover.application.errors import DamagedContent, DatabaseUnavailable
from failover.application.ports import DatabaseLogin
from failover.domain.loss_bound import ReplicaPosition
from failover.domain.restored_content import TABLES, Content

TABLES_THERE = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
# Every row's body is read, so that a damaged page is met and its checksum fails.
LEDGER = "SELECT count(*), max(accepted_at), sum(length(body)) FROM writes"
SLOTS = "SELECT slot_name FROM pg_replication_slots WHERE NOT temporary ORDER BY slot_name"
RECOVERING = "SELECT pg_is_in_recovery()"
# https://www.postgresql.org/docs/current/errcodes-appendix.html (Class XX, internal errors: data_corrupted and the like)
DAMAGE = "XX"


@dataclass(frozen=True)
class PostgresContent:
    """One session a call. `timeout` bounds connecting and a probe.

    `reading` bounds the reading of the whole ledger, which must fit between a step's budget and its function's end.
    """

    timeout: timedelta
    reading: timedelta

    def content(self, login: DatabaseLogin, region: str) -> Content:
        """Raises DatabaseUnavailable, or DamagedContent for rows that cannot be read."""
        try:
            with Postgres(self.timeout).session(login, self.reading) as session:
                recovering: bool = session.execute(RECOVERING).fetchone()[0]
                tables = frozenset(row[0] for row in session.execute(TABLES_THERE).fetchall())
                if not tables >= TABLES:
                    return Content(recovering, tables, 0, None, None)
                count, newest, _ = session.execute(LEDGER).fetchone()
                beat = session.execute(HEARTBEAT, (region,)).fetchone()
        except DatabaseUnavailable as error:
            if error.sqlstate is not None and error.sqlstate.startswith(DAMAGE):
                raise DamagedContent(str(error)) from error
            raise
        at = newest.astimezone(UTC) if newest is not None else None
        return Content(recovering, tables, count, at, beat_of(beat))

    def write_probe(self, login: DatabaseLogin, region: str) -> None:
        """Commit one row. Raises DatabaseUnavailable, also when it is not known whether the commit took place."""
        Postgres(self.timeout).write_probe(login, region)

    def position(self, login: DatabaseLogin, region: str) -> ReplicaPosition:
        """Raises DatabaseUnavailable."""
        return Postgres(self.timeout).position(login, region)

    def in_recovery(self, login: DatabaseLogin) -> bool:
        """Raises DatabaseUnavailable."""
        return Postgres(self.timeout).in_recovery(login)

    def slots(self, login: DatabaseLogin) -> tuple[str, ...]:
        """Raises DatabaseUnavailable."""
        with Postgres(self.timeout).session(login) as session:
            return tuple(str(row[0]) for row in session.execute(SLOTS).fetchall())
