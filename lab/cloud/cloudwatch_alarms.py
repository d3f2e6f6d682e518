"""When does an alarm change its state, and who is told?

An alarm starts as INSUFFICIENT_DATA, looks at its last N datapoints once a period, and needs M of them to breach. A missing
datapoint counts as TreatMissingData says: missing (the default), breaching, notBreaching or ignore.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
A state change is an event on the Region's default bus, and runs the actions of the new state:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
Not emulated: metric math, percentiles, composite alarms.
"""

from __future__ import annotations

import json
import operator
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.cloudwatch.models import Alarm, cloudwatch_backends
from moto.sns.models import sns_backends

from lab.cloud.context import CloudContext
from lab.cloud.eventbridge_delivery import delivery_of
from lab.settings import ACCOUNT_ID

LOOKS_A_PERIOD = 4
SHORTEST_LOOK_SECONDS = 0.05
NO_DATA = "INSUFFICIENT_DATA"
BREACHES: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
STATISTICS: dict[str, Callable[[list[float]], float]] = {
    "Minimum": min,
    "Maximum": max,
    "Sum": sum,
    "Average": lambda values: sum(values) / len(values),
    "SampleCount": lambda values: float(len(values)),
}


def install(context: CloudContext) -> None:
    """Alarms of this process are evaluated from now on, in every Region that is not dark."""
    make, change = Alarm.__init__, Alarm.update_state

    def start_without_data(self: Any, *arguments: Any, **named: Any) -> None:
        make(self, *arguments, **named)
        self.state_value = NO_DATA

    def tell(self: Any, reason: str, reason_data: str, state_value: str) -> None:
        old = self.state_value
        change(self, reason, reason_data, state_value)
        if state_value != old:
            _announce(context, self, old)

    Alarm.__init__ = start_without_data
    Alarm.update_state = tell
    threading.Thread(target=_evaluate_for_ever, args=(context,), name="alarms", daemon=True).start()


def decide(values: list[float | None], alarm: Any) -> tuple[str, str] | None:
    """The state and its reason for an alarm's last datapoints, newest first, None where missing; None: stay.

    Exposed for its tests: this is the table of the documentation's "Configuring how alarms treat missing data".
    """
    needed = int(alarm.datapoints_to_alarm or alarm.evaluation_periods)
    treatment = alarm.treat_missing_data or "missing"
    present = [value for value in values if value is not None]
    if not present and treatment == "missing":
        return NO_DATA, "Insufficient Data: no datapoints were received."
    if not present and treatment == "ignore":
        return None
    compare = BREACHES[alarm.comparison_operator]
    breaching = [
        treatment == "breaching" if value is None else compare(value, float(alarm.threshold))
        for value in values
        if value is not None or treatment in ("breaching", "notBreaching")
    ]
    shown = ", ".join("missing" if value is None else f"{value:g}" for value in values)
    facts = f"{sum(breaching)} of the last {len(values)} datapoints [{shown}] breach the threshold ({alarm.threshold:g})"
    if sum(breaching) >= needed:
        return "ALARM", f"Threshold Crossed: {facts}."
    return "OK", f"Threshold not crossed: {facts}; {needed} are needed."


def _evaluate_for_ever(context: CloudContext) -> None:
    pause = threading.Event()
    while True:
        shortest = SHORTEST_LOOK_SECONDS * 20
        for region in list(cloudwatch_backends[ACCOUNT_ID]):
            for alarm in list(cloudwatch_backends[ACCOUNT_ID][region].alarms.values()):
                if alarm.metric_name and alarm.period:
                    shortest = min(shortest, context.scaled(timedelta(seconds=int(alarm.period))))
                    if not context.network.is_dark(region):
                        _evaluate(context, region, alarm)
        pause.wait(max(SHORTEST_LOOK_SECONDS, shortest / LOOKS_A_PERIOD))


def _evaluate(context: CloudContext, region: str, alarm: Any) -> None:
    period = context.scaled(timedelta(seconds=int(alarm.period)))
    now = datetime.now(UTC).timestamp()
    dimensions = {(one.name, one.value) for one in alarm.dimensions}
    buckets: list[list[float]] = [[] for _ in range(int(alarm.evaluation_periods))]
    for datum in reversed(list(cloudwatch_backends[ACCOUNT_ID][region].metric_data)):
        if (datum.namespace, datum.name) != (alarm.namespace, alarm.metric_name):
            continue
        if {(one.name, one.value) for one in datum.dimensions} != dimensions or not hasattr(datum, "value"):
            continue
        moment = datum.timestamp if datum.timestamp.tzinfo else datum.timestamp.replace(tzinfo=UTC)
        # A datapoint is published up to a period after it was measured: half a period more is waited for it.
        place = int((now - moment.timestamp()) / (period * 1.5))
        if place >= len(buckets):
            break
        buckets[max(place, 0)].append(datum.value)
    statistic = STATISTICS[alarm.statistic or "Average"]
    found = decide([statistic(bucket) if bucket else None for bucket in buckets], alarm)
    if found and found[0] != alarm.state_value:
        alarm.update_state(found[1], json.dumps({"version": "1.0", "period": int(alarm.period)}), found[0])


def _announce(context: CloudContext, alarm: Any, old: str) -> None:
    region, account = alarm.region_name, alarm.alarm_arn.split(":")[4]
    context.journal.add(
        "alarm", region=region, name=alarm.name, old=old, new=alarm.state_value, reason=alarm.state_reason
    )
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
    state = {"value": alarm.state_value, "reason": alarm.state_reason, "timestamp": moment}
    detail = {
        "alarmName": alarm.name,
        "state": {**state, "reasonData": alarm.state_reason_data},
        "previousState": {"value": old},
        "configuration": {"description": alarm.description or "", "metrics": [_metric(alarm)]},
    }
    delivery_of(context).emit(
        region, account, "aws.cloudwatch", "CloudWatch Alarm State Change", detail, alarm.alarm_arn
    )
    if alarm.actions_enabled in (False, "false"):
        return
    actions = {"ALARM": alarm.alarm_actions, "OK": alarm.ok_actions}
    for action in actions.get(alarm.state_value, alarm.insufficient_data_actions) or []:
        if action.split(":")[2] == "sns":
            sns_backends[account][region].publish(message=json.dumps(_message(alarm, old, moment)), arn=action)


def _metric(alarm: Any) -> dict[str, Any]:
    dimensions = {one.name: one.value for one in alarm.dimensions}
    metric = {"namespace": alarm.namespace, "name": alarm.metric_name, "dimensions": dimensions}
    return {
        "id": "m1",
        "metricStat": {"metric": metric, "period": int(alarm.period or 0), "stat": alarm.statistic},
        "returnData": True,
    }


def _message(alarm: Any, old: str, moment: str) -> dict[str, Any]:
    return {
        "AlarmName": alarm.name,
        "AWSAccountId": alarm.alarm_arn.split(":")[4],
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": moment,
        "Region": alarm.region_name,
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": old,
    }
