"""Is there a table that both Regions write to? With dynamodbGlobalTable, for what may be decided last-writer-wins."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb

from dataplane_cdk.config import Config
from dataplane_cdk.stacks.regional import RegionalStack


class GlobalTableStack(RegionalStack):
    """`drlab-<service>-sessions` in both Regions. Nothing of drlab reads it: it is the service's own.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GlobalTables.html
    """

    def __init__(self, app: cdk.App, config: Config) -> None:
        super().__init__(app, config, config.primary.name, "table", "a table in both Regions")
        dynamodb.TableV2(
            self,
            "Sessions",
            table_name=f"{self.names.prefix}-sessions",
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            billing=dynamodb.Billing.on_demand(),
            encryption=dynamodb.TableEncryptionV2.aws_managed_key(),
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=True,
            removal_policy=cdk.RemovalPolicy.RETAIN,
            replicas=[dynamodb.ReplicaTableProps(region=config.secondary.name, deletion_protection=True)],
        )
