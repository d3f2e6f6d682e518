"""What would a failover do now, and why? Asked with the workflow file and the functions of this very copy of the code."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from failover.application.preview_failover import PreviewFailover, Step
from failover.domain.run import Run
from failover.wiring.this_region import UseCase, load_plan
from handlers import bound_data_loss, check_primary_health, check_secondary_readiness
from lab.operations.target import Target

WORKFLOW = Path(__file__).resolve().parents[2] / "statemachines" / "failover.asl.json"

_BUILDS: dict[str, Callable[[], UseCase]] = {
    "CheckPrimaryHealth": check_primary_health.build,
    "CheckSecondaryReadiness": check_secondary_readiness.build,
    "BoundDataLoss": bound_data_loss.build,
}


def preview(target: Target, region: str) -> Iterator[Step]:
    """The states in the order of a run of `region`. Raises RunRefused or TransientFailure when there is no plan."""
    target.enter(region)
    machine = json.loads(WORKFLOW.read_text(encoding="utf-8"))
    yield from PreviewFailover(load_plan(), region, machine, _ask)(datetime.now(UTC))


def _ask(state: str, event: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    return partial(_answer, state, event)


def _answer(state: str, event: dict[str, Any]) -> dict[str, Any]:
    return _BUILDS[state]()(Run.parse(event))
