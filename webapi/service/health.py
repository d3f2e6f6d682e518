"""What does the service answer to those who look after it?

/livez asks whether this process should live: the load balancer's question. /healthz asks whether this Region should
be given traffic: Route 53's question, whose answer moves it. /dbcheck and /database ask the database itself, whoever leads:
whether it takes a write, and how it stands.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from failover.application.errors import DatabaseUnavailable
from webapi.problem_details import Problem, documented, problem
from webapi.service import problems
from webapi.service.standing import Leading, NotLeading
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
    """How this Region's database stands. `streaming`: it receives WAL. `heartbeats`: the newest of each Region."""

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
    streaming: bool
    heartbeats: dict[str, datetime]
    schema_: str = Field(alias="schema", description="A digest of its tables, columns and indexes")


class HealthAnswers:
    """Answers that were made when the standing changed: asking costs no I/O and no JSON."""

    def __init__(self, region: str) -> None:
        self._region = region
        self._standing: Leading | NotLeading | None = None
        self._answer = Response()

    def for_standing(self, standing: Leading | NotLeading) -> Response:
        if standing is not self._standing:
            self._answer = self._made(standing)
            self._standing = standing
        return self._answer

    def _made(self, standing: Leading | NotLeading) -> Response:
        if isinstance(standing, NotLeading):
            return problem(problems.NOT_LEADER, standing.reason, self._region)
        content = {"region": self._region, "epoch": standing.epoch, "leader": True, "database": "writable"}
        return Response(json.dumps(content), media_type="application/json")


def add_health_routes(api: FastAPI, task: Task) -> None:
    """/livez, /healthz, /dbcheck and /database."""
    region = task.settings.region
    answers = HealthAnswers(region)
    alive = Response(json.dumps({"status": "alive", "region": region}), media_type="application/json")

    @api.get(
        "/livez",
        tags=["health"],
        response_class=Response,
        summary="Is this process alive?",
        responses=_ok("It is", {"status": "alive", "region": "us-west-2"}) | documented(problems.NOT_ALIVE),
    )
    async def livez() -> Response:
        if task.alive:
            return alive
        return problem(problems.NOT_ALIVE, "The task no longer looks after its lease; its log says why.", region)

    @api.get(
        "/healthz",
        tags=["health"],
        response_class=Response,
        summary="May this Region be given traffic?",
        responses=_ok("It leads", {"region": "us-west-2", "epoch": 3, "leader": True, "database": "writable"})
        | documented(problems.NOT_LEADER),
    )
    async def healthz() -> Response:
        return answers.for_standing(task.standing.now())

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
            raise Problem(problems.DATABASE_UNAVAILABLE, str(error)) from error
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
            raise Problem(problems.DATABASE_UNAVAILABLE, str(error)) from error
        return DatabaseStanding(
            region=region,
            in_recovery=found.in_recovery,
            streaming=found.streaming,
            heartbeats=dict(found.heartbeats),
            schema=found.schema,
        )


def _ok(description: str, example: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": description, "content": {"application/json": {"example": example}}}}
