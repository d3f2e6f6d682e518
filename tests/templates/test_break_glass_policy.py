"""Is the policy that is printed for a person what the functions of a failover are allowed together, and no more?"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "unit" / "control_plane"))

from control_plane_world import PRIMARY, plan_with

from failover.domain.plan import Plan
from lab.break_glass.permissions import policy
from lab.documentation.workflow import load, states
from tests.templates.expanded import VALUES, listed, text
from tests.templates.test_control_plane_permissions import EVERY, ROLES, allowed, statements

# A person's own run is no switchover, and asks at the terminal.
NOT_ENTERED = {"WarmSecondary", "SwitchoverGlobalCluster", "AwaitApproval"}
CONTROL = f"arn:aws:s3:::drlab-app-control-{VALUES['AWS::AccountId']}-{PRIMARY}"
STANDS_FOR = {
    "${ControlBucket.Arn}": CONTROL,
    "ControlBucket.Arn": CONTROL,
    "NotificationTopic": f"arn:aws:sns:{PRIMARY}:{VALUES['AWS::AccountId']}:drlab-app-notifications",
}
AURORA = "aurora-global"
OF_LAMBDA = ("logs:", "xray:", "ec2:")


def granted(found: list[dict[str, Any]]) -> dict[tuple[str, str], str]:
    """The condition of each action on each resource, as JSON."""
    return {
        (action, arn(text(resource))): json.dumps(_plain(statement.get("Condition")), sort_keys=True)
        for statement in found
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
        if not action.startswith(OF_LAMBDA)
    }


def _plain(condition: Any) -> Any:
    if isinstance(condition, dict) and not ({"Fn::Sub", "Ref"} & condition.keys()):
        return {key: _plain(one) for key, one in condition.items()}
    return text(condition).replace("${AWS::URLSuffix}", "amazonaws.com") if condition is not None else None


def arn(resource: str) -> str:
    for name, stands_for in STANDS_FOR.items():
        if resource == name or (name.startswith("$") and resource.startswith(name)):
            return resource.replace(name, stands_for)
    return resource


def of_the_functions(db_mode: str) -> dict[tuple[str, str], str]:
    names = {placed.name for placed in states(load()) if f"{placed.name}FunctionRole" in ROLES} - NOT_ENTERED
    if db_mode == AURORA:
        names -= {"PromoteReplica", "RestoreFromLatestSnapshot"}
    holds = "HasGlobalDatabase" if db_mode == AURORA else None
    roles = [ROLES[f"{name}FunctionRole"] for name in sorted(names)]
    assert all(allowed(role, holds) >= EVERY for role in roles)
    found: dict[tuple[str, str], str] = {}
    for role in roles:
        for grant, condition in granted(statements(role, holds)).items():
            # What one may do without a condition, all may together.
            found[grant] = "null" if "null" in (condition, found.get(grant)) else condition
    return found


def plan_of(db_mode: str) -> Plan:
    """With an alarm on each Region's health check, as the data plane publishes it."""

    def change(described: dict[str, Any]) -> None:
        arn = described["alarms"][0]["arn"].replace("primary", "secondary")
        described["alarms"].append({"arn": arn, "vantage_point": "route53", "watches": described["secondary_region"]})
        described["db_mode"] = db_mode

    return plan_with(change)


def printed(db_mode: str) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for statement in policy(plan_of(db_mode), PRIMARY)["Statement"]:
        for grant, condition in granted([statement]).items():
            found[grant] = "null" if "null" in (condition, found.get(grant)) else condition
    return found


@pytest.mark.parametrize("db_mode", ["rds-postgres", AURORA])
def test_a_person_may_do_what_the_functions_of_an_unplanned_failover_may(db_mode: str) -> None:
    functions, person = of_the_functions(db_mode), printed(db_mode)
    # The functions of the other kind of database are deployed, and look at nothing.
    wanted = {grant: condition for grant, condition in functions.items() if not _of_the_other(grant, db_mode)}
    missing = {grant: condition for grant, condition in wanted.items() if not _covers(person, grant, condition)}
    assert missing == {}


@pytest.mark.parametrize("db_mode", ["rds-postgres", AURORA])
def test_a_person_may_do_nothing_to_a_database_or_a_key_that_no_function_may(db_mode: str) -> None:
    functions = of_the_functions(db_mode)
    besides = {
        grant: condition
        for grant, condition in printed(db_mode).items()
        if grant[0].startswith(("rds:", "kms:")) and functions.get(grant) not in (condition, "null")
    }
    assert besides == {}


def _covers(person: dict[tuple[str, str], str], grant: tuple[str, str], condition: str) -> bool:
    """By itself, or by a wider resource: the person keeps steps under runs/ that the functions do not."""
    action, resource = grant
    return any(
        held == action
        and (where == resource or (where.endswith("/*") and resource.startswith(where[:-1])))
        and found in (condition, "null")
        for (held, where), found in person.items()
    )


def _of_the_other(grant: tuple[str, str], db_mode: str) -> bool:
    """With a global database there is no instance to describe and no backup to look for."""
    action, _ = grant
    return db_mode == AURORA and (
        action.startswith(("rds:DescribeDBInstance", "rds:DescribeDBSnapshots")) or action == "kms:DescribeKey"
    )


@pytest.mark.parametrize("db_mode", ["rds-postgres", AURORA])
def test_the_policy_fits_into_one_that_is_managed(db_mode: str) -> None:
    """White space does not count: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
    plan = plan_of(db_mode)
    assert len(json.dumps(policy(plan, PRIMARY), separators=(",", ":"))) <= 6144
