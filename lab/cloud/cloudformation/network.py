"""Which of a Region's network do the templates create in the lab?

Only what other resources name: the lab's processes are joined by loopback sockets, and nothing is routed through it.
"""

from __future__ import annotations

from typing import Any

from lab.cloud.cloudformation.resource import Created, Made, Properties, ResourceType, Wanted, projected

_TAGS = {"Tags": "tags decide nothing in the lab"}
_NOT_ROUTED = "the lab's processes are joined by loopback sockets: nothing is routed through the emulated network"
_PORT_RULE = ("IpProtocol", "FromPort", "ToPort")


def _create_vpc(wanted: Wanted) -> Created:
    ec2 = wanted.client("ec2")
    vpc = ec2.create_vpc(
        CidrBlock=wanted.properties["CidrBlock"], InstanceTenancy=wanted.properties["InstanceTenancy"]
    )["Vpc"]["VpcId"]
    for name in ("EnableDnsSupport", "EnableDnsHostnames"):
        ec2.modify_vpc_attribute(VpcId=vpc, **{name: {"Value": wanted.flag(name)}})
    return Created(vpc)


def _read_vpc(made: Made) -> Properties:
    ec2 = made.client("ec2")
    found: Properties = ec2.describe_vpcs(VpcIds=[made.ref])["Vpcs"][0]
    for name in ("enableDnsSupport", "enableDnsHostnames"):
        key = name[0].upper() + name[1:]
        found[key] = ec2.describe_vpc_attribute(VpcId=made.ref, Attribute=name)[key]["Value"]
    return found


def _create_subnet(wanted: Wanted) -> Created:
    ec2, names = wanted.client("ec2"), ("AvailabilityZone", "CidrBlock", "VpcId")
    subnet = ec2.create_subnet(**{name: wanted.properties[name] for name in names})["Subnet"]["SubnetId"]
    on_launch = {"Value": wanted.flag("MapPublicIpOnLaunch")}
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch=on_launch)
    return Created(subnet)


def _read_subnet(made: Made) -> Properties:
    found: Properties = made.client("ec2").describe_subnets(SubnetIds=[made.ref])["Subnets"][0]
    return found


def _create_group(wanted: Wanted) -> Created:
    ec2 = wanted.client("ec2")
    group = ec2.create_security_group(
        GroupName=wanted.name, Description=wanted.properties["GroupDescription"], VpcId=wanted.properties["VpcId"]
    )["GroupId"]
    # A new group lets everything out: https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
    ec2.revoke_security_group_egress(
        GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    )
    for rule in wanted.properties.get("SecurityGroupIngress", []):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[_permission(rule)])
    for rule in wanted.properties.get("SecurityGroupEgress", []):
        ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[_permission(rule)])
    return Created(group, {"GroupId": group})


def _read_group(made: Made) -> Properties:
    found = made.client("ec2").describe_security_groups(GroupIds=[made.ref])["SecurityGroups"][0]
    return {
        "GroupDescription": found["Description"],
        "VpcId": found["VpcId"],
        "SecurityGroupIngress": _rules(found["IpPermissions"], made.properties.get("SecurityGroupIngress", [])),
        "SecurityGroupEgress": _rules(found["IpPermissionsEgress"], made.properties.get("SecurityGroupEgress", [])),
    }


def _permission(rule: Properties) -> dict[str, Any]:
    ranges = [{"CidrIp": rule["CidrIp"], "Description": rule.get("Description", "")}]
    return {**_ports(rule), "IpRanges": ranges}


def _ports(rule: Properties) -> dict[str, Any]:
    """EC2 takes the ports as integers, which templates may write as text."""
    return {"IpProtocol": str(rule["IpProtocol"]), "FromPort": int(rule["FromPort"]), "ToPort": int(rule["ToPort"])}


def _rules(permissions: list[dict[str, Any]], wanted: list[Properties]) -> list[Properties]:
    """The address rules; those that name groups are resources of their own."""
    flat = [
        {**{name: permission.get(name) for name in _PORT_RULE}, **one}
        for permission in permissions
        for one in permission.get("IpRanges", [])
    ]
    return [projected(wanted[0], rule) for rule in flat] if wanted else flat


def _between(direction: str, other: str) -> tuple[Any, Any]:
    """Create and read a rule that names another group."""

    def create(wanted: Wanted) -> Created:
        pair = {"GroupId": wanted.properties[other], "Description": wanted.properties.get("Description", "")}
        getattr(wanted.client("ec2"), f"authorize_security_group_{direction}")(
            GroupId=wanted.properties["GroupId"],
            IpPermissions=[{**_ports(wanted.properties), "UserIdGroupPairs": [pair]}],
        )
        return Created(wanted.name)

    def read(made: Made) -> Properties:
        group = made.properties["GroupId"]
        found = made.client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
        permissions = found["IpPermissions" if direction == "ingress" else "IpPermissionsEgress"]
        for permission in permissions:
            for pair in permission.get("UserIdGroupPairs", []):
                rule = {name: permission.get(name) for name in _PORT_RULE}
                rule |= {"GroupId": group, other: pair["GroupId"], "Description": pair.get("Description")}
                if all(str(rule[name]) == str(made.properties[name]) for name in (other, "FromPort")):
                    return rule
        return {}

    return create, read


def _rule_type(direction: str, other: str) -> ResourceType:
    create, read = _between(direction, other)
    made = frozenset({"GroupId", "Description", other, *_PORT_RULE})
    return ResourceType(f"AWS::EC2::SecurityGroup{direction.capitalize()}", made, create, read)


TYPES = (
    ResourceType(
        "AWS::EC2::VPC",
        frozenset({"CidrBlock", "EnableDnsHostnames", "EnableDnsSupport", "InstanceTenancy"}),
        _create_vpc,
        _read_vpc,
        inert=_TAGS,
    ),
    ResourceType(
        "AWS::EC2::Subnet",
        frozenset({"AvailabilityZone", "CidrBlock", "MapPublicIpOnLaunch", "VpcId"}),
        _create_subnet,
        _read_subnet,
        inert=_TAGS,
    ),
    ResourceType(
        "AWS::EC2::SecurityGroup",
        frozenset({"GroupDescription", "SecurityGroupEgress", "SecurityGroupIngress", "VpcId"}),
        _create_group,
        _read_group,
        inert=_TAGS,
        attributes=frozenset({"GroupId"}),
    ),
    _rule_type("ingress", "SourceSecurityGroupId"),
    _rule_type("egress", "DestinationSecurityGroupId"),
    ResourceType("AWS::EC2::EIP", inert={"*": _NOT_ROUTED}, attributes=frozenset({"AllocationId"})),
    *(
        ResourceType(f"AWS::EC2::{name}", inert={"*": _NOT_ROUTED})
        for name in (
            *("FlowLog", "InternetGateway", "NatGateway", "Route", "RouteTable"),
            *("SubnetRouteTableAssociation", "VPCEndpoint", "VPCGatewayAttachment"),
        )
    ),
)
