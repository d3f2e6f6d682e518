"""Which roles and policies do the templates create in the lab? What they allow is asked for each call.

`lab/cloud/iam/authorization.py` is asked: by functions and by the service's tasks before each call of theirs, and by the lab
where a workflow, a rule, ECS or S3 acts with a role.
"""

from __future__ import annotations

import json
import threading
from typing import Any

from lab.cloud.cloudformation.resource import Created, Made, Properties, ResourceType, Wanted

# IAM has one store for all Regions, and moto walks it without a lock while another Region's stack adds to it.
_account_wide = threading.Lock()

_LONGEST_NAME = 64
_LONGEST_POLICY_NAME = 128
_SUFFIX = 13


def _cut(name: str, longest: int) -> str:
    """CloudFormation cuts a generated name so that its random end stays."""
    return name if len(name) <= longest else name[: longest - _SUFFIX] + name[-_SUFFIX:]


def _create_role(wanted: Wanted) -> Created:
    iam, role = wanted.client("iam"), wanted.properties.get("RoleName") or _cut(wanted.name, _LONGEST_NAME)
    with _account_wide:
        arn = iam.create_role(
            RoleName=role,
            AssumeRolePolicyDocument=json.dumps(wanted.properties["AssumeRolePolicyDocument"]),
            Tags=wanted.properties.get("Tags", []),
            Description=wanted.properties.get("Description", ""),
        )["Role"]["Arn"]
        for policy in wanted.properties.get("Policies", []):
            _put_policy(iam, role, policy)
        for attached in wanted.properties.get("ManagedPolicyArns", []):
            iam.attach_role_policy(RoleName=role, PolicyArn=attached)
    return Created(role, {"Arn": arn})


def _read_role(made: Made) -> Properties:
    iam = made.client("iam")
    with _account_wide:
        found = iam.get_role(RoleName=made.ref)["Role"]
        own = iam.list_role_policies(RoleName=made.ref)["PolicyNames"]
        attached = iam.list_attached_role_policies(RoleName=made.ref)["AttachedPolicies"]
        policies = [{"PolicyName": name, "PolicyDocument": _policy(iam, made.ref, name)} for name in own]
    return {
        "RoleName": made.ref,
        "AssumeRolePolicyDocument": found["AssumeRolePolicyDocument"],
        "Description": found.get("Description"),
        "Tags": found.get("Tags"),
        "Policies": policies,
        "ManagedPolicyArns": [one["PolicyArn"] for one in attached],
    }


def _create_policy(wanted: Wanted) -> Created:
    """A policy of its own resource, but within each of its roles."""
    with _account_wide:
        for role in wanted.properties["Roles"]:
            _put_policy(wanted.client("iam"), role, wanted.properties)
    return Created(wanted.properties["PolicyName"])


def _read_policy(made: Made) -> Properties:
    iam, name = made.client("iam"), made.ref
    with _account_wide:
        documents = [_policy(iam, role, name) for role in made.properties["Roles"]]
    wanted = made.properties["PolicyDocument"]
    wrong = [document for document in documents if document != wanted]
    return {"PolicyName": name, "PolicyDocument": wrong[0] if wrong else wanted, "Roles": made.properties["Roles"]}


def _create_managed_policy(wanted: Wanted) -> Created:
    """Its name is account-wide, so that of two Regions' stacks must differ: the generated one does."""
    with _account_wide:
        arn = wanted.client("iam").create_policy(
            PolicyName=_cut(f"{wanted.name}-{wanted.region}", _LONGEST_POLICY_NAME),
            PolicyDocument=json.dumps(wanted.properties["PolicyDocument"]),
            Description=wanted.properties.get("Description", ""),
        )["Policy"]["Arn"]
    return Created(arn)


def _read_managed_policy(made: Made) -> Properties:
    iam = made.client("iam")
    with _account_wide:
        found = iam.get_policy(PolicyArn=made.ref)["Policy"]
        version = iam.get_policy_version(PolicyArn=made.ref, VersionId=found["DefaultVersionId"])["PolicyVersion"]
    return {"PolicyDocument": version["Document"], "Description": found.get("Description")}


def _put_policy(iam: Any, role: str, policy: Properties) -> None:
    document = json.dumps(policy["PolicyDocument"])
    iam.put_role_policy(RoleName=role, PolicyName=policy["PolicyName"], PolicyDocument=document)


def _policy(iam: Any, role: str, name: str) -> Any:
    return iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]


TYPES = (
    ResourceType(
        "AWS::IAM::Role",
        frozenset({"AssumeRolePolicyDocument", "Description", "RoleName", "Tags", "Policies", "ManagedPolicyArns"}),
        _create_role,
        _read_role,
        attributes=frozenset({"Arn"}),
    ),
    ResourceType(
        "AWS::IAM::Policy", frozenset({"PolicyName", "PolicyDocument", "Roles"}), _create_policy, _read_policy
    ),
    ResourceType(
        "AWS::IAM::ManagedPolicy",
        frozenset({"PolicyDocument", "Description"}),
        _create_managed_policy,
        _read_managed_policy,
    ),
)
