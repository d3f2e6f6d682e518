"""What about a Region is worth waking a person?

Single alarms only watch; composite alarms tell, once for many causes. Each single one must fail in several of its last
minutes; an object that S3 gave up on is counted in a single one. Nothing here starts a failover: that is the health-check
alarm's, and the probe's.
"""

from __future__ import annotations

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from dataplane_cdk.constructs.burn_rate import FAST, SLOWLY, BurnRates, in_alarm
from dataplane_cdk.constructs.metrics import RegionMetrics
from dataplane_cdk.constructs.object_replication import REPLICATION_MINUTES
from dataplane_cdk.constructs.pages import described
from dataplane_cdk.names import Names

ABOVE = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
QUIET = cloudwatch.TreatMissingData.NOT_BREACHING
SUSPECT = cloudwatch.TreatMissingData.BREACHING
GIB = 2**30
MEANING = {
    "balancer-errors": "The load balancer itself answers 5xx",
    "service-errors": "The service answers 5xx",
    "slow-answers": "One answer in twenty takes more than a second",
    "no-healthy-task": "The load balancer has no healthy task to send requests to",
    "database-busy": "The database's CPU is busy for more than nine tenths of the time",
    "database-full": "The database has less than 2 GiB left",
    "replica-lag": "The replica is further behind than the RPO",
    "replica-silent": "Nobody tells how far behind the replica is",
    "objects-late": "Objects of the other Region arrive here later than S3 promises",
    "objects-not-replicated": "S3 gave up on replicating an object",
}


class Alarms(Construct):
    """The alarms of one Region, the same in both: whichever leads, the other stands by. `other` is that one."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        names: Names,
        here: RegionMetrics,
        topic: sns.ITopic,
        other: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self._names, self._here, self._topic = names, here, topic
        budget = BurnRates(self, "Budget", names, here)
        self._tell("users-suffer", "Users of this Region are not served well", self._suffering(budget.stands_by))
        self._tell("data-at-risk", "A failover would lose more than it should", self._at_risk(budget.stands_by, other))
        self._tell(FAST, "At this pace the month's error budget is gone in days", budget.rules[FAST])
        self._tell(SLOWLY, "At this pace the month's error budget will not last", budget.rules[SLOWLY])

    def _suffering(self, stands_by: cloudwatch.Alarm) -> cloudwatch.IAlarmRule:
        """In a standby the service answers Route 53's checkers with 503, and hardly anybody else: those are no errors."""
        here = self._here
        errors = self._alarm("service-errors", here.target_metric("HTTPCode_Target_5XX_Count", "Sum"), ABOVE, 50, QUIET)
        served = cloudwatch.AlarmRule.not_(in_alarm(stands_by))
        return cloudwatch.AlarmRule.any_of(
            cloudwatch.AlarmRule.all_of(served, in_alarm(errors)), *(in_alarm(one) for one in self._of_users())
        )

    def _of_users(self) -> list[cloudwatch.Alarm]:
        here = self._here
        return [
            self._alarm("balancer-errors", here.balancer_metric("HTTPCode_ELB_5XX_Count", "Sum"), ABOVE, 10, QUIET),
            self._alarm("slow-answers", here.balancer_metric("TargetResponseTime", "p95"), ABOVE, 1, QUIET),
            self._alarm("no-healthy-task", here.target_metric("HealthyHostCount", "Minimum"), BELOW, 1, SUSPECT),
            self._alarm("database-busy", here.database_metric("CPUUtilization"), ABOVE, 90, QUIET),
        ]

    def _at_risk(self, stands_by: cloudwatch.Alarm, other: str) -> cloudwatch.IAlarmRule:
        """No figure of a replica is as bad as a large one, since it may be gone; but a leader has no such figure."""
        silent = self._alarm("replica-silent", self._here.replica_lag.with_(statistic="SampleCount"), BELOW, 1, SUSPECT)
        return cloudwatch.AlarmRule.any_of(
            cloudwatch.AlarmRule.all_of(in_alarm(stands_by), in_alarm(silent)),
            *(in_alarm(one) for one in self._of_data(other)),
        )

    def _of_data(self, other: str) -> list[cloudwatch.Alarm]:
        """Late objects are seen where they are expected, lost ones where they are: after a rebuild the two are exchanged."""
        here, target = self._here, self._names.config.rpo_target_seconds
        scale = 1000 if self._names.config.db_mode == "aurora-global" else 1
        latency, failed = here.arriving("ReplicationLatency", other), here.not_replicated(other)
        found = [
            self._alarm("replica-lag", here.replica_lag, ABOVE, target * scale, QUIET),
            self._alarm("objects-late", latency, ABOVE, REPLICATION_MINUTES * 60, QUIET),
            self._alarm("objects-not-replicated", failed, ABOVE, 0, QUIET, (1, 60)),
        ]
        if self._names.config.db_mode == "rds-postgres":
            free = here.database_metric("FreeStorageSpace", "Minimum")
            found.append(self._alarm("database-full", free, BELOW, 2 * GIB, QUIET))
        return found

    def _alarm(
        self,
        what: str,
        metric: cloudwatch.Metric,
        comparison: cloudwatch.ComparisonOperator,
        threshold: float,
        missing: cloudwatch.TreatMissingData,
        minutes: tuple[int, int] = (3, 5),
    ) -> cloudwatch.Alarm:
        """`minutes`: in how many of the last how many it must be so."""
        return cloudwatch.Alarm(
            self,
            what,
            alarm_name=self._names.alarm(what),
            alarm_description=described(MEANING[what], what),
            # An alarm watches its own Region: with a Region named, CloudFormation would want an account as well.
            metric=metric,
            comparison_operator=comparison,
            threshold=threshold,
            evaluation_periods=minutes[1],
            datapoints_to_alarm=minutes[0],
            treat_missing_data=missing,
        )

    def _tell(self, what: str, meaning: str, rule: cloudwatch.IAlarmRule) -> None:
        told = cloudwatch.CompositeAlarm(
            self,
            what,
            composite_alarm_name=self._names.alarm(what),
            alarm_description=described(meaning, what),
            alarm_rule=rule,
        )
        told.add_alarm_action(actions.SnsAction(self._topic))
        told.add_ok_action(actions.SnsAction(self._topic))
