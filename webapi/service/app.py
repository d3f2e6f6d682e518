"""What is the service's HTTP API made of?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapi.problem_details import TOO_LARGE, answer_with_problems, problem
from webapi.service.database_routes import add_database_routes
from webapi.service.health import add_health_routes
from webapi.service.task import Task
from webapi.service.writes import add_write_routes

LARGEST_REQUEST_BYTES = 131_072
DESCRIPTION = """
A small write and read API that is served by one Region at a time. Every answer names the Region that gave it in the
header X-Region. Problems are told as application/problem+json (RFC 9457); go by their `type`.
"""


class RegionStamp:
    """Around everything else: names the Region in each answer, and refuses bodies that are too large to read."""

    def __init__(self, app: ASGIApp, region: str) -> None:
        self._app = app
        self._header = (b"x-region", region.encode())
        self._too_large = problem(
            TOO_LARGE, f"A body needs a content-length, of at most {LARGEST_REQUEST_BYTES} bytes.", region
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], self._header]
            await send(message)

        app = self._app if scope["method"] == "GET" or _is_small(scope) else self._too_large
        await app(scope, receive, stamped)


def service_api(task: Task) -> FastAPI:
    """The API of `task`, which it starts and stops with the server."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        task.start()
        try:
            yield
        finally:
            await task.stop()

    api = FastAPI(
        title="drlab service",
        description=DESCRIPTION,
        version="1.0.0",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    answer_with_problems(api, task.settings.region)
    # Directly: each included router costs every request a quarter of what a whole health check does.
    add_health_routes(api, task)
    add_database_routes(api, task)
    add_write_routes(api, task)
    return api


def service_app(task: Task) -> ASGIApp:
    """What the server runs."""
    return RegionStamp(service_api(task), task.settings.region)


def _is_small(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"0" if b"transfer-encoding" not in headers else b"")
    return bool(length.isdigit()) and int(length) <= LARGEST_REQUEST_BYTES
