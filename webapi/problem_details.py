"""How does an API say that it did not do what was asked? As problem details, RFC 9457."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Kind:
    """A sort of problem. What a client may do about it goes by `type`, never by the detail's wording."""

    type: str
    title: str
    status: int


BAD_REQUEST = Kind("about:blank", "Bad Request", 400)
INVALID_REQUEST = Kind("/problems/invalid-request", "The request is not valid", 422)
TOO_LARGE = Kind("/problems/too-large", "The request is too large", 413)


class Problem(Exception):
    """Raised by a route to answer with problem details. `detail` is one sentence without secrets or addresses."""

    def __init__(self, kind: Kind, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


def problem(kind: Kind, detail: str, region: str, **more: Any) -> Response:
    """The answer for a problem. https://www.rfc-editor.org/rfc/rfc9457"""
    content = {
        "type": kind.type,
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "region": region,
        **more,
    }
    return Response(json.dumps(content), kind.status, media_type=MEDIA_TYPE)


def answer_with_problems(app: FastAPI, region: str) -> None:
    """Let every error of `app` be answered as problem details."""

    async def own(_request: Request, error: Problem) -> Response:
        return problem(error.kind, error.detail, region)

    async def invalid(_request: Request, error: RequestValidationError) -> Response:
        # Pydantic's own answer quotes the input.
        found = [{"where": _where(one["loc"]), "why": one["msg"]} for one in error.errors()]
        first = f"{found[0]['where']}: {found[0]['why']}" if found else "The request is not valid."
        return problem(INVALID_REQUEST, first, region, errors=found)

    async def http(_request: Request, error: HTTPException) -> Response:
        answer = problem(
            Kind("about:blank", HTTPStatus(error.status_code).phrase, error.status_code), error.detail, region
        )
        answer.headers.update(error.headers or {})
        return answer

    async def unexpected(_request: Request, _error: Exception) -> Response:
        kind = Kind("about:blank", HTTPStatus.INTERNAL_SERVER_ERROR.phrase, 500)
        return problem(kind, "This failed in a way that is not known; the log says more.", region)

    app.exception_handler(Problem)(own)
    app.exception_handler(RequestValidationError)(invalid)
    app.exception_handler(HTTPException)(http)
    app.exception_handler(Exception)(unexpected)


def documented(*kinds: Kind) -> dict[int | str, dict[str, Any]]:
    """These problems for OpenAPI, with an example of each."""
    found: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        entry = found.setdefault(
            kind.status, {"description": "", "content": {MEDIA_TYPE: {"schema": SCHEMA, "examples": {}}}}
        )
        entry["description"] = "; ".join(filter(None, (entry["description"], kind.title)))
        name = kind.type.rpartition("/")[2]
        value = {"type": kind.type, "title": kind.title, "status": kind.status, "detail": "...", "region": "us-west-2"}
        entry["content"][MEDIA_TYPE]["examples"][name] = {"value": value}
    return found


SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "region"],
    "properties": {
        "type": {"type": "string", "description": "What to go by"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "One sentence for people"},
        "region": {"type": "string", "description": "The Region that answered"},
    },
}


def _where(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)
