"""Where can a load balancer's requests be searched within minutes? In a log group, beside the copy in S3.

https://docs.aws.amazon.com/cloudwatch/latest/observabilityadmin/API_LogDeliveryParameters.html
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_logs as logs
from constructs import Construct

from dataplane_cdk.names import Names


class BalancerLog(Construct):
    """Delivers the access log of `balancer_arn` to /drlab/<service>/load-balancer."""

    def __init__(self, scope: Construct, construct_id: str, names: Names, balancer_arn: str) -> None:
        super().__init__(scope, construct_id)
        group = logs.LogGroup(
            self,
            "Group",
            log_group_name=names.log_group("load-balancer"),
            retention=logs.RetentionDays.TWO_WEEKS,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        name = f"{names.prefix}-load-balancer"
        source = logs.CfnDeliverySource(
            self, "Source", name=name, log_type="ALB_ACCESS_LOGS", resource_arn=balancer_arn
        )
        destination = logs.CfnDeliveryDestination(
            self,
            "Destination",
            name=name,
            destination_resource_arn=names.log_group_arn("load-balancer", cdk.Stack.of(self).region),
            output_format="json",
        )
        destination.node.add_dependency(group)
        delivery = logs.CfnDelivery(
            self,
            "Delivery",
            delivery_source_name=source.name,
            delivery_destination_arn=destination.attr_arn,
        )
        delivery.add_resource_dependency(source)
