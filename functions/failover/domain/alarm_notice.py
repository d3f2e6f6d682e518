"""What does an alarm's message from an SNS topic say, in the shape of an EventBridge event?

A second way in, for an installation that does not rely on EventBridge alone. Muted and suppressed alarms perform no actions,
so they send no such message: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-actions.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from failover.domain.leader_record import Refusal

SOURCE = "aws.cloudwatch"
DETAIL_TYPE = "CloudWatch Alarm State Change"


def as_event(event: Mapping[str, Any]) -> Mapping[str, Any] | Refusal:
    """The event that EventBridge would have delivered; nothing in it has been checked yet but that it is one message.

    SNS hands a function one message at a time: https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
    The message's fields: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    """
    records = event["Records"]
    record = records[0] if isinstance(records, list) and len(records) == 1 else None
    if not isinstance(record, Mapping) or record.get("EventSource") != "aws:sns":
        return Refusal("The event is malformed: Records does not hold one SNS message.")
    sns = record.get("Sns")
    message = _read(sns.get("Message")) if isinstance(sns, Mapping) else None
    if message is None:
        return Refusal("The SNS message is none of an alarm: its text is no JSON object.")
    arn = message.get("AlarmArn")
    state = {
        "value": message.get("NewStateValue"),
        "reason": message.get("NewStateReason"),
        "timestamp": message.get("StateChangeTime"),
    }
    return {
        "source": SOURCE,
        "detail-type": DETAIL_TYPE,
        "account": message.get("AWSAccountId"),
        # The message names the Region as people do ("US East (N. Virginia)"): only its ARN has the code.
        "region": arn.split(":")[3] if isinstance(arn, str) and arn.count(":") >= 3 else None,
        "resources": [arn],
        "detail": {"alarmName": message.get("AlarmName"), "state": state},
    }


def _read(text: object) -> Mapping[str, Any] | None:
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
