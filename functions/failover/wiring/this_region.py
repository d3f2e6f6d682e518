"""Which Region does this run in, and under which plan?

Clients are made on first use and kept for the life of the process. The plan is read anew on every call: it is one
request in this Region, and a run must not go by a plan that was replaced.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from failover.adapters import aws
from failover.adapters.clock import SystemClock
from failover.adapters.parameters import ParameterStore
from failover.application.errors import RunRefused
from failover.domain.plan import Plan, PlanError
from failover.domain.run import Run

UseCase = Callable[[Run], dict[str, Any]]

CLOCK = SystemClock()


@dataclass(frozen=True)
class ThisRegion:
    """The Region that this runs in, and its plan."""

    name: str
    plan: Plan

    @staticmethod
    def load() -> ThisRegion:
        """Raises RunRefused or TransientFailure."""
        name, plan = here(), load_plan()
        if name not in plan.regions:
            raise RunRefused(f"{name} is not a Region of the plan that can lead.")
        return ThisRegion(name, plan)

    def client(self, service: str) -> Any:
        """The boto3 client of `service` in this Region, within the plan's time for a call."""
        return aws.client(service, self.name, self.plan.timing.api_timeout)


def client(service: str, region: str | None = None) -> Any:
    """The boto3 client of `service`, by default in this Region."""
    return aws.client(service, region or here())


def here() -> str:
    """The Region that this runs in. Raises RunRefused when the environment does not say."""
    return variable("AWS_REGION")


def load_plan() -> Plan:
    """The plan of this Region. Raises RunRefused with one sentence when it is missing or wrong, or TransientFailure."""
    plan = find_plan()
    if plan is None:
        raise RunRefused(f"There is no plan: {here()} has no parameter {variable('PLAN_PARAMETER')}.")
    return plan


def find_plan() -> Plan | None:
    """The plan of this Region, None when there is none. Raises RunRefused when it is wrong, or TransientFailure."""
    name = variable("PLAN_PARAMETER")
    text = ParameterStore(client("ssm")).read(name)
    if text is None:
        return None
    try:
        return Plan.parse(text)
    except PlanError as error:
        raise RunRefused(f"The plan in {name} cannot be used: {error}.") from error


def variable(name: str) -> str:
    """Raises RunRefused when the environment does not have it."""
    value = os.environ.get(name)
    if not value:
        raise RunRefused(f"The function's environment has no {name}.")
    return value
