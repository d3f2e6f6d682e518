"""Was a write definitely not written, written, or is that unknown?

A bounded pool; every call, waiting for a connection included, ends within one limit. Nothing is sent twice.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import tuple_row
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from failover.application.errors import DatabaseUnavailable
from failover.application.ports import DatabaseLogin
from webapi.service.sessions import (
    Connection,
    ended_after,
    is_refusal,
    is_stale,
    parameters,
    refuse_superuser,
    sentence,
)

LOG = logging.getLogger(__name__)
SMALLEST_POOL, LARGEST_POOL = 2, 10
LONGEST_QUEUE = 200

# Repeating a write of the same body changes nothing and returns the row; another body returns no row. A row that
# another session is just inserting is waited for.
# https://www.postgresql.org/docs/current/sql-insert.html#SQL-ON-CONFLICT
INSERT = """
    INSERT INTO writes AS kept (writer, number, body, region, epoch) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (writer, number) DO UPDATE SET number = excluded.number WHERE kept.body = excluded.body
    RETURNING region, epoch
"""
COLUMNS = "writer, number, body, region, epoch, accepted_at"
ONE = f"SELECT {COLUMNS} FROM writes WHERE writer = %s AND number = %s"  # noqa: S608
SOME = f"SELECT {COLUMNS} FROM writes WHERE writer = %s AND number > %s ORDER BY number LIMIT %s"  # noqa: S608

NOT_CONNECTED = "The service is not connected to its database."
NO_CONNECTION = "No connection to the database became free in time."


class OutcomeUnknown(Exception):
    """The statement was sent, and nobody can say whether it took effect; the text says what happened."""


@dataclass(frozen=True)
class Write:
    """A row of `writes`. `epoch` is that of the lease under which it was first accepted."""

    writer: str
    number: int
    body: str
    region: str
    epoch: int
    accepted_at: datetime


@dataclass(frozen=True)
class Accepted:
    """The row is committed, now or by an earlier request; that one's Region and epoch are kept."""

    region: str
    epoch: int


@dataclass(frozen=True)
class NumberTaken:
    """The writer used this number for another body."""


class Database:
    """The Region's own database. Calls raise DatabaseUnavailable where certainly nothing was written."""

    def __init__(self, name: str, limit: timedelta) -> None:
        """`name` shows in the server's session list. `limit` bounds every call."""
        self._name = name
        self._limit = limit
        self._pool: AsyncConnectionPool[Connection] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    async def connect(self, login: DatabaseLogin) -> None:
        """Use `login` from now on, with new connections only; calls that are under way end on the old ones.

        A new pool, for an old one that met failures pauses longer and longer before it tries again.
        """
        pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            kwargs={**parameters(login, self._name, self._limit), "row_factory": tuple_row},
            min_size=SMALLEST_POOL,
            max_size=LARGEST_POOL,
            max_waiting=LONGEST_QUEUE,
            reconnect_timeout=2 * self._limit.total_seconds(),
            configure=refuse_superuser,
            open=False,
            name=self._name,
        )
        await pool.open()
        old, self._pool = self._pool, pool
        if old is not None:
            task = asyncio.create_task(old.close(self._limit.total_seconds()))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close(self._limit.total_seconds())
        if self._closing:
            await asyncio.wait(self._closing)

    async def insert(self, writer: str, number: int, body: str, region: str, epoch: int) -> Accepted | NumberTaken:
        """Commit the row in one round trip. Raises DatabaseUnavailable or OutcomeUnknown."""
        rows = await self._ask(INSERT, (writer, number, body, region, epoch))
        return Accepted(*rows[0]) if rows else NumberTaken()

    async def read(self, writer: str, number: int) -> Write | None:
        """Raises DatabaseUnavailable."""
        rows = await self._read(ONE, (writer, number))
        return Write(*rows[0]) if rows else None

    async def read_some(self, writer: str, after: int, limit: int) -> list[Write]:
        """The first `limit` rows whose number is above `after`, by number. Raises DatabaseUnavailable."""
        return [Write(*row) for row in await self._read(SOME, (writer, after, limit))]

    async def _read(self, statement: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        try:
            return await self._ask(statement, values)
        except OutcomeUnknown as error:
            raise DatabaseUnavailable(str(error)) from error

    async def _ask(self, statement: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        deadline = time.monotonic() + self._limit.total_seconds()
        pool, connection = await self._borrow(time.monotonic() + self._limit.total_seconds() / 2)
        try:
            with ended_after(deadline - time.monotonic(), connection):
                cursor = await connection.execute(statement, values)
                return await cursor.fetchall()
        except psycopg.Error as error:
            if is_refusal(error):
                raise DatabaseUnavailable(sentence(error)) from error
            raise OutcomeUnknown(sentence(error)) from error
        finally:
            await pool.putconn(connection)

    async def _borrow(self, deadline: float) -> tuple[AsyncConnectionPool[Connection], Connection]:
        """A connection that the server has not ended. A dead one is given back, and the pool replaces it."""
        pool = self._pool
        if pool is None:
            raise DatabaseUnavailable(NOT_CONNECTED)
        while True:
            try:
                connection = await pool.getconn(deadline - time.monotonic())
            except (PoolTimeout, PoolClosed, TooManyRequests) as error:
                raise DatabaseUnavailable(NO_CONNECTION) from error
            if not is_stale(connection):
                return pool, connection
            await connection.close()
            await pool.putconn(connection)
