"""Where do a Region's parts run?

Two Availability Zones, each with a public, a private and an isolated subnet. One NAT gateway a Region serves both
zones: it costs less than five interface endpoints in two zones, and a zone's loss is the other Region's business.
S3 is reached through a gateway endpoint, which is free
(https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html): the lease's calls then skip the NAT
for this Region's own bucket.
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs

from dataplane_cdk.config import Config, RegionConfig
from dataplane_cdk.constructs.tiers import Tiers
from dataplane_cdk.stacks.regional import RegionalStack

PUBLIC = ec2.SubnetSelection(subnet_group_name="public")
PRIVATE = ec2.SubnetSelection(subnet_group_name="private")
REHEARSAL_GROUP = "RehearsalSecurityGroupId"
ISOLATED = ec2.SubnetSelection(subnet_group_name="isolated")


class NetworkStack(RegionalStack):
    """`vpc`, and `tiers`: who may connect to whom in it."""

    def __init__(self, app: cdk.App, config: Config, region: RegionConfig) -> None:
        super().__init__(app, config, region.name, "network", f"the network of {region.name}")
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            vpc_name=self.names.prefix,
            ip_addresses=ec2.IpAddresses.cidr(region.cidr),
            availability_zones=list(region.availability_zones),
            nat_gateways=1,
            subnet_configuration=[
                _subnets("public", ec2.SubnetType.PUBLIC, 24),
                _subnets("private", ec2.SubnetType.PRIVATE_WITH_EGRESS, 20),
                _subnets("isolated", ec2.SubnetType.PRIVATE_ISOLATED, 24),
            ],
            gateway_endpoints={"S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)},
            flow_logs={"FlowLogs": ec2.FlowLogOptions(destination=self._flow_logs())},
        )
        self.tiers = Tiers(self, "Tiers", self.vpc, config.encrypted)
        self._tell_the_control_plane()

    def _flow_logs(self) -> ec2.FlowLogDestination:
        group = logs.LogGroup(
            self,
            "FlowLogGroup",
            log_group_name=self.names.log_group("flow-logs"),
            retention=logs.RetentionDays.TWO_WEEKS,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        return ec2.FlowLogDestination.to_cloud_watch_logs(group)

    def _tell_the_control_plane(self) -> None:
        """What `sam deploy` is given, so that WarmSecondary, BoundDataLoss and PromoteReplica reach the database."""
        subnets = [subnet.subnet_id for subnet in self.vpc.private_subnets]
        cdk.CfnOutput(self, "FunctionSubnetIds", value=cdk.Fn.join(",", subnets))
        cdk.CfnOutput(self, "FunctionSecurityGroupIds", value=self.tiers.functions.security_group_id)
        # By a name of its own, whichever kind of database there is.
        cdk.CfnOutput(self, REHEARSAL_GROUP, value=self.tiers.rehearsal.security_group_id)

    @property
    def rehearsal_group_id(self) -> str:
        return self.told(REHEARSAL_GROUP)


def _subnets(name: str, kind: ec2.SubnetType, mask: int) -> ec2.SubnetConfiguration:
    public = kind == ec2.SubnetType.PUBLIC
    return ec2.SubnetConfiguration(
        name=name, subnet_type=kind, cidr_mask=mask, map_public_ip_on_launch=False if public else None
    )
