"""What does one drill on AWS use: a failover, a rebuilt replica, and the switchover back?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from lab.cost.charge import MILLION, THOUSAND, Charge
from lab.cost.charges_of_compute import invocations, task_definition, task_hour
from lab.cost.charges_of_data import CLUSTER, INSTANCE, instance_price
from lab.cost.load import Load

WORKFLOW = Path(__file__).resolve().parents[2] / "statemachines" / "failover.asl.json"
FUNCTION_OF_THE_WORKFLOW = "AWS::Lambda::Function"


def states(machine: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Every state, those inside of branches as well."""
    found: list[Mapping[str, Any]] = []
    for state in machine["States"].values():
        found.append(state)
        for branch in state.get("Branches", []):
            found += states(branch)
    return found


def drill_charges(load: Load) -> list[Charge]:
    """Each in the Region where it arises; the workflow is taken to enter every state once, which is more than it does."""
    plan, usage = load.installation.plan, load.usage
    workflow = states(json.loads(WORKFLOW.read_text(encoding="utf-8")))
    calls = sum(1 for one in workflow if one["Type"] == "Task") * (1 + usage["drill_polls_per_task"])
    transitions = sum(1 for one in workflow if one["Type"] != "Task") + calls
    runs = usage["drill_runs"]
    there = plan.secondary
    return [
        Charge("states.transition", transitions * runs / THOUSAND, there),
        *_in(there, _functions(load, calls * runs)),
        *_in(there, _more_tasks(load)),
        *_rebuilt_replica(load),
        Charge("sns.publish", usage["drill_notifications"] / MILLION, there),
        Charge("sns.email", usage["drill_notifications"] / 100_000, there),
    ]


def _in(region: str, charges: list[Charge]) -> list[Charge]:
    return [Charge(one.key, one.quantity, region) for one in charges]


def _functions(load: Load, calls: Decimal) -> list[Charge]:
    """The workflow's functions are all alike; one of them stands for the others."""
    functions = load.installation.of(FUNCTION_OF_THE_WORKFLOW, load.installation.plan.secondary)
    return invocations(functions[0], calls, load.usage["drill_seconds_per_call"])


def _more_tasks(load: Load) -> list[Charge]:
    """The standby grows to the leader's size. The old leader's tasks run on, as every day."""
    plan = load.installation.plan
    more = max(Decimal(0), plan.leading_tasks - load.tasks(plan.secondary)) * load.usage["drill_hours"]
    services = load.installation.of("AWS::ECS::Service", plan.secondary)
    return [Charge(key, amount * more) for one in services for key, amount in task_hour(task_definition(one, load))]


def _rebuilt_replica(load: Load) -> list[Charge]:
    """The old primary cannot follow: a replica is made from the new one, once in each Region, beside the old instance.

    An Aurora global database switches over and keeps its clusters.
    """
    plan, usage = load.installation.plan, load.usage
    if load.installation.of(CLUSTER):
        return []
    charges = []
    for region, from_region in ((plan.primary, plan.secondary), (plan.secondary, plan.primary)):
        charges.append(Charge("transfer.region", usage["drill_database_gb"], from_region))
        for instance in load.installation.of(INSTANCE, region):
            charges.append(Charge(instance_price(instance, load), usage["drill_hours"] / 2, region))
    return charges
