"""What about a Region is worth waking a person?

Single alarms only watch; two composite alarms tell, once for many causes. Each single one must fail in several of its
last minutes. Nothing here starts a failover: that is the health-check alarm's, and the probe's.
"""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from dataplane_cdk.constructs.metrics import RegionMetrics
from dataplane_cdk.constructs.object_replication import REPLICATION_MINUTES
from dataplane_cdk.names import Names

ABOVE = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
QUIET = cloudwatch.TreatMissingData.NOT_BREACHING
SUSPECT = cloudwatch.TreatMissingData.BREACHING
GIB = 2**30


class Alarms(Construct):
    """The alarms of one Region; `replicates_to` is where its objects go, `is_replica` what its database is."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        names: Names,
        here: RegionMetrics,
        topic: sns.ITopic,
        replicates_to: str | None,
        is_replica: bool,
    ) -> None:
        super().__init__(scope, construct_id)
        self._names, self._here, self._topic = names, here, topic
        self._tell("users-suffer", "Users of this Region are not served well", self._of_users())
        self._tell(
            "data-at-risk", "A failover would lose more than it should", self._of_data(replicates_to, is_replica)
        )

    def _of_users(self) -> list[cloudwatch.Alarm]:
        here = self._here
        return [
            self._alarm("balancer-errors", here.balancer_metric("HTTPCode_ELB_5XX_Count", "Sum"), ABOVE, 10, QUIET),
            self._alarm("service-errors", here.target_metric("HTTPCode_Target_5XX_Count", "Sum"), ABOVE, 50, QUIET),
            self._alarm("slow-answers", here.balancer_metric("TargetResponseTime", "p95"), ABOVE, 1, QUIET),
            self._alarm("no-healthy-task", here.target_metric("HealthyHostCount", "Minimum"), BELOW, 1, SUSPECT),
            self._alarm("database-busy", here.database_metric("CPUUtilization"), ABOVE, 90, QUIET),
        ]

    def _of_data(self, replicates_to: str | None, is_replica: bool) -> list[cloudwatch.Alarm]:
        here, target = self._here, self._names.config.rpo_target_seconds
        found = []
        if self._names.config.db_mode == "rds-postgres":
            free = here.database_metric("FreeStorageSpace", "Minimum")
            found.append(self._alarm("database-full", free, BELOW, 2 * GIB, QUIET))
        if is_replica:
            scale = 1000 if self._names.config.db_mode == "aurora-global" else 1
            # No figure at all is as bad as a large one: the replica may be gone.
            found.append(self._alarm("replica-lag", here.replica_lag, ABOVE, target * scale, SUSPECT))
        if replicates_to is not None:
            latency = here.replication_metric("ReplicationLatency", replicates_to)
            found.append(self._alarm("objects-late", latency, ABOVE, REPLICATION_MINUTES * 60, QUIET))
            failed = here.replication_metric("OperationsFailedReplication", replicates_to, "Sum")
            found.append(self._alarm("objects-not-replicated", failed, ABOVE, 0, QUIET))
        return found

    def _alarm(
        self,
        what: str,
        metric: cloudwatch.Metric,
        comparison: cloudwatch.ComparisonOperator,
        threshold: float,
        missing: cloudwatch.TreatMissingData,
    ) -> cloudwatch.Alarm:
        return cloudwatch.Alarm(
            self,
            what,
            alarm_name=self._names.alarm(what),
            # An alarm watches its own Region: with a Region named, CloudFormation would want an account as well.
            metric=metric,
            comparison_operator=comparison,
            threshold=threshold,
            evaluation_periods=5,
            datapoints_to_alarm=3,
            treat_missing_data=missing,
        )

    def _tell(self, what: str, description: str, causes: Sequence[cloudwatch.Alarm]) -> None:
        told = cloudwatch.CompositeAlarm(
            self,
            what,
            composite_alarm_name=self._names.alarm(what),
            alarm_description=description,
            alarm_rule=cloudwatch.AlarmRule.any_of(
                *(cloudwatch.AlarmRule.from_alarm(one, cloudwatch.AlarmState.ALARM) for one in causes)
            ),
        )
        told.add_alarm_action(actions.SnsAction(self._topic))
        told.add_ok_action(actions.SnsAction(self._topic))
