"""Which figures tell how a Region does?

Made from names, so that a dashboard in another Region can show them too.
"""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch

from dataplane_cdk.constructs.object_replication import RULE_ID
from dataplane_cdk.names import Names

MINUTE = cdk.Duration.minutes(1)
READINESS_PERIOD = cdk.Duration.minutes(15)
METRICS_NAMESPACE = "drlab"


@dataclass(frozen=True)
class RegionMetrics:
    """The figures of `region`. `balancer` and `targets` are the full names that CloudWatch knows them by."""

    names: Names
    region: str
    balancer: str
    targets: str

    def balancer_metric(self, name: str, statistic: str) -> cloudwatch.Metric:
        """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html"""
        return self._metric("AWS/ApplicationELB", name, statistic, {"LoadBalancer": self.balancer})

    def target_metric(self, name: str, statistic: str) -> cloudwatch.Metric:
        dimensions = {"LoadBalancer": self.balancer, "TargetGroup": self.targets}
        return self._metric("AWS/ApplicationELB", name, statistic, dimensions)

    def service_metric(self, name: str, statistic: str = "Average") -> cloudwatch.Metric:
        """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html"""
        return self._metric("AWS/ECS", name, statistic, self._service)

    def task_count(self, name: str) -> cloudwatch.Metric:
        """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html"""
        return self._metric("ECS/ContainerInsights", name, "Average", self._service)

    def database_metric(self, name: str, statistic: str = "Average") -> cloudwatch.Metric:
        """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-metrics.html

        In Aurora the cluster's figures, which go by another dimension.
        """
        key = "DBClusterIdentifier" if self.names.config.db_mode == "aurora-global" else "DBInstanceIdentifier"
        return self._metric("AWS/RDS", name, statistic, {key: self.names.database(self.region)})

    @property
    def replica_lag(self) -> cloudwatch.Metric:
        """Seconds. How far the replica is behind while the primary lives; after its death it means nothing."""
        if self.names.config.db_mode == "aurora-global":
            # Of users' transactions alone, which AWS names to be looked at before a failover of Aurora PostgreSQL:
            # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-disaster-recovery.html
            milliseconds = self.database_metric("AuroraGlobalDBRPOLag", "Maximum")
            return milliseconds.with_(label="AuroraGlobalDBRPOLag (ms)")
        return self.database_metric("ReplicaLag", "Maximum")

    def arriving(self, name: str, source: str) -> cloudwatch.Metric:
        """Of the objects that come here from `source`: what waits and how late it is, S3 tells where they are expected.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html ("Which Region is this metric published in?")
        """
        return self._replication(name, "Maximum", source, self.region)

    def not_replicated(self, to: str) -> cloudwatch.Metric:
        """Of the objects that leave for `to`: those that S3 gave up on, which it tells where they are (the same page)."""
        return self._replication("OperationsFailedReplication", "Sum", self.region, to)

    def _replication(self, name: str, statistic: str, source: str, destination: str) -> cloudwatch.Metric:
        dimensions = {
            "SourceBucket": self.names.bucket("app-data", source),
            "DestinationBucket": self.names.bucket("app-data", destination),
            "RuleId": RULE_ID,
        }
        return self._metric("AWS/S3", name, statistic, dimensions)

    def runs(self, name: str, statistic: str = "Sum") -> cloudwatch.Metric:
        """Of the state machine `drlab-<service>-failover`.

        https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
        """
        account, prefix = self.names.config.account, self.names.prefix
        machine = f"arn:aws:states:{self.region}:{account}:stateMachine:{prefix}-failover"
        return self._metric("AWS/States", name, statistic, {"StateMachineArn": machine})

    def decisions(self, name: str) -> cloudwatch.Metric:
        """What ReceiveAlarm and ProbeLeader count."""
        return self._of_control_plane(name, "Sum")

    @property
    def heartbeat_age(self) -> cloudwatch.Metric:
        """Seconds since the leader's newest heartbeat, seen by the probe of the Region that stands by, each minute."""
        return self._of_control_plane("HeartbeatAge", "Maximum")

    def readiness(self, name: str) -> cloudwatch.Metric:
        """How many checks of the Region that stands by say so, each quarter of an hour."""
        return self._of_control_plane(name, "Maximum").with_(period=READINESS_PERIOD)

    def _of_control_plane(self, name: str, statistic: str) -> cloudwatch.Metric:
        return self._metric(METRICS_NAMESPACE, name, statistic, {"service": self.names.prefix})

    @property
    def _service(self) -> dict[str, str]:
        return {"ClusterName": self.names.cluster, "ServiceName": self.names.cluster}

    def _metric(self, namespace: str, name: str, statistic: str, dimensions: dict[str, str]) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=namespace,
            metric_name=name,
            statistic=statistic,
            period=MINUTE,
            dimensions_map=dimensions,
            region=self.region,
        )
