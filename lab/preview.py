"""What would a failover do now, and why? Every read-only decision of the workflow is really made; nothing is changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from failover.application.errors import RunRefused, StillInProgress, TransientFailure
from failover.domain.plan import Plan
from failover.domain.run import Run
from failover.wiring.this_region import UseCase, load_plan
from handlers import bound_data_loss, check_primary_health, check_secondary_readiness
from lab.target import Target

WORKFLOW = Path(__file__).resolve().parents[1] / "statemachines" / "failover.asl.json"

# The one undoes a run, the other belongs to a switchover.
NOT_IN_A_FAILOVER = ("StandDown", "WarmSecondary")


@dataclass(frozen=True)
class Step:
    """One state. `goes_on` None: it was not asked, since it would change something; `reason` then says what."""

    state: str
    goes_on: bool | None
    reason: str


def preview(target: Target, region: str) -> Iterator[Step]:
    """The states in the order of a run of `region`. A run stands down at the first that does not go on; the rest is told
    all the same, for whoever wants to know what else is in the way.

    Raises RunRefused or TransientFailure when there is no plan to go by.
    """
    target.enter(region)
    plan = load_plan()
    leader = plan.standby_of(region)
    state: dict[str, Any] = {
        "trigger": {"kind": "manual", "reason": "a preview", "alarm_arn": None, "observed_at": _now()},
        # Nobody is fenced by a preview: the bound is that of a fence at this moment.
        "fence": {"leader": leader},
        "health": {"leader": leader},
    }
    for name in _states():
        asked = _READ_ONLY.get(name)
        if asked is None:
            yield Step(name, None, _does(name, plan))
            continue
        build, key, field = asked
        yield _ask(name, build, state, key, field)


_READ_ONLY: dict[str, tuple[Callable[[], UseCase], str, str]] = {
    "CheckPrimaryHealth": (check_primary_health.build, "health", "allowed"),
    "CheckSecondaryReadiness": (check_secondary_readiness.build, "readiness", "ready"),
    "BoundDataLoss": (bound_data_loss.build, "loss", "accepted"),
}


def _ask(name: str, build: Callable[[], UseCase], state: dict[str, Any], key: str, field: str) -> Step:
    run = Run.parse({"run": "preview", "started_at": _now(), "state": state})
    try:
        answer = build()(run)
    except (RunRefused, TransientFailure, StillInProgress) as error:
        return Step(name, False, str(error))
    state[key] = answer
    return Step(name, bool(answer[field]), str(answer["reason"]))


def _states() -> list[str]:
    """The workflow's Task and Wait states as a run that goes well enters them."""
    machine = json.loads(WORKFLOW.read_text(encoding="utf-8"))
    return list(_walk(machine))


def _walk(machine: dict[str, Any]) -> Iterator[str]:
    for name, described in machine["States"].items():
        if described["Type"] in ("Task", "Wait") and name not in NOT_IN_A_FAILOVER:
            yield name
        for branch in described.get("Branches", []):
            yield from _walk(branch)


def _does(name: str, plan: Plan) -> str:
    if name == "WaitOutLease":
        return f"Waits {plan.timing.fence_wait_seconds} s, until no lease of the old leader holds."
    comments = dict(_comments(json.loads(WORKFLOW.read_text(encoding="utf-8"))))
    return comments[name].split(". ")[0].rstrip(".") + "."


def _comments(machine: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, described in machine["States"].items():
        yield name, str(described.get("Comment", ""))
        for branch in described.get("Branches", []):
            yield from _comments(branch)


def _now() -> str:
    return datetime.now(UTC).isoformat()
