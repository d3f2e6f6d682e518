"""What does the service answer of this Region's own database, whoever leads?

/dbcheck asks whether it takes a write, /database how it stands.
"""

from __future__ import annotations

from datetime import datetime

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from failover.application.errors import DatabaseUnavailable
from webapi.problem_details import Problem, documented
from webapi.service import problems
from webapi.service.task import Task


class Checked(BaseModel):
    """A row was committed and read back on this Region's own database."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"region": "us-west-2", "written": 7, "read_back": True, "in_recovery": False, "elapsed_ms": 12.5}
            ]
        }
    )

    region: str
    written: int
    read_back: bool
    in_recovery: bool
    elapsed_ms: float


class DatabaseStanding(BaseModel):
    """How this Region's database stands. `streaming`: it receives WAL; null in Aurora. `heartbeats`: the newest."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "region": "us-west-2",
                    "in_recovery": True,
                    "streaming": True,
                    "heartbeats": {"ap-southeast-2": "2026-11-24T03:00:00Z"},
                    "schema": "0f3a1c5e7b9d24680f3a1c5e7b9d24680f3a1c5e7b9d24680f3a1c5e7b9d2468",
                }
            ]
        }
    )

    region: str
    in_recovery: bool
    streaming: bool | None
    heartbeats: dict[str, datetime]
    schema_: str = Field(alias="schema", description="A digest of its tables, columns and indexes")


def add_database_routes(api: FastAPI, task: Task) -> None:
    """/dbcheck and /database."""
    region = task.settings.region

    @api.get(
        "/dbcheck",
        tags=["health"],
        summary="Does this Region's database commit a row and give it back?",
        responses=documented(problems.DATABASE_UNAVAILABLE),
    )
    async def dbcheck() -> Checked:
        try:
            found = await task.check_database()
        except DatabaseUnavailable as error:
            raise Problem(problems.DATABASE_UNAVAILABLE, problems.in_public(str(error))) from error
        return Checked(
            region=region,
            written=found.written,
            read_back=True,
            in_recovery=found.in_recovery,
            elapsed_ms=found.elapsed_ms,
        )

    @api.get(
        "/database",
        tags=["health"],
        summary="How does this Region's database stand?",
        responses=documented(problems.DATABASE_UNAVAILABLE),
    )
    async def database() -> DatabaseStanding:
        try:
            found = await task.look_at_database()
        except DatabaseUnavailable as error:
            raise Problem(problems.DATABASE_UNAVAILABLE, problems.in_public(str(error))) from error
        return DatabaseStanding(
            region=region,
            in_recovery=found.in_recovery,
            streaming=found.streaming,
            heartbeats=dict(found.heartbeats),
            schema=found.schema,
        )
