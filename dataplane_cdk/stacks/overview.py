"""How do both Regions do, side by side, and what do they cost? In the witness Region, which neither's loss takes away."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cloudwatch

from dataplane_cdk.config import Config
from dataplane_cdk.constructs.alarm_topic import alarm_topic
from dataplane_cdk.constructs.dashboards import pair_rows
from dataplane_cdk.constructs.metrics import RegionMetrics
from dataplane_cdk.stacks.regional import RegionalStack

# Told at four fifths of what was spent, and when the month's forecast is above the limit.
THRESHOLDS = (("ACTUAL", 80), ("FORECASTED", 100))


class OverviewStack(RegionalStack):
    """The pair's dashboard, and the budget of the account: a filter by tag sees nothing until the tag is activated.

    https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html
    """

    def __init__(self, app: cdk.App, config: Config, metrics: Sequence[RegionMetrics]) -> None:
        super().__init__(app, config, config.witness_region, "overview", "the pair's dashboard, and the budget")
        cloudwatch.Dashboard(
            self, "Dashboard", dashboard_name=f"{self.names.prefix}-pair", widgets=pair_rows(self.names, metrics)
        )
        topic = alarm_topic(self, self.names, "budgets.amazonaws.com")
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=self.names.prefix,
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=config.monthly_budget_usd, unit="USD"),
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        notification_type=kind,
                        comparison_operator="GREATER_THAN",
                        threshold=percent,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[
                        budgets.CfnBudget.SubscriberProperty(subscription_type="SNS", address=topic.topic_arn)
                    ],
                )
                for kind, percent in THRESHOLDS
            ],
        )
