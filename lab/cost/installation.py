"""Which installation is priced: its plan, its budget, and every resource of both halves?"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from lab.cloud.cloudformation.synthesized_templates import SynthesizedError, SynthesizedStack, stacks
from lab.cost.errors import CostError
from lab.cost.resources import Resource, control_plane, of_template

PLAN_KIND, BUDGET_KIND = "AWS::SSM::Parameter", "AWS::Budgets::Budget"


@dataclass(frozen=True)
class Plan:
    """What the price takes from the published plan. `renew_seconds`: between two renewals of a task's lease."""

    service: str
    account: str
    primary: str
    secondary: str
    witness: str
    renew_seconds: Decimal
    leading_tasks: int
    record_copies: frozenset[str]

    @property
    def regions(self) -> tuple[str, str, str]:
        return (self.primary, self.secondary, self.witness)


@dataclass(frozen=True)
class Installation:
    """An ordinary month: the primary Region leads, the secondary stands by."""

    plan: Plan
    budget_usd: Decimal
    resources: tuple[Resource, ...]

    def of(self, kind: str, region: str | None = None) -> tuple[Resource, ...]:
        """Those of a type, in a Region or in all."""
        return tuple(one for one in self.resources if one.kind == kind and region in (None, one.region))

    def beside(self, resource: Resource, kind: str) -> tuple[Resource, ...]:
        """Those of a type in the same stack."""
        return tuple(one for one in self.of(kind, resource.region) if one.template == resource.template)


def committed_stacks() -> tuple[SynthesizedStack, ...]:
    """The default plan's data plane, as committed. Raises CostError."""
    try:
        return stacks()
    except SynthesizedError as error:
        raise CostError(str(error)) from error


def installation(data_plane: Iterable[SynthesizedStack]) -> Installation:
    """With the control plane that its plan describes. Raises CostError."""
    resources = [
        one for stack in data_plane for one in of_template(stack.template, stack.name, stack.region, _PSEUDO_PARAMETERS)
    ]
    plan = _plan(resources)
    budgets = [one for one in resources if one.kind == BUDGET_KIND]
    if len(budgets) != 1:
        raise CostError(f"The templates hold {len(budgets)} budgets; the total needs exactly one to be held against.")
    budget = Decimal(str(budgets[0]["Budget"]["BudgetLimit"]["Amount"]))
    return Installation(plan, budget, (*resources, *_control_plane(plan.service, plan.account, *plan.regions)))


_PSEUDO_PARAMETERS: Mapping[str, Any] = {"AWS::URLSuffix": "amazonaws.com", "AWS::Partition": "aws"}


@cache
def _control_plane(service: str, account: str, primary: str, secondary: str, witness: str) -> tuple[Resource, ...]:
    """Kept: no choice of the plan changes it, and expanding it takes a second."""
    return tuple(control_plane(service, account, primary, secondary, witness))


def _plan(resources: Iterable[Resource]) -> Plan:
    published = [
        one for one in resources if one.kind == PLAN_KIND and str(one.properties.get("Name")).endswith("/plan")
    ]
    if not published:
        raise CostError("The templates publish no plan, so it cannot be told which Region leads.")
    found = json.loads(published[0]["Value"])
    return Plan(
        service=found["service"],
        account=found["account_id"],
        primary=found["primary_region"],
        secondary=found["secondary_region"],
        witness=found["witness_region"],
        renew_seconds=Decimal(str(found["timing"]["renew_seconds"])),
        leading_tasks=int(found["regions"][found["primary_region"]]["leading_tasks"]),
        record_copies=frozenset(found["record_copies"].values()),
    )
