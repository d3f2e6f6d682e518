"""Which roles do the templates create in the lab? Their names and trust; the lab enforces no permissions."""

from __future__ import annotations

import json
import threading

from lab.cloud.cfn_resource import Created, Made, Properties, ResourceType, Wanted

# IAM has one store for all Regions, and moto walks it without a lock while another Region's stack adds to it.
_account_wide = threading.Lock()

_LONGEST_NAME = 64
_SUFFIX = 13
_NOT_ENFORCED = "the lab enforces no permissions; tests/templates hold the policies to what each function needs"


def _create_role(wanted: Wanted) -> Created:
    """CloudFormation cuts a generated name so that its random end stays."""
    role = wanted.name
    if len(role) > _LONGEST_NAME:
        role = role[: _LONGEST_NAME - _SUFFIX] + role[-_SUFFIX:]
    with _account_wide:
        arn = wanted.client("iam").create_role(
            RoleName=role,
            AssumeRolePolicyDocument=json.dumps(wanted.properties["AssumeRolePolicyDocument"]),
            Tags=wanted.properties.get("Tags", []),
            Description=wanted.properties.get("Description", ""),
        )["Role"]["Arn"]
    return Created(role, {"Arn": arn})


def _read_role(made: Made) -> Properties:
    with _account_wide:
        found = made.client("iam").get_role(RoleName=made.ref)["Role"]
    return {
        "AssumeRolePolicyDocument": found["AssumeRolePolicyDocument"],
        "Description": found.get("Description"),
        "Tags": found.get("Tags"),
    }


TYPES = (
    ResourceType(
        "AWS::IAM::Role",
        frozenset({"AssumeRolePolicyDocument", "Description", "Tags"}),
        _create_role,
        _read_role,
        inert={"ManagedPolicyArns": _NOT_ENFORCED, "Policies": _NOT_ENFORCED},
        attributes=frozenset({"Arn"}),
    ),
    ResourceType("AWS::IAM::Policy", inert={"*": _NOT_ENFORCED}),
    ResourceType("AWS::IAM::ManagedPolicy", inert={"*": _NOT_ENFORCED}),
)
