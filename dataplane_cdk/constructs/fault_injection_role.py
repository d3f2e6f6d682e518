"""What may AWS FIS do here in the name of a game day, and for which experiments?

After AWS's own policies for these actions, narrowed to this installation: AWSFaultInjectionSimulatorNetworkAccess, ...ECSAccess
and ...RDSAccess of https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
"""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from constructs import Construct

from dataplane_cdk.names import Names

# None of these names a resource in IAM: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
LOOKS = (
    "ec2:DescribeManagedPrefixLists",
    "ec2:DescribeNetworkAcls",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcs",
    "rds:DescribeDBInstances",
    "tag:GetResources",
)


def fault_injection_role(scope: Construct, names: Names, region: str, vpc_id: str, subnets: Sequence[str]) -> iam.Role:
    """For this account's and Region's experiments alone: no other one, and nobody else, can borrow it.

    https://docs.aws.amazon.com/fis/latest/userguide/getting-started-iam-service-role.html
    """
    account = names.config.account
    role = iam.Role(
        scope,
        "Role",
        assumed_by=iam.ServicePrincipal(
            "fis.amazonaws.com",
            conditions={
                "StringEquals": {"aws:SourceAccount": account},
                "ArnLike": {"aws:SourceArn": f"arn:aws:fis:{region}:{account}:experiment/*"},
            },
        ),
    )
    for statement in (
        *_network(f"arn:aws:ec2:{region}:{account}", vpc_id, subnets),
        *_tasks_and_database(names, region),
    ):
        role.add_to_policy(statement)
    return role


def _network(ec2: str, vpc_id: str, subnets: Sequence[str]) -> list[iam.PolicyStatement]:
    """FIS puts a network ACL of its own before a subnet, and the old one back at the end."""
    acls, vpc = f"{ec2}:network-acl/*", f"{ec2}:vpc/{vpc_id}"
    made = {"StringEquals": {"aws:RequestTag/managedByFIS": "true"}}
    owned = {"StringEquals": {"ec2:ResourceTag/managedByFIS": "true"}}
    tagged = {"StringEquals": {"ec2:CreateAction": "CreateNetworkAcl", **made["StringEquals"]}}
    ours = {"StringEquals": {"ec2:Vpc": vpc}}
    return [
        _allow("TagAcl", ["ec2:CreateTags"], [acls], tagged),
        _allow("MakeAcl", ["ec2:CreateNetworkAcl"], [acls], made),
        _allow("MakeAclHere", ["ec2:CreateNetworkAcl"], [vpc]),
        _allow("FillAndRemoveAcl", ["ec2:CreateNetworkAclEntry", "ec2:DeleteNetworkAcl"], [acls], owned),
        _allow("SwapAcl", ["ec2:ReplaceNetworkAclAssociation"], [acls, *subnets], ours),
    ]


def _tasks_and_database(names: Names, region: str) -> list[iam.PolicyStatement]:
    tasks = f"arn:aws:ecs:{region}:{names.config.account}:task/{names.cluster}/*"
    return [
        _allow("StopTasks", ["ecs:DescribeTasks", "ecs:StopTask"], [tasks]),
        _allow("RebootDatabase", ["rds:RebootDBInstance"], [names.database_arn(region)]),
        _allow("Look", list(LOOKS), ["*"]),
    ]


def _allow(
    sid: str, actions: list[str], resources: list[str], conditions: dict[str, dict[str, str]] | None = None
) -> iam.PolicyStatement:
    return iam.PolicyStatement(sid=sid, actions=actions, resources=resources, conditions=conditions)
