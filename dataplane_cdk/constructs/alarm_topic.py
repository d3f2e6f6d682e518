"""Whom do a Region's alarms tell?"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from dataplane_cdk.constructs.pages import described
from dataplane_cdk.names import Names

CLOUDWATCH = "cloudwatch.amazonaws.com"


def alarm_topic(scope: Construct, names: Names, publisher: str) -> sns.Topic:
    """The topic `drlab-<service>-alarms`, to which the AWS service `publisher` may publish for this account.

    Not under a key of ours, which would stand between an alarm and the people who must hear of it; messages name
    alarms, Regions and times. The addresses are alarmEmail and webhookUrl.
    """
    config = names.config
    publishers = {publisher, CLOUDWATCH} if config.webhook_url is not None else {publisher}
    topic = sns.Topic(scope, "AlarmTopic", topic_name=f"{names.prefix}-alarms", enforce_ssl=True)
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            sid="AlarmsMayPublish",
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            principals=[iam.ServicePrincipal(one) for one in sorted(publishers)],
            conditions={"StringEquals": {"aws:SourceAccount": config.account}},
        )
    )
    if config.alarm_email is not None:
        topic.add_subscription(subscriptions.EmailSubscription(config.alarm_email))
    if config.webhook_url is not None:
        queue = _undelivered(scope, names, topic)
        topic.add_subscription(subscriptions.UrlSubscription(config.webhook_url, dead_letter_queue=queue))
    return topic


def _undelivered(scope: Construct, names: Names, topic: sns.Topic) -> sqs.Queue:
    """What the webhook did not take after all retries, and the alarm that tells of it: by mail, where there is an address.

    https://docs.aws.amazon.com/sns/latest/dg/sns-configure-dead-letter-queue.html
    """
    queue = sqs.Queue(
        scope,
        "Undelivered",
        queue_name=f"{names.prefix}-undelivered-alarms",
        # SNS could use a key of ours only by its policy, and it would stand between an alarm and the people.
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=cdk.Duration.days(14),
    )
    alarm = cloudwatch.Alarm(
        scope,
        "UndeliveredAlarm",
        # Another name than that of the control plane, which is in the same Regions.
        alarm_name=names.alarm("undelivered-alarms"),
        alarm_description=described(
            "The webhook did not take an alarm, after all retries; what it said lies in the queue",
            "undelivered-notifications",
        ),
        metric=queue.metric_approximate_number_of_messages_visible(
            period=cdk.Duration.minutes(1), statistic=cloudwatch.Stats.MAXIMUM
        ),
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        threshold=0,
        evaluation_periods=1,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    alarm.add_alarm_action(actions.SnsAction(topic))
    return queue
