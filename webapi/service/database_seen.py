"""How does this Region's database stand: does it follow, how far has it come, and which tables does it have?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from failover.application.ports import DatabaseLogin
from failover.domain.plan import DatabaseMode
from webapi.service.sessions import session

# A role without pg_read_all_stats sees that a WAL receiver is there, and nothing of it: that is enough.
# https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-WAL-RECEIVER-VIEW
# Aurora replicates its storage and refuses to tell of a receiver; the global database is asked whether that is connected.
STANDING = {
    DatabaseMode.RDS: "SELECT pg_is_in_recovery(), EXISTS (SELECT FROM pg_stat_wal_receiver)",
    DatabaseMode.AURORA: "SELECT pg_is_in_recovery(), NULL::boolean",
}
TABLES = """
    SELECT encode(sha256(convert_to(coalesce(string_agg(line, E'\\n' ORDER BY line), ''), 'UTF8')), 'hex') FROM (
        SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default) AS line
        FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL
        SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
    ) AS lines
"""
HEARTBEATS = "SELECT region, at FROM heartbeat"


@dataclass(frozen=True)
class Seen:
    """`streaming`: a WAL receiver runs, None where none is told of. `heartbeats`: each Region's newest. `schema`: a digest."""

    in_recovery: bool
    streaming: bool | None
    heartbeats: Mapping[str, datetime]
    schema: str


async def look(login: DatabaseLogin, name: str, limit: timedelta, mode: DatabaseMode = DatabaseMode.RDS) -> Seen:
    """On a session of its own, so that login and address are tested too. Raises DatabaseUnavailable within `limit`."""
    async with session(login, name, limit / 2) as connection:
        recovering, streaming = await (await connection.execute(STANDING[mode])).fetchone() or (False, False)
        (schema,) = await (await connection.execute(TABLES)).fetchone() or ("",)
        heartbeats = await (await connection.execute(HEARTBEATS)).fetchall()
    return Seen(recovering, streaming, {region: at.astimezone(UTC) for region, at in heartbeats}, schema)
