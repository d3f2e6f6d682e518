"""What can an operator change, once for each time that they ask?

Every change but an answer carries an Idempotency-Key; an answer carries a token that works once. So a request that is
sent again, by accident or by somebody who recorded it, changes nothing (runbooks/decisions/0019).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

from fastapi import Body, FastAPI, Header, Request
from pydantic import BaseModel
from starlette.responses import Response

from failover.application.only_once import Repeated, Undecided
from failover.application.operate import Operated
from failover.domain.leader_record import Refusal
from failover.domain.run import Mode
from webapi.operator import models
from webapi.operator.caller import caller_of
from webapi.operator.desk import Desk
from webapi.operator.problems import KEY_REUSED, REFUSED, UNDECIDED
from webapi.operator.seeing import RunName
from webapi.problem_details import BAD_REQUEST, INVALID_REQUEST, Problem, documented, problem

Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[A-Za-z0-9_-]{16,64}$",
        description="Of the caller's own making, another one for each change: a UUID will do",
        examples=["7c9e6679-7425-40de-944b-e07fc1f90ae7"],
    ),
]
Answer = Annotated[models.Accept | models.Refuse, Body(discriminator="answer")]
WITHOUT_BODY = documented(REFUSED, UNDECIDED, KEY_REUSED, INVALID_REQUEST)
WITH_BODY = documented(BAD_REQUEST, REFUSED, UNDECIDED, KEY_REUSED, INVALID_REQUEST)


def add_changing_routes(api: FastAPI, desk: Desk, region: str) -> None:
    """Every POST, PUT and DELETE. What is refused is recorded as well, with whoever asked."""
    _add_run_routes(api, desk, region)
    _add_holding_routes(api, desk, region)


def _add_run_routes(api: FastAPI, desk: Desk, region: str) -> None:
    @api.post(
        "/runs",
        status_code=202,
        response_model=models.Changed,
        tags=["runs"],
        summary="Start a failover or a switchover to this Region",
        responses=WITH_BODY,
    )
    def start(request: Request, new: models.NewRun, key: Key) -> Response:
        return _told(
            _once(desk, request, key, new, lambda by: desk.start(by)(Mode(new.mode), new.reason, key)), region, 202
        )

    @api.post(
        "/runs/{run}/approval",
        response_model=models.Changed,
        tags=["runs"],
        summary="Accept or refuse the loss that a run asks about",
        responses=documented(BAD_REQUEST, REFUSED, INVALID_REQUEST),
    )
    def approve(request: Request, run: RunName, answer: Answer) -> Response:
        approval = desk.approval(caller_of(request))
        if isinstance(answer, models.Accept):
            told = approval.approve(answer.token, answer.accepted_seconds, run)
        else:
            told = approval.refuse(answer.token, run)
        return _told(told, region)


def _add_holding_routes(api: FastAPI, desk: Desk, region: str) -> None:
    @api.post(
        "/acknowledgement",
        response_model=models.Changed,
        tags=["what holds runs back"],
        summary="Say that the last failover was seen, so that alarms count again",
        responses=WITHOUT_BODY,
    )
    def acknowledge(request: Request, key: Key) -> Response:
        return _told(_once(desk, request, key, None, lambda by: desk.operate(by).acknowledge()), region)

    @api.put(
        "/disarm",
        response_model=models.Changed,
        tags=["what holds runs back"],
        summary="Let no alarm and no probe start a run for a while",
        responses=WITH_BODY,
    )
    def disarm(request: Request, wanted: models.Disarm, key: Key) -> Response:
        duration = timedelta(seconds=wanted.duration_seconds)
        return _told(
            _once(desk, request, key, wanted, lambda by: desk.operate(by).disarm(duration, wanted.reason)), region
        )

    @api.delete(
        "/disarm",
        response_model=models.Changed,
        tags=["what holds runs back"],
        summary="Arm again, before the time is over",
        responses=WITHOUT_BODY,
    )
    def arm(request: Request, key: Key) -> Response:
        return _told(_once(desk, request, key, None, lambda by: desk.operate(by).arm()), region)


def _once(
    desk: Desk, request: Request, key: str, body: BaseModel | None, act: Callable[[str], Operated]
) -> Operated | Repeated:
    by = caller_of(request)
    asked = json.dumps([request.method, request.url.path, body.model_dump() if body else None], sort_keys=True)
    found = desk.only_once(by)(key, asked, lambda: act(by))
    if isinstance(found, Refusal):
        raise Problem(KEY_REUSED, found.reason)
    if isinstance(found, Undecided):
        raise Problem(UNDECIDED, found.reason)
    return found


def _told(found: Operated | Repeated, region: str, status: int = 200) -> Response:
    repeated = isinstance(found, Repeated)
    told = found.answer if isinstance(found, Repeated) else found
    if not told.done:
        return problem(REFUSED, told.reason, region, recorded=told.recorded, repeated=repeated)
    changed = models.Changed(reason=told.reason, run=told.run, recorded=told.recorded, repeated=repeated)
    return Response(changed.model_dump_json(), status, media_type="application/json")
