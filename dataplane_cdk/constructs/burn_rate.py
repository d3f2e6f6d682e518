"""Is the error budget of 99.9 % availability spent too fast? Multi-window burn-rate alarms on the load balancer's figures.

A burn rate of 1 spends the budget in exactly its period of 30 days. Each pair tells when both of its windows burn: the long
one has seen enough to matter, the short one says that it still goes on. https://sre.google/workbook/alerting-on-slos/
(table 5-8)

Route 53's checkers ask /healthz of the standby too, and are answered 503: a Region that has given hardly a good answer for six
hours stands by, and has no budget to burn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from dataplane_cdk.constructs.metrics import RegionMetrics
from dataplane_cdk.constructs.pages import described
from dataplane_cdk.names import Names

OBJECTIVE = 0.999
STANDS_BY_AFTER = cdk.Duration.hours(6)
# Good answers. A leader gives Route 53's checkers alone one a second or more; in a standby the readiness check asks for one
# every quarter of an hour, and strangers for some more.
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
SERVED_AT_LEAST = 500
# Errors of the load balancer itself are in no RequestCount where it chose no target; FILL: neither is published at zero.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
BAD = "(FILL({elb}, 0) + FILL({target}, 0))"
ALL = "(FILL({requests}, 0) + FILL({elb}, 0))"


@dataclass(frozen=True)
class Pair:
    """Tells when `long` and `short` both burn at `rate`. `told`: by which composite alarm."""

    long: cdk.Duration
    short: cdk.Duration
    rate: float
    told: str


FAST, SLOWLY = "budget-burns-fast", "budget-burns-slowly"
PAIRS = (
    Pair(cdk.Duration.hours(1), cdk.Duration.minutes(5), 14.4, FAST),
    Pair(cdk.Duration.hours(6), cdk.Duration.minutes(30), 6, FAST),
    Pair(cdk.Duration.days(3), cdk.Duration.hours(6), 1, SLOWLY),
)


def burn_rate(here: RegionMetrics, window: cdk.Duration) -> cloudwatch.MathExpression:
    """How many times faster than the objective allows the budget is spent, over `window`. 0 where nobody asks."""
    figures = {"elb": "HTTPCode_ELB_5XX_Count", "target": "HTTPCode_Target_5XX_Count", "requests": "RequestCount"}
    # One graph shows several windows, and a name stands for one metric in it.
    ids = {name: f"{name}{_named(window)}" for name in figures}
    return cloudwatch.MathExpression(
        expression=f"IF({ALL} > 0, {BAD} / {ALL}, 0) / {1 - OBJECTIVE:.4f}".format(**ids),
        using_metrics={
            ids[name]: here.balancer_metric(figure, "Sum").with_(period=window) for name, figure in figures.items()
        },
        label=f"burn rate over {_named(window)}",
        period=window,
    )


class BurnRates(Construct):
    """`rules`: for each composite alarm that tells, when it does. `stands_by` is in ALARM where nobody is served."""

    def __init__(self, scope: Construct, construct_id: str, names: Names, here: RegionMetrics) -> None:
        super().__init__(scope, construct_id)
        self._names, self._here = names, here
        self.stands_by = cloudwatch.Alarm(
            self,
            "stands-by",
            alarm_name=names.alarm("stands-by"),
            alarm_description=described("Hardly a good answer in six hours: this Region stands by", "stands-by"),
            metric=here.balancer_metric("HTTPCode_Target_2XX_Count", "Sum").with_(period=STANDS_BY_AFTER),
            comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            threshold=SERVED_AT_LEAST,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
        )
        serves = cloudwatch.AlarmRule.not_(in_alarm(self.stands_by))
        self.rules = {
            told: cloudwatch.AlarmRule.all_of(
                serves, cloudwatch.AlarmRule.any_of(*(self._both(pair) for pair in PAIRS if pair.told == told))
            )
            for told in (FAST, SLOWLY)
        }

    def _both(self, pair: Pair) -> cloudwatch.IAlarmRule:
        windows: Sequence[cdk.Duration] = (pair.long, pair.short)
        return cloudwatch.AlarmRule.all_of(*(in_alarm(self._burns(one, pair)) for one in windows))

    def _burns(self, window: cdk.Duration, pair: Pair) -> cloudwatch.Alarm:
        """One period as long as the window: at most seven days.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html (Period)
        """
        what = f"burns-{_named(window)}-at-{pair.rate:g}"
        return cloudwatch.Alarm(
            self,
            what,
            alarm_name=self._names.alarm(what),
            alarm_description=described(f"Over {_named(window)} the error budget burns {pair.rate:g} times", pair.told),
            metric=burn_rate(self._here, window),
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            threshold=pair.rate,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )


def in_alarm(alarm: cloudwatch.Alarm) -> cloudwatch.IAlarmRule:
    return cloudwatch.AlarmRule.from_alarm(alarm, cloudwatch.AlarmState.ALARM)


def _named(window: cdk.Duration) -> str:
    minutes = int(window.to_minutes())
    for unit, length in (("d", 24 * 60), ("h", 60)):
        if minutes % length == 0:
            return f"{minutes // length}{unit}"
    return f"{minutes}m"
