"""How does a person see how a Region does, and who is told when it does badly?"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch

from dataplane_cdk.config import Config, RegionConfig
from dataplane_cdk.constructs.alarm_topic import CLOUDWATCH, alarm_topic
from dataplane_cdk.constructs.alarms import Alarms
from dataplane_cdk.constructs.balancer_log import BalancerLog
from dataplane_cdk.constructs.canary import PublicNameCanary
from dataplane_cdk.constructs.dashboards import region_rows
from dataplane_cdk.constructs.metrics import RegionMetrics
from dataplane_cdk.constructs.saved_queries import SavedQueries
from dataplane_cdk.stacks.regional import RegionalStack
from dataplane_cdk.stacks.service import ServiceStack


class ObservabilityStack(RegionalStack):
    """One Region's dashboard, alarms, saved queries, and with canaryEnabled a canary. `metrics` serve the pair's."""

    def __init__(self, app: cdk.App, config: Config, region: RegionConfig, service: ServiceStack) -> None:
        super().__init__(app, config, region.name, "observability", f"dashboard, alarms and queries of {region.name}")
        other = config.other(region).name
        self.metrics = RegionMetrics(
            self.names,
            region.name,
            service.balancer.load_balancer_full_name,
            service.targets.target_group_full_name,
        )
        cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=f"{self.names.prefix}-{region.name}",
            widgets=region_rows(self.names, self.metrics, other),
        )
        topic = alarm_topic(self, self.names, CLOUDWATCH)
        Alarms(self, "Alarms", self.names, self.metrics, topic, other)
        BalancerLog(self, "BalancerLog", self.names, service.balancer.load_balancer_arn)
        SavedQueries(self, "Queries", self.names, region.name)
        if config.canary_enabled:
            PublicNameCanary(self, "Canary", self.names, region.name, topic)
