"""Which objects were replicated late, or not at all? S3's own events, kept in a log group that can be searched.

S3 tells SQS of them but not EventBridge, and a pipe carries them on without any code:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes.html
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_pipes as pipes
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from dataplane_cdk.names import Names

EVENTS = (
    "s3:Replication:OperationFailedReplication",
    "s3:Replication:OperationMissedThreshold",
    "s3:Replication:OperationReplicatedAfterThreshold",
    "s3:Replication:OperationNotTracked",
)


class ReplicationEvents(Construct):
    """From the bucket `bucket_arn` to /drlab/<service>/object-replication."""

    def __init__(self, scope: Construct, construct_id: str, names: Names, bucket_arn: str) -> None:
        super().__init__(scope, construct_id)
        self._queue = sqs.Queue(
            self,
            "Queue",
            queue_name=f"{names.prefix}-object-replication",
            # S3 cannot send to a queue under KMS unless the key's policy names it; the messages hold keys of objects.
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(14),
        )
        self._queue.add_to_resource_policy(
            iam.PolicyStatement(
                sid="BucketMaySend",
                actions=["sqs:SendMessage"],
                resources=[self._queue.queue_arn],
                principals=[iam.ServicePrincipal("s3.amazonaws.com")],
                conditions={
                    "ArnEquals": {"aws:SourceArn": bucket_arn},
                    "StringEquals": {"aws:SourceAccount": names.config.account},
                },
            )
        )
        self._carry(names)

    def configuration(self) -> s3.CfnBucket.NotificationConfigurationProperty:
        """For the bucket."""
        queue = self._queue.queue_arn
        return s3.CfnBucket.NotificationConfigurationProperty(
            queue_configurations=[s3.CfnBucket.QueueConfigurationProperty(event=one, queue=queue) for one in EVENTS]
        )

    def _carry(self, names: Names) -> None:
        group = logs.LogGroup(
            self,
            "Group",
            log_group_name=names.log_group("object-replication"),
            retention=logs.RetentionDays.THREE_MONTHS,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        role = iam.Role(
            self,
            "PipeRole",
            assumed_by=iam.ServicePrincipal(
                "pipes.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": names.config.account}}
            ),
        )
        self._queue.grant_consume_messages(role)
        group.grant_write(role)
        pipe = pipes.CfnPipe(
            self,
            "Pipe",
            name=f"{names.prefix}-object-replication",
            source=self._queue.queue_arn,
            source_parameters=pipes.CfnPipe.PipeSourceParametersProperty(
                sqs_queue_parameters=pipes.CfnPipe.PipeSourceSqsQueueParametersProperty(batch_size=1)
            ),
            target=names.log_group_arn("object-replication", cdk.Stack.of(self).region),
            target_parameters=pipes.CfnPipe.PipeTargetParametersProperty(input_template="<$.body>"),
            role_arn=role.role_arn,
        )
        pipe.node.add_dependency(role, group)
