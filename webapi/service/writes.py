"""When is a write acknowledged? Only if the lease holds before it is tried and still holds after it is committed."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from webapi.service.database import Database, NotReached, Refused, Undecided
from webapi.service.leadership import LeadershipCell
from webapi.service.problems import Problem, ProblemType

LARGEST_NUMBER = 2**63 - 1
# A repeat finds the row that the first try left, and is told the same.
INSERT = """
INSERT INTO writes (writer, number, body, region, epoch) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (writer, number) DO UPDATE SET body = writes.body
RETURNING body, region, epoch
"""
ONE = "SELECT writer, number, body, region, epoch FROM writes WHERE writer = %s AND number = %s"
SOME = """
SELECT writer, number, body, region, epoch FROM writes WHERE writer = %s AND number > %s ORDER BY number LIMIT %s
"""
Writer = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:-]+$", examples=["w1"])


class Write(BaseModel):
    """One numbered write; writer and number together name it for ever."""

    model_config = ConfigDict(extra="forbid")
    writer: str = Writer
    number: int = Field(ge=1, le=LARGEST_NUMBER, examples=[17])
    body: str = Field(max_length=10_000, pattern=r"^[^\x00]*$", examples=["hello"])


class Acknowledged(BaseModel):
    """The write is committed, and was committed under the lease of `epoch`."""

    writer: str
    number: int
    region: str
    epoch: int


class Stored(Acknowledged):
    """A write as it is stored."""

    body: str


class Page(BaseModel):
    """Some writes in order of number; `next` is the `after` of the next page, None at the end."""

    items: list[Stored]
    next: int | None


def routes(database: Database, leadership: LeadershipCell) -> APIRouter:
    """The numbered write and read API."""
    router = APIRouter(tags=["writes"])

    @router.post("/writes", status_code=201)
    async def write(body: Write) -> Acknowledged:
        """Store a numbered write. 503 `outcome-unknown`: it may be stored, and is not acknowledged."""
        lease = leadership.now.leading()
        if lease is None:
            raise Problem(ProblemType.NOT_LEADER, 503, "Not the leader", leadership.now.why_not())
        epoch, region = lease.record.epoch, lease.record.leader
        stored = await _insert(database, body, region, epoch)
        if leadership.now.leading() is None or not _same_epoch(leadership, epoch):
            raise Problem(
                ProblemType.OUTCOME_UNKNOWN, 503, "Outcome unknown", f"The lease of epoch {epoch} ended meanwhile."
            )
        if stored[0] != body.body:
            detail = f"Write {body.number} of {body.writer} has another body."
            raise Problem(ProblemType.OTHER_BODY, 409, "Another body", detail)
        return Acknowledged(writer=body.writer, number=body.number, region=stored[1], epoch=stored[2])

    @router.get("/writes/{writer}/{number}")
    async def read(writer: str, number: int) -> Stored:
        """Read one write from this Region's database."""
        if not 1 <= number <= LARGEST_NUMBER or "\x00" in writer:
            raise Problem(ProblemType.NOT_FOUND, 404, "Not found", "There is no such write.")
        found = await _rows(database, ONE, (writer, number))
        if not found:
            raise Problem(ProblemType.NOT_FOUND, 404, "Not found", f"{writer} has no write {number}.")
        return _stored(found[0])

    @router.get("/writes")
    async def page(
        writer: str = Query(pattern=r"^[A-Za-z0-9._:-]{1,64}$"),
        after: int = Query(0, ge=0, le=LARGEST_NUMBER),
        limit: int = Query(100, ge=1, le=1000),
    ) -> Page:
        """Read a writer's writes in order."""
        items = [_stored(row) for row in await _rows(database, SOME, (writer, after, limit))]
        return Page(items=items, next=items[-1].number if len(items) == limit else None)

    return router


async def _insert(database: Database, body: Write, region: str, epoch: int) -> tuple[Any, ...]:
    try:
        stored = await database.row(INSERT, (body.writer, body.number, body.body, region, epoch))
    except (NotReached, Refused) as error:
        raise Problem(ProblemType.DATABASE_UNAVAILABLE, 503, "Database unavailable", str(error)) from error
    except Undecided as error:
        raise Problem(ProblemType.OUTCOME_UNKNOWN, 503, "Outcome unknown", str(error)) from error
    if stored is None:
        raise Problem(ProblemType.OUTCOME_UNKNOWN, 503, "Outcome unknown", "The database returned no row.")
    return stored


async def _rows(database: Database, statement: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    try:
        return await database.rows(statement, parameters)
    except (NotReached, Refused, Undecided) as error:
        raise Problem(ProblemType.DATABASE_UNAVAILABLE, 503, "Database unavailable", str(error)) from error


def _same_epoch(leadership: LeadershipCell, epoch: int) -> bool:
    lease = leadership.now.lease
    return lease is not None and lease.record.epoch == epoch


def _stored(row: tuple[Any, ...]) -> Stored:
    return Stored(writer=row[0], number=row[1], body=row[2], region=row[3], epoch=row[4])
