"""What is the operators' HTTP API made of?"""

from __future__ import annotations

from typing import Any

from fastapi import Depends, FastAPI, Request
from starlette.responses import Response

from failover.application.errors import RunRefused, TransientFailure
from webapi.operator import models
from webapi.operator.caller import CallersOnly
from webapi.operator.changing import add_changing_routes
from webapi.operator.desk import Desk
from webapi.operator.problems import ANONYMOUS, EXPIRED, NOT_ALLOWED, UNAVAILABLE
from webapi.operator.seeing import add_seeing_routes
from webapi.problem_details import INVALID_REQUEST, Problem, answer_with_problems, documented, problem

DESCRIPTION = """
What operators see and change in one Region: the Region that answers, unless it says otherwise. Every request is signed
with Signature Version 4 for the service execute-api, and every change is in the journal with the IAM principal that
signed it. A change needs an Idempotency-Key of its own; sent again, it is answered as before and changes nothing.
Problems are told as application/problem+json (RFC 9457); go by their `type`. What API Gateway turns away by itself, such as
a request without a signature, one too many in a second, or one that takes longer than 29 s, it answers with a `message` alone.
"""
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authtype.html
SIGNED: dict[str, Any] = {
    "type": "apiKey",
    "name": "Authorization",
    "in": "header",
    "x-amazon-apigateway-authtype": "awsSigv4",
}
RETRY_AFTER_SECONDS = 2


def operator_api(desk: Desk, region: str) -> FastAPI:
    """The API of `region`, for callers who are known already: see CallersOnly."""
    api = FastAPI(
        title="drlab operators",
        description=DESCRIPTION,
        version="1.0.0",
        docs_url=None,
        redoc_url=None,
        responses=documented(ANONYMOUS, EXPIRED, NOT_ALLOWED, UNAVAILABLE, INVALID_REQUEST),
        dependencies=[Depends(_refuse_what_nobody_reads)],
    )
    answer_with_problems(api, region)
    _answer_what_use_cases_raise(api, region)
    add_seeing_routes(api, desk, region)
    add_changing_routes(api, desk, region)
    _complete_when_asked(api)
    return api


def operator_app(desk: Desk, region: str) -> CallersOnly:
    """What Mangum serves."""
    return CallersOnly(operator_api(desk, region), region)


def _refuse_what_nobody_reads(request: Request) -> None:
    """A run that is asked for with `?dry_run=true` must not begin because nobody knows the word. Raises Problem."""
    known = {one.alias for one in request.scope["route"].dependant.query_params}
    for name in request.query_params:
        if name not in known:
            raise Problem(INVALID_REQUEST, f"query: this request has no parameter of the name {name[:40]!r}.")


def _complete_when_asked(api: FastAPI) -> None:
    """Making the document takes longer than making the API, and a function that starts should answer first."""
    made = api.openapi

    def document() -> dict[str, Any]:
        if api.openapi_schema is None:
            _complete(made())
        return made()

    api.openapi = document  # type: ignore[method-assign]  # as FastAPI would have it: how-to/extending-openapi


def _complete(document: dict[str, Any]) -> None:
    """How requests are signed, and the examples once more: FastAPI leaves out their fields that are null."""
    document["components"]["securitySchemes"] = {"sigv4": SIGNED}
    document["security"] = [{"sigv4": []}]
    for name, schema in document["components"]["schemas"].items():
        if model := vars(models).get(name):
            schema["examples"] = model.model_config["json_schema_extra"]["examples"]


def _answer_what_use_cases_raise(api: FastAPI, region: str) -> None:
    async def transient(_request: Request, error: Exception) -> Response:
        answer = problem(UNAVAILABLE, str(error), region)
        answer.headers["retry-after"] = str(RETRY_AFTER_SECONDS)
        return answer

    async def refused(_request: Request, error: Exception) -> Response:
        return problem(NOT_ALLOWED, str(error), region)

    api.exception_handler(TransientFailure)(transient)
    api.exception_handler(RunRefused)(refused)
