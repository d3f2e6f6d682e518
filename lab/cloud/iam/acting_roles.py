"""With which role does somebody inside the emulated AWS act, and does that role trust the service that acts for them?"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache

from moto.awslambda.models import lambda_backends
from moto.ecs.models import ecs_backends
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from lab.cloud.iam.conditions import context, listed
from lab.cloud.iam.policies import Request, allowing, grants
from lab.cloud.iam.requests import UnknownCall
from lab.settings import ACCOUNT_ID

# The service that acts for a caller with its role, by the service in the caller's ARN.
TRUSTED = {
    "ecs": "ecs-tasks.amazonaws.com",
    "events": "events.amazonaws.com",
    "lambda": "lambda.amazonaws.com",
    "s3": "s3.amazonaws.com",
    "scheduler": "scheduler.amazonaws.com",
    "states": "states.amazonaws.com",
}


def role_of(caller: str) -> str:
    """The ARN of the role that a function or a workflow acts with, or a service's tasks; a role acts as itself.

    Raises UnknownCall for anybody else.
    """
    _, _, service, region, _, name = caller.split(":", 5)
    if service == "iam":
        return caller
    role = _ROLES[service](caller, region) if service in _ROLES else None
    if role is None:
        raise UnknownCall(f"nobody knows with which role {name} of {region} acts")
    return str(role)


def workflow_with(role: str) -> str:
    """The ARN of the workflow that acts with it. Raises UnknownCall."""
    for backend in list(stepfunctions_parser_backends[ACCOUNT_ID].values()):
        for machine in list(backend.state_machines):
            if machine.roleArn == role:
                return str(machine.arn)
    raise UnknownCall(f"no workflow acts with {role}")


def _role_of_function(caller: str, region: str) -> str | None:
    return getattr(lambda_backends[ACCOUNT_ID][region].get_function_by_arn(caller), "role", None)


def _role_of_workflow(caller: str, region: str) -> str | None:
    machines = stepfunctions_parser_backends[ACCOUNT_ID][region].state_machines
    return next((one.roleArn for one in list(machines) if one.arn == caller), None)


def _role_of_tasks(caller: str, region: str) -> str | None:
    """`caller` is their service: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html"""
    backend = ecs_backends[ACCOUNT_ID][region]
    service = next((one for one in list(backend.services.values()) if one.arn == caller), None)
    return service and backend.describe_task_definition(service.task_definition).task_role_arn


_ROLES: Mapping[str, Callable[[str, str], str | None]] = {
    "ecs": _role_of_tasks,
    "lambda": _role_of_function,
    "states": _role_of_workflow,
}


@lru_cache(maxsize=256)
def trusts(document: str, caller: str) -> bool:
    """Does a trust policy let the service of `caller` take on the role? Raises UnknownPolicy.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services
    """
    trust = json.loads(document)
    statements = [{**one, "Resource": "*"} for one in listed(trust["Statement"])]
    stated = context({"aws:SourceAccount": ACCOUNT_ID, "aws:SourceArn": _source(caller)})
    held = grants([{"Statement": statements}], TRUSTED[caller.split(":")[2]])
    return allowing(held, Request("sts:AssumeRole", "*", stated)) is not None


def _source(caller: str) -> str:
    """Scheduler names a schedule's group, never the schedule.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    """
    if caller.split(":")[2] != "scheduler":
        return caller
    before, _, group_and_name = caller.partition(":schedule/")
    return f"{before}:schedule-group/{group_and_name.partition('/')[0]}"
