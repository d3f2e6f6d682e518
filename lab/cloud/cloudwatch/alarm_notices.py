"""In which words does CloudWatch tell of an alarm's change: to EventBridge, to a topic, to a function?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

Document = dict[str, Any]


def event_detail(alarm: Any, new: Document, previous: Document) -> Document:
    """The detail of a "CloudWatch Alarm State Change" event of a metric alarm.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
    """
    return {
        "alarmName": alarm.name,
        "configuration": _configuration(alarm),
        "previousState": previous,
        "state": new,
    }


def function_payload(alarm: Any, new: Document, previous: Document) -> Document:
    """What a Lambda function receives as an alarm action; it differs from the event.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
    """
    return {
        "source": "aws.cloudwatch",
        "alarmArn": alarm.alarm_arn,
        "accountId": alarm.alarm_arn.split(":")[4],
        "time": new["timestamp"],
        "region": alarm.region_name,
        "alarmData": {
            "alarmName": alarm.name,
            "state": new,
            "previousState": previous,
            "configuration": _configuration(alarm),
        },
    }


def topic_message(alarm: Any, new: Document, previous: Document) -> tuple[str, str]:
    """Subject and body of the notification of an SNS action.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    The Region is given by its code; AWS writes its name ("US East (N. Virginia)").
    """
    message = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": alarm.alarm_arn.split(":")[4],
        "AlarmConfigurationUpdatedTimestamp": timestamp(alarm.configuration_updated_timestamp),
        "NewStateValue": new["value"],
        "NewStateReason": new["reason"],
        "StateChangeTime": new["timestamp"],
        "Region": alarm.region_name,
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": previous["value"],
        "OKActions": list(alarm.ok_actions or []),
        "AlarmActions": list(alarm.alarm_actions or []),
        "InsufficientDataActions": list(alarm.insufficient_data_actions or []),
        "Trigger": {
            "MetricName": alarm.metric_name,
            "Namespace": alarm.namespace,
            "StatisticType": "Statistic",
            "Statistic": str(alarm.statistic).upper(),
            "Unit": alarm.unit,
            "Dimensions": [{"value": one.value, "name": one.name} for one in alarm.dimensions],
            "Period": int(alarm.period),
            "EvaluationPeriods": int(alarm.evaluation_periods),
            "DatapointsToAlarm": int(alarm.datapoints_to_alarm or alarm.evaluation_periods),
            "ComparisonOperator": alarm.comparison_operator,
            "Threshold": float(alarm.threshold),
            "TreatMissingData": alarm.treat_missing_data or "missing",
            "EvaluateLowSampleCountPercentile": "",
        },
    }
    return f'{new["value"]}: "{alarm.name}" in {alarm.region_name}'[:99], json.dumps(message)


def state_document(value: str, reason: str, reason_data: str | None, at: datetime) -> Document:
    """One of an alarm's states, as events carry it; reasonData is left out when there is none."""
    document: Document = {"value": value, "reason": reason, "timestamp": timestamp(at)}
    if reason_data and reason_data != "{}":
        document["reasonData"] = reason_data
    return document


def timestamp(at: datetime) -> str:
    """CloudWatch's own format: milliseconds and +0000. A naive instant is taken as UTC."""
    utc = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}+0000"


def _configuration(alarm: Any) -> Document:
    metric = {
        "id": alarm.metric_id,
        "metricStat": {
            "metric": {
                "namespace": alarm.namespace,
                "name": alarm.metric_name,
                "dimensions": {one.name: one.value for one in alarm.dimensions},
            },
            "period": int(alarm.period),
            "stat": alarm.statistic,
        },
        "returnData": True,
    }
    described = {"description": alarm.description} if alarm.description else {}
    return {**described, "metrics": [metric]}
