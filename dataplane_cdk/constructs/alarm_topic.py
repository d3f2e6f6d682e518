"""Whom do a Region's alarms tell?"""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from dataplane_cdk.names import Names


def alarm_topic(scope: Construct, names: Names, publisher: str) -> sns.Topic:
    """The topic `drlab-<service>-alarms`, to which the AWS service `publisher` may publish for this account.

    Not under a key of ours, which would stand between an alarm and the people who must hear of it; messages name
    alarms, Regions and times. The addresses are alarmEmail and webhookUrl.
    """
    config = names.config
    topic = sns.Topic(scope, "AlarmTopic", topic_name=f"{names.prefix}-alarms", enforce_ssl=True)
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            sid="AlarmsMayPublish",
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            principals=[iam.ServicePrincipal(publisher)],
            conditions={"StringEquals": {"aws:SourceAccount": config.account}},
        )
    )
    if config.alarm_email is not None:
        topic.add_subscription(subscriptions.EmailSubscription(config.alarm_email))
    if config.webhook_url is not None:
        topic.add_subscription(subscriptions.UrlSubscription(config.webhook_url))
    return topic
