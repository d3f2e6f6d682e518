"""What do the three health paths promise?

`/livez` (the load balancer's): this process runs. `/healthz` (Route 53's): this Region leads and its database takes
writes. `/dbcheck`: a row was written and read back just now, whoever leads.
"""

from __future__ import annotations

import json
import time
from functools import lru_cache

from fastapi import APIRouter, Response

from webapi.service.database import Database, NotReached, Refused, Undecided
from webapi.service.leadership import LeadershipCell
from webapi.service.problems import MEDIA_TYPE, Problem, ProblemType, document

PROBE = "INSERT INTO probe (region) VALUES (%s) RETURNING id"
READ_BACK = "SELECT id, pg_is_in_recovery() FROM probe WHERE id = %s"


def routes(region: str, database: Database, leadership: LeadershipCell) -> APIRouter:
    """The health paths. `/livez` and `/healthz` do no I/O."""
    router = APIRouter(tags=["health"])
    headers = {"X-Region": region}
    alive = json.dumps({"status": "alive", "region": region}).encode()

    @lru_cache(maxsize=4)
    def leading(epoch: int) -> bytes:
        return json.dumps({"region": region, "epoch": epoch, "leader": True, "database": "writable"}).encode()

    @router.get("/livez", response_class=Response)
    async def livez() -> Response:
        return Response(alive, 200, headers, "application/json")

    @router.get("/healthz", response_class=Response)
    async def healthz() -> Response:
        """200 while the lease holds. Each renewal of it commits a heartbeat, so the database takes writes."""
        lease = leadership.now.leading()
        if lease is not None:
            return Response(leading(lease.record.epoch), 200, headers, "application/json")
        body = document(ProblemType.NOT_LEADER, 503, "Not the leader", leadership.now.why_not(), region)
        return Response(json.dumps(body).encode(), 503, headers, MEDIA_TYPE)

    @router.get("/dbcheck")
    async def dbcheck() -> dict[str, object]:
        """Write a row through this Region's database and read it back."""
        began = time.monotonic()
        try:
            written = await database.row(PROBE, (region,))
            found = await database.row(READ_BACK, (written[0],)) if written else None
        except (NotReached, Refused, Undecided) as error:
            raise Problem(ProblemType.DATABASE_UNAVAILABLE, 503, "Database unavailable", str(error)) from error
        if written is None or found is None:
            raise Problem(ProblemType.DATABASE_UNAVAILABLE, 503, "Not read back", "The row was not found again.")
        return {
            "region": region,
            "written": written[0],
            "read_back": found[0],
            "in_recovery": found[1],
            "elapsed_ms": round((time.monotonic() - began) * 1000, 1),
        }

    return router
