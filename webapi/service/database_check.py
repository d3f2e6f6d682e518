"""Does this Region's database commit a row and give it back?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta

from failover.application.errors import DatabaseUnavailable
from failover.application.ports import DatabaseLogin
from webapi.service.sessions import session

# The newest rows are evidence; what is older than an hour is not.
INSERT = """
    WITH old AS (DELETE FROM probe WHERE at < clock_timestamp() - interval '1 hour')
    INSERT INTO probe (region, at) VALUES (%s, clock_timestamp()) RETURNING id
"""
READ = "SELECT id, pg_is_in_recovery() FROM probe WHERE id = %s"


@dataclass(frozen=True)
class Checked:
    """Row `written` was read back. `in_recovery` is what the server said then."""

    written: int
    in_recovery: bool
    elapsed_ms: float


async def check(login: DatabaseLogin, region: str, name: str, limit: timedelta) -> Checked:
    """On a session of its own, so that login and address are tested too. Raises DatabaseUnavailable within `limit`."""
    began = time.monotonic()
    async with session(login, name, limit / 2) as connection:
        row = await (await connection.execute(INSERT, (region,))).fetchone()
        written = row[0] if row else None
        # Each statement commits by itself: what is read here was committed.
        found = await (await connection.execute(READ, (written,))).fetchone()
    if found is None or found[0] != written:
        raise DatabaseUnavailable("The row that was committed could not be read back.")
    return Checked(found[0], found[1], round((time.monotonic() - began) * 1000, 1))
