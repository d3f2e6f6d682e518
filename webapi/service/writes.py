"""How does a client write so that it always knows what became of it?

201 means: committed, and this Region was still the leader afterwards. A 503 tells by its type whether the row was
certainly not written or may have been. Writer and number name a write: repeating one is harmless, and settles doubt.
"""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime
from typing import Annotated, TypeVar

from fastapi import FastAPI, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from failover.application.errors import DatabaseUnavailable
from webapi.problem_details import BAD_REQUEST, INVALID_REQUEST, TOO_LARGE, Problem, documented
from webapi.service import problems
from webapi.service.database import NumberTaken, OutcomeUnknown, Write
from webapi.service.task import Task

LONGEST_BODY_CHARACTERS = 10_000
LARGEST_NUMBER = 2**63 - 1
LAPSED = "The row was committed, but the lease did not hold any more when that was known."
Answer = TypeVar("Answer")

Writer = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$", description="Who numbers these writes")]
Number = Annotated[int, Field(ge=0, le=LARGEST_NUMBER, description="The writer's own number for it")]


class NewWrite(BaseModel):
    """What is to be written."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"writer": "w1", "number": 17, "body": "tea"}]}
    )

    writer: Writer
    number: Annotated[Number, Field(strict=True)]
    # PostgreSQL's text holds every character but NUL: https://www.postgresql.org/docs/current/datatype-character.html
    body: str = Field(max_length=LONGEST_BODY_CHARACTERS, pattern=r"^[^\x00]*$")


class AcceptedWrite(BaseModel):
    """It is committed. Region and epoch are those in which it was first."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"writer": "w1", "number": 17, "region": "us-west-2", "epoch": 3}]}
    )

    writer: str
    number: int
    region: str
    epoch: int


class StoredWrite(AcceptedWrite):
    """A row as the database of the Region that answers has it: a standby's may be behind."""

    body: str
    accepted_at: datetime


class StoredWrites(BaseModel):
    """Some of a writer's rows, by number. `next` is the `after` to go on with, null at the end."""

    items: list[StoredWrite]
    next: int | None


def add_write_routes(api: FastAPI, task: Task) -> None:
    """The routes under /writes."""

    @api.post(
        "/writes",
        status_code=201,
        response_model=AcceptedWrite,
        tags=["writes"],
        summary="Write one row, once",
        responses=documented(
            problems.NOT_LEADER,
            problems.DATABASE_UNAVAILABLE,
            problems.OUTCOME_UNKNOWN,
            problems.NUMBER_TAKEN,
            BAD_REQUEST,
            INVALID_REQUEST,
            TOO_LARGE,
        ),
    )
    async def write(new: NewWrite) -> Response:
        # As a finished answer: what was just made need not be validated once more.
        accepted = await accept(task, new)
        return Response(accepted.model_dump_json(), 201, media_type="application/json")

    @api.get(
        "/writes/{writer}/{number}",
        tags=["writes"],
        summary="Read one row",
        responses=documented(problems.NO_SUCH_WRITE, problems.DATABASE_UNAVAILABLE, INVALID_REQUEST),
    )
    async def read(writer: Writer, number: Annotated[int, Path(ge=0, le=LARGEST_NUMBER)]) -> StoredWrite:
        found = await _available(task.connected().read(writer, number))
        if found is None:
            raise Problem(problems.NO_SUCH_WRITE, f"{writer} has no write {number} here.")
        return _stored(found)

    @api.get(
        "/writes",
        tags=["writes"],
        summary="Read a writer's rows",
        responses=documented(problems.DATABASE_UNAVAILABLE, INVALID_REQUEST),
    )
    async def read_some(
        writer: Annotated[str, Query(pattern=r"^[A-Za-z0-9._-]{1,64}$")],
        after: Annotated[int, Query(ge=-1, le=LARGEST_NUMBER)] = -1,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> StoredWrites:
        found = await _available(task.connected().read_some(writer, after, limit))
        return StoredWrites(
            items=[_stored(one) for one in found], next=found[-1].number if len(found) == limit else None
        )


async def accept(task: Task, new: NewWrite) -> AcceptedWrite:
    """Commit `new` and answer only if the lease held before, and still does after, in the same epoch.

    An epoch that changed meanwhile proves nothing of the time between: this process may have been paused while
    another Region led, and then read that this one leads again, on another database.
    """
    lease = task.standing.lease()
    if lease is None:
        raise Problem(problems.NOT_LEADER, problems.in_public(task.standing.reason))
    epoch = lease.record.epoch
    try:
        kept = await task.connected().insert(new.writer, new.number, new.body, task.settings.region, epoch)
    except DatabaseUnavailable as error:
        raise Problem(problems.DATABASE_UNAVAILABLE, str(error)) from error
    except OutcomeUnknown as error:
        raise Problem(problems.OUTCOME_UNKNOWN, str(error)) from error
    if isinstance(kept, NumberTaken):
        raise Problem(problems.NUMBER_TAKEN, f"{new.writer} has already written another body as number {new.number}.")
    lease = task.standing.lease()
    if lease is None or lease.record.epoch != epoch:
        raise Problem(problems.OUTCOME_UNKNOWN, LAPSED)
    return AcceptedWrite.model_construct(writer=new.writer, number=new.number, region=kept.region, epoch=kept.epoch)


async def _available(reading: Awaitable[Answer]) -> Answer:
    try:
        return await reading
    except DatabaseUnavailable as error:
        raise Problem(problems.DATABASE_UNAVAILABLE, str(error)) from error


def _stored(row: Write) -> StoredWrite:
    return StoredWrite(
        writer=row.writer,
        number=row.number,
        body=row.body,
        region=row.region,
        epoch=row.epoch,
        accepted_at=row.accepted_at,
    )
