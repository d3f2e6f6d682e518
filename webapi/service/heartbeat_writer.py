"""How does a leading task prove that it is alive? A row in the database, then the same in every control bucket.

The row travels to the replica with the writes; the published copy stays where the primary Region's death cannot
reach it. What the replica shows of the first, compared with the second, bounds what a promotion could lose.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from concurrent.futures import Executor, as_completed
from concurrent.futures import TimeoutError as NotInTime
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import psycopg
from botocore.exceptions import BotoCoreError, ClientError

from failover.domain.heartbeat import Heartbeat, Lsn
from failover.domain.register_protocol import majority
from webapi.service.database import Credentials, break_connection

KEY = "heartbeat.json"
SCHEMA = (Path(__file__).parent / "schema.sql").read_text()
SCHEMA_LOCK = 7_310_001
BEAT = """
INSERT INTO heartbeat (region, epoch, sequence, at, lsn)
VALUES (%s, %s, 1, clock_timestamp(), pg_current_wal_insert_lsn())
ON CONFLICT (region) DO UPDATE SET epoch = excluded.epoch, sequence = heartbeat.sequence + 1,
    at = clock_timestamp(), lsn = pg_current_wal_insert_lsn()
RETURNING sequence, at
"""


class HeartbeatFailed(Exception):
    """The row was not committed, or no majority of the buckets took it in time; the text says which."""


class HeartbeatWriter:
    """Keeps one connection of its own: a pool that is exhausted must not cost the lease. One thread only."""

    def __init__(self, region: str, buckets: Mapping[str, str], clients: Mapping[str, Any], executor: Executor) -> None:
        self._region = region
        self._buckets = buckets
        self._clients = clients
        self._executor = executor
        self._connection: psycopg.Connection[Any] | None = None

    def commit(self, credentials: Credentials, epoch: int, within: timedelta) -> Heartbeat:
        """Commit the next heartbeat row. Raises HeartbeatFailed."""
        try:
            connection = self._connected(credentials, within)
            with _bounded(connection, within):
                row = connection.execute(BEAT, (self._region, epoch)).fetchone()
                after = connection.execute("SELECT pg_current_wal_insert_lsn()::text").fetchone()
        except psycopg.Error as error:
            self.disconnect()
            raise HeartbeatFailed(f"the database took no heartbeat: {_sqlstate(error)}") from error
        if row is None or after is None:
            raise HeartbeatFailed("the database returned no heartbeat")
        return Heartbeat(self._region, epoch, row[0], row[1].astimezone(UTC), Lsn.parse(after[0]))

    def publish(self, heartbeat: Heartbeat, within: timedelta) -> None:
        """Put it into every bucket; a majority must have taken it in time. Raises HeartbeatFailed."""
        body = json.dumps(heartbeat.to_dict()).encode()
        calls = [
            self._executor.submit(_put, self._clients[region], bucket, body) for region, bucket in self._buckets.items()
        ]
        taken = 0
        try:
            for call in as_completed(calls, within.total_seconds()):
                taken += call.result()
                if taken >= majority(len(calls)):
                    return
        except NotInTime:
            pass
        raise HeartbeatFailed(f"only {taken} of {len(calls)} control buckets took the heartbeat")

    def apply_schema(self, credentials: Credentials, within: timedelta) -> None:
        """Create what is missing. Raises HeartbeatFailed."""
        try:
            connection = self._connected(credentials, within)
            with _bounded(connection, within), connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (SCHEMA_LOCK,))
                connection.execute(SCHEMA)
        except psycopg.Error as error:
            self.disconnect()
            raise HeartbeatFailed(f"the schema could not be applied: {_sqlstate(error)}") from error

    def disconnect(self) -> None:
        """Forget the connection; the next call makes another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self, credentials: Credentials, within: timedelta) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            # libpq counts connect_timeout in whole seconds.
            seconds = max(1, round(within.total_seconds()))
            self._connection = psycopg.connect(credentials.conninfo(), autocommit=True, connect_timeout=seconds)
        return self._connection


class _bounded:
    """Break the connection if the block is not over `within`."""

    def __init__(self, connection: psycopg.Connection[Any], within: timedelta) -> None:
        self._timer = threading.Timer(within.total_seconds(), break_connection, (connection.pgconn.socket,))
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *error: object) -> None:
        self._timer.cancel()


def _put(client: Any, bucket: str, body: bytes) -> bool:
    try:
        client.put_object(Bucket=bucket, Key=KEY, Body=body, ContentType="application/json")
    except (ClientError, BotoCoreError, OSError):
        return False
    return True


def _sqlstate(error: psycopg.Error) -> str:
    """What failed, without the connection string that psycopg's own text may hold."""
    return f"SQLSTATE {error.sqlstate}" if error.sqlstate else type(error).__name__
