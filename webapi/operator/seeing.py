"""What can an operator see, without changing anything?"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import FastAPI, Path, Query

from failover.domain.journal import Entry
from failover.domain.run import RUN_NAME
from webapi.operator import models
from webapi.operator.desk import Desk
from webapi.operator.problems import NO_SUCH_RUN
from webapi.operator.readiness_models import Readiness
from webapi.problem_details import INVALID_REQUEST, Problem, documented

RunName = Annotated[str, Path(pattern=f"^{RUN_NAME}$", description="The run's name")]
Count = Annotated[int, Query(ge=1, le=100, description="How many at most")]


def add_seeing_routes(api: FastAPI, desk: Desk, region: str) -> None:
    """Every GET."""

    @api.get(
        "/status",
        tags=["status"],
        summary="Who leads, what holds a run back, what runs, and what was decided lately?",
        responses=documented(INVALID_REQUEST),
    )
    def status(entries: Count = 10) -> models.Status:
        return models.Status.model_validate(desk.status(entries).to_dict())

    @api.get("/runs", tags=["runs"], summary="Which runs were there?", responses=documented(INVALID_REQUEST))
    def runs(count: Count = 20) -> models.Runs:
        return models.Runs(runs=[models.KnownRun(**asdict(one)) for one in desk.runs(count)])

    @api.get(
        "/runs/{run}",
        tags=["runs"],
        summary="What has a run done, what was decided in it, and how did it end?",
        responses=documented(NO_SUCH_RUN, INVALID_REQUEST),
    )
    def timeline(run: RunName) -> models.Timeline:
        found = desk.run(run)
        if found is None:
            raise Problem(NO_SUCH_RUN, f"{region} has no run {run}.")
        return models.Timeline(
            run=models.KnownRun(**asdict(found.run)),
            states=[models.VisitedState(**asdict(one)) for one in found.states],
            decisions=[_entry(one) for one in found.entries],
            outcome=models.Outcome.model_validate(found.outcome) if found.outcome else None,
        )

    @api.get("/preview", tags=["runs"], summary="What would a failover to this Region do now, and what is in its way?")
    def preview() -> models.Preview:
        steps = desk.preview()
        return models.Preview(
            region=region,
            stands_down_at=next((one.state for one in steps if one.goes_on is False), None),
            steps=[models.Step(**asdict(one)) for one in steps],
        )

    @api.get(
        "/readiness",
        tags=["status"],
        summary="Could the standby take over today, and if not, what is missing?",
        description="Asked of the standby's own function, whichever Region answers. It takes seconds, and changes nothing.",
    )
    def readiness() -> Readiness:
        found = desk.readiness()
        return Readiness.model_validate({name: found.get(name) for name in Readiness.model_fields})

    @api.get("/journal", tags=["journal"], summary="What was decided and done?", responses=documented(INVALID_REQUEST))
    def journal(count: Count = 20) -> models.Journal:
        return models.Journal(region=region, entries=[_entry(one) for one in desk.entries(count)])

    @api.get("/journal/verification", tags=["journal"], summary="Has anybody changed what was decided and done?")
    def verification() -> models.Verification:
        found: dict[str, Any] = asdict(desk.verified())
        return models.Verification(region=region, whole=not found["flaws"], **found)


def _entry(entry: Entry) -> models.Entry:
    event = entry.event
    return models.Entry(
        number=entry.number, at=entry.at, kind=event.kind, by=event.by, reason=event.reason, run=event.run
    )
