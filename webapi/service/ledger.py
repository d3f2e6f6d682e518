"""How does the leader prove that its database takes writes? By a heartbeat row, committed before every renewal.

With it goes a row that registers the task as one that may acknowledge writes; a task that is fenced says there that it
does not any more, which its replica then shows (failover.domain.lease_holders).

On a session of its own: a pool that is busy, or still full of dead connections, must cost nobody the lease.
"""

from __future__ import annotations

import time
import uuid
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import psycopg

from failover.application.errors import DatabaseUnavailable
from failover.application.ports import DatabaseLogin
from failover.domain.heartbeat import Heartbeat, Lsn
from failover.domain.plan import DatabaseMode
from webapi.service.sessions import Connection, connect, end, ended_after, is_stale, sentence

SCHEMA = (Path(__file__).parent / "schema.sql").read_text()
# Two tasks that create the same table at once would fail on the catalogue's unique index.
SCHEMA_LOCK = 0x64726C6162

# Aurora refuses the functions that tell a position (failover.adapters.aurora_postgres). 0/0 is PostgreSQL's own invalid one.
# https://doxygen.postgresql.org/xlogdefs_8h.html
WHERE_IT_STANDS = {DatabaseMode.RDS: "pg_current_wal_insert_lsn()", DatabaseMode.AURORA: "'0/0'::pg_lsn"}
# The instant is taken when the row is locked, so that of two tasks' heartbeats the later commit is the newer one.
# A statement that was given up here may still be carried out there, late: an older epoch never replaces a newer one.
HOLD = """
    INSERT INTO lease_holder AS known (task, region, epoch, watched_seconds, lsn, at)
    VALUES (%(task)s, %(region)s, %(epoch)s, %(watched)s, {position}, clock_timestamp())
    ON CONFLICT (task) DO UPDATE SET epoch = excluded.epoch, watched_seconds = excluded.watched_seconds,
        lsn = excluded.lsn, at = excluded.at WHERE known.epoch <= excluded.epoch
    RETURNING epoch
"""
BEAT = f"""
    WITH held AS ({HOLD})
    INSERT INTO heartbeat AS kept (region, epoch, sequence, at, lsn)
    SELECT %(region)s, held.epoch, 1, clock_timestamp(), {{position}} FROM held
    ON CONFLICT (region) DO UPDATE SET epoch = excluded.epoch, sequence = kept.sequence + 1,
        at = clock_timestamp(), lsn = {{position}}
    RETURNING sequence, at
"""  # noqa: S608 - both halves stand above
# Rows of tasks that ended without a word. No lease lasts nearly as long: the plan allows ten minutes, and as much to publish.
FORGET = "DELETE FROM lease_holder WHERE at < clock_timestamp() - interval '1 hour'"
LEAVE = "DELETE FROM lease_holder WHERE task = %s"
POSITION = "SELECT ({position})::text"


class Ledger:
    """One session on the Region's database. `limit` bounds every call, connecting included."""

    def __init__(self, region: str, name: str, limit: timedelta, mode: DatabaseMode = DatabaseMode.RDS) -> None:
        self._region = region
        self._name = name
        self._limit = limit
        position = WHERE_IT_STANDS[mode]
        self._hold, self._beat, self._position = (one.format(position=position) for one in (HOLD, BEAT, POSITION))
        # Of this process alone: a name that a restarted task took over could speak for two.
        self._holder = f"{name}/{uuid.uuid4().hex[:12]}"
        self._registered = False
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
                self._registered = True
                beaten = await (await connection.execute(self._beat, self._said(epoch, None))).fetchone()
                position = await (await connection.execute(self._position)).fetchone()
        except psycopg.Error as error:
            await self.close()
            raise DatabaseUnavailable(sentence(error)) from error
        if beaten is None or position is None:
            raise DatabaseUnavailable("The database has heard of a newer epoch from this task, and took no heartbeat.")
        return Heartbeat(self._region, epoch, beaten[0], beaten[1].astimezone(UTC), Lsn.parse(position[0]))

    async def confirm_stopped(self, login: DatabaseLogin, epoch: int, watched: timedelta) -> None:
        """Commit that this task acknowledges nothing, and has watched the fence of `epoch` for `watched`.

        Raises DatabaseUnavailable; whether it took effect is then not known.
        """
        deadline = time.monotonic() + self._limit.total_seconds()
        connection = await self._session(login)
        try:
            with ended_after(deadline - time.monotonic(), connection):
                if not self._schema_in_place:
                    await self._apply_schema(connection)
                await connection.execute(self._hold, self._said(epoch, watched))
        except psycopg.Error as error:
            await self.close()
            raise DatabaseUnavailable(sentence(error)) from error
        self._registered = True

    async def leave(self, login: DatabaseLogin) -> None:
        """Take this task off the list, if it is on it: it acknowledges nothing any more. Raises DatabaseUnavailable."""
        if not self._registered:
            return
        deadline = time.monotonic() + self._limit.total_seconds()
        connection = await self._session(login)
        try:
            with ended_after(deadline - time.monotonic(), connection):
                await connection.execute(LEAVE, (self._holder,))
        except psycopg.Error as error:
            await self.close()
            raise DatabaseUnavailable(sentence(error)) from error

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        self._schema_in_place = False
        if connection is not None:
            await connection.close()

    def abandon(self) -> None:
        """Let a call that is under way fail now."""
        if self._connection is not None:
            end(self._connection)

    def _said(self, epoch: int, watched: timedelta | None) -> dict[str, Any]:
        seconds = None if watched is None else watched.total_seconds()
        return {"task": self._holder, "region": self._region, "epoch": epoch, "watched": seconds}

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
            await connection.execute(FORGET)
        self._schema_in_place = True
