"""What do alarms, dashboards, logs, messages and parameters cost?"""

from __future__ import annotations

from decimal import Decimal

from lab.cost.charge import MILLION, ONE, Charge, Rules
from lab.cost.errors import CostError
from lab.cost.load import MINUTES_PER_HOUR, Load
from lab.cost.resources import Resource

DAYS_PER_MONTH = Decimal(365) / 12
SHORTEST_PERIOD_SECONDS = 60


def _alarm(alarm: Resource, _load: Load) -> list[Charge]:
    """Each metric that it looks at. Shorter periods than a minute have a price of their own.

    https://aws.amazon.com/cloudwatch/pricing/
    """
    metrics = [one for one in alarm.properties.get("Metrics", []) if "MetricStat" in one]
    periods = [one["MetricStat"]["Period"] for one in metrics] or [alarm["Period"]]
    if min(periods) < SHORTEST_PERIOD_SECONDS:
        raise CostError(f"{alarm} looks every {min(periods)} seconds; only standard alarms have a price.")
    return [Charge("cloudwatch.alarm", Decimal(len(periods)))]


def _composite(_of: Resource, _load: Load) -> list[Charge]:
    return [Charge("cloudwatch.composite", ONE)]


def _scaling_policy(policy: Resource, load: Load) -> list[Charge]:
    """https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html"""
    if policy["PolicyType"] != "TargetTrackingScaling":
        raise CostError(f"{policy} is of type {policy['PolicyType']!r}; only target tracking has a price.")
    return [Charge("cloudwatch.alarm", load.usage["alarms_per_scaling_policy"])]


def _dashboard(_of: Resource, _load: Load) -> list[Charge]:
    return [Charge("cloudwatch.dashboard", ONE)]


def _log_group(group: Resource, load: Load) -> list[Charge]:
    """What it takes in, and what it keeps. Logs that AWS's services write cost the same up to 10 TB."""
    taken_gb = load.logged_gb(group)
    kept_gb = taken_gb * Decimal(group["RetentionInDays"]) / DAYS_PER_MONTH * load.usage["stored_share_of_logs"]
    return [Charge("logs.ingest", taken_gb), Charge("logs.stored", kept_gb)]


def _topic(_of: Resource, load: Load) -> list[Charge]:
    messages = load.usage["notifications"]
    return [Charge("sns.publish", messages / MILLION), Charge("sns.email", messages / 100_000)]


def _queue(queue: Resource, load: Load) -> list[Charge]:
    """A pipe asks its queue all the time; nobody reads a queue of letters that could not be delivered."""
    pipes = load.installation.beside(queue, "AWS::Pipes::Pipe")
    reading = [one for one in pipes if one["Source"] == {"Fn::GetAtt": [queue.logical_id, "Arn"]}]
    polls = load.usage["pipe_polls_per_minute"] * MINUTES_PER_HOUR * load.hours * len(reading)
    return [Charge("sqs.request", polls / MILLION)]


def _rule(rule: Resource, load: Load) -> list[Charge]:
    """Events of AWS's own services are free; those that go to a bus in another Region are not.

    https://aws.amazon.com/eventbridge/pricing/
    """
    buses = [one for one in rule["Targets"] if ":event-bus/" in str(one["Arn"])]
    return [Charge("events.cross_region", load.usage["alarm_changes"] * len(buses) / MILLION)]


def _parameter(parameter: Resource, _load: Load) -> list[Charge]:
    """Standard ones are free: https://aws.amazon.com/systems-manager/pricing/"""
    if (tier := parameter.properties.get("Tier", "Standard")) != "Standard":
        raise CostError(f"{parameter} has the tier {tier!r}; only standard parameters have a price.")
    return []


RULES: Rules = {
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::CompositeAlarm": _composite,
    "AWS::CloudWatch::Dashboard": _dashboard,
    "AWS::ApplicationAutoScaling::ScalingPolicy": _scaling_policy,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::SNS::Topic": _topic,
    "AWS::SQS::Queue": _queue,
    "AWS::Events::Rule": _rule,
    "AWS::SSM::Parameter": _parameter,
}
