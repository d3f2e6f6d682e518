"""Where does a PostgreSQL server stand, and does it commit?

TLS and its checks come from libpq's own settings (PGSSLMODE, PGSSLROOTCERT):
https://www.postgresql.org/docs/current/libpq-envars.html
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

from failover.application.errors import DatabaseUnavailable
from failover.application.ports import DatabaseLogin
from failover.domain.heartbeat import Heartbeat, Lsn
from failover.domain.lease_holders import Confirmations, LeaseHolder
from failover.domain.loss_bound import ReplicaPosition

# https://www.postgresql.org/docs/current/functions-admin.html (recovery information functions)
POSITION = """
    SELECT pg_is_in_recovery(), pg_last_wal_receive_lsn()::text, pg_last_wal_replay_lsn()::text
"""
HEARTBEAT = "SELECT region, epoch, sequence, at, lsn::text FROM heartbeat WHERE region = %s"
HOLDERS = "SELECT task, epoch, watched_seconds, lsn::text FROM lease_holder WHERE region = %s ORDER BY task"
REPLAYED = "SELECT pg_last_wal_replay_lsn()::text"
PROBE = "INSERT INTO probe (region, at) VALUES (%s, clock_timestamp())"


@dataclass(frozen=True)
class Postgres:
    """One session a call. `timeout` bounds connecting, and everything after it."""

    timeout: timedelta

    def position(self, login: DatabaseLogin, region: str) -> ReplicaPosition:
        """Raises DatabaseUnavailable. The position is read before the heartbeat, which can thus only be newer."""
        with self.session(login) as session:
            recovering, received, replayed = session.execute(POSITION).fetchone()
            row = session.execute(HEARTBEAT, (region,)).fetchone()
        return ReplicaPosition(recovering, _lsn(received), _lsn(replayed), beat_of(row))

    def confirmations(self, login: DatabaseLogin, region: str) -> Confirmations:
        """Raises DatabaseUnavailable. The tasks are read before the position, which is thus past what they wrote."""
        with self.session(login) as session:
            rows = session.execute(HOLDERS, (region,)).fetchall()
            (replayed,) = session.execute(REPLAYED).fetchone()
        return Confirmations(tuple(holder_of(*row) for row in rows), _lsn(replayed))

    def in_recovery(self, login: DatabaseLogin) -> bool:
        """Raises DatabaseUnavailable."""
        with self.session(login) as session:
            recovering: bool = session.execute("SELECT pg_is_in_recovery()").fetchone()[0]
        return recovering

    def write_probe(self, login: DatabaseLogin, region: str) -> None:
        """Commit one row. Raises DatabaseUnavailable, also when it is not known whether the commit took place."""
        with self.session(login) as session:
            session.execute(PROBE, (region,))

    @contextmanager
    def session(self, login: DatabaseLogin, within: timedelta | None = None) -> Iterator[Any]:
        """A transaction that commits at the end. Raises DatabaseUnavailable, also at the end of `within`, if it is given.

        A frozen server answers neither the query nor its cancellation: the watchdog shuts the socket down instead.
        """
        # Few functions open a database; the others need not load the driver.
        import psycopg

        try:
            with (
                psycopg.connect(
                    host=login.host,
                    port=login.port,
                    dbname=login.dbname,
                    user=login.username,
                    password=login.password,
                    connect_timeout=max(round(self.timeout.total_seconds()), 1),
                    application_name="drlab",
                ) as session,
                _watchdog(session.fileno(), within or self.timeout),
            ):
                yield session
        except psycopg.Error as error:
            raise DatabaseUnavailable(_sentence(error), error.sqlstate) from error


@contextmanager
def _watchdog(descriptor: int, timeout: timedelta) -> Iterator[None]:
    """Ends a connection that lasts longer than `timeout`, whatever its owner is waiting for."""
    twin = socket.socket(fileno=socket.dup(descriptor))
    timer = threading.Timer(timeout.total_seconds(), _shut_down, (twin,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        twin.close()


def _shut_down(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        # It has ended by itself in the meantime.
        return


def holder_of(task: str, epoch: int, watched_seconds: float | None, lsn: str) -> LeaseHolder:
    watched = None if watched_seconds is None else timedelta(seconds=watched_seconds)
    return LeaseHolder(task, epoch, watched, Lsn.parse(lsn))


def beat_of(row: Sequence[Any] | None) -> Heartbeat | None:
    """From what HEARTBEAT selects."""
    return None if row is None else Heartbeat(row[0], row[1], row[2], row[3].astimezone(UTC), Lsn.parse(row[4]))


def _lsn(text: str | None) -> Lsn | None:
    return Lsn.parse(text) if text is not None else None


def _sentence(error: Exception) -> str:
    """The first line: what follows names hosts and hints at length."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
