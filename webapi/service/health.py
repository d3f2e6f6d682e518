"""What does the service answer to those who look after it?

/livez asks whether this process should live: the load balancer's question. /healthz asks whether this Region should
be given traffic: Route 53's question, whose answer moves it.
"""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI
from starlette.responses import Response

from webapi.problem_details import documented, problem
from webapi.service import problems
from webapi.service.standing import Leading, NotLeading
from webapi.service.task import Task


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
            return problem(problems.NOT_LEADER, problems.in_public(standing.reason), self._region)
        content = {"region": self._region, "epoch": standing.epoch, "leader": True, "database": "writable"}
        return Response(json.dumps(content), media_type="application/json")


def add_health_routes(api: FastAPI, task: Task) -> None:
    """/livez and /healthz."""
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


def _ok(description: str, example: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": description, "content": {"application/json": {"example": example}}}}
