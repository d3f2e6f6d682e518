"""How does the leader prove that its database takes writes? By a heartbeat row, committed before every renewal.

On a session of its own: a pool that is busy, or still full of dead connections, must cost nobody the lease.
"""

from __future__ import annotations

import time
from datetime import UTC, timedelta
from pathlib import Path

import psycopg

from failover.application.errors import DatabaseUnavailable
from failover.application.ports import DatabaseLogin
from failover.domain.heartbeat import Heartbeat, Lsn
from webapi.service.sessions import Connection, connect, end, ended_after, is_stale, sentence

SCHEMA = (Path(__file__).parent / "schema.sql").read_text()
# Two tasks that create the same table at once would fail on the catalogue's unique index.
SCHEMA_LOCK = 0x64726C6162

# The instant is taken when the row is locked, so that of two tasks' heartbeats the later commit is the newer one.
BEAT = """
    INSERT INTO heartbeat AS kept (region, epoch, sequence, at, lsn)
    VALUES (%s, %s, 1, clock_timestamp(), pg_current_wal_insert_lsn())
    ON CONFLICT (region) DO UPDATE SET epoch = excluded.epoch, sequence = kept.sequence + 1,
        at = clock_timestamp(), lsn = pg_current_wal_insert_lsn()
    RETURNING sequence, at
"""
POSITION = "SELECT pg_current_wal_insert_lsn()::text"


class Ledger:
    """One session on the Region's database. `limit` bounds every call, connecting included."""

    def __init__(self, region: str, name: str, limit: timedelta) -> None:
        self._region = region
        self._name = name
        self._limit = limit
        self._connection: Connection | None = None
        self._login: DatabaseLogin | None = None
        self._schema_in_place = False

    async def beat(self, login: DatabaseLogin, epoch: int) -> Heartbeat:
        """Commit a heartbeat of `epoch`. Raises DatabaseUnavailable; whether it took effect is then not known.

        A new session brings the tables into place first.
        """
        deadline = time.monotonic() + self._limit.total_seconds()
        connection = await self._session(login)
        try:
            with ended_after(deadline - time.monotonic(), connection):
                if not self._schema_in_place:
                    await self._apply_schema(connection)
                beaten = await (await connection.execute(BEAT, (self._region, epoch))).fetchone()
                position = await (await connection.execute(POSITION)).fetchone()
        except psycopg.Error as error:
            await self.close()
            raise DatabaseUnavailable(sentence(error)) from error
        if beaten is None or position is None:
            raise DatabaseUnavailable("The database returned no heartbeat.")
        return Heartbeat(self._region, epoch, beaten[0], beaten[1].astimezone(UTC), Lsn.parse(position[0]))

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        self._schema_in_place = False
        if connection is not None:
            await connection.close()

    def abandon(self) -> None:
        """Let a call that is under way fail now."""
        if self._connection is not None:
            end(self._connection)

    async def _session(self, login: DatabaseLogin) -> Connection:
        connection = self._connection
        if connection is not None and login == self._login and not is_stale(connection):
            return connection
        await self.close()
        self._connection = await connect(login, self._name, self._limit)
        self._login = login
        return self._connection

    async def _apply_schema(self, connection: Connection) -> None:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", (SCHEMA_LOCK,))
            await connection.execute(SCHEMA)
        self._schema_in_place = True
