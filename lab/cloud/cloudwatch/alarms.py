"""When is an alarm evaluated, and who hears of its change?

Not emulated: composite alarms, metric math, anomaly detection and percentiles; PutMetricAlarm refuses what the lab
cannot evaluate instead of leaving an alarm that never fires.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.cloudwatch.exceptions import ValidationError
from moto.cloudwatch.models import Alarm, CloudWatchBackend, Statistics, cloudwatch_backends

from lab.cloud.cloudwatch import alarm_mute_rules, alarm_notices
from lab.cloud.cloudwatch.alarm_evaluation import COMPARISONS, NO_DATA, TREATMENTS, Condition, Verdict, evaluate
from lab.cloud.context import CloudContext
from lab.cloud.eventbridge.delivery import delivery_of
from lab.cloud.service_calls import CallFailed, ServiceCalls
from lab.settings import ACCOUNT_ID

MINUTE = timedelta(minutes=1)
HIGH_RESOLUTION = timedelta(seconds=10)
TICKS_A_MINUTE = 6
STATISTICS = ("Average", "Minimum", "Maximum", "Sum", "SampleCount")
ACTION_TRIES = 10
ACTION_PAUSE = timedelta(seconds=20)


class AlarmLoop:
    """Evaluates the alarms of every Region that is not dark, at AWS's pace divided by the time scale."""

    def __init__(self, context: CloudContext) -> None:
        self._context = context
        self._calls = ServiceCalls(context)
        self._never = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, name="cloudwatch-alarms", daemon=True).start()

    def _run(self) -> None:
        """Standard alarms once a minute, 10 s after it has ended; those with a shorter period every 10 s.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
        """
        step = self._context.scaled(HIGH_RESOLUTION)
        tick = int(time.time() / step)
        evaluated_minute = 0
        while True:
            tick = max(tick + 1, int(time.time() / step))
            self._never.wait(max(0.0, tick * step - time.time()))
            minute = (tick - 1) // TICKS_A_MINUTE
            minute_end = minute * TICKS_A_MINUTE * step if minute > evaluated_minute else None
            evaluated_minute = minute
            for region in list(cloudwatch_backends[ACCOUNT_ID]):
                if not self._context.network.is_dark(region):
                    self._look(region, tick * step, minute_end)

    def _look(self, region: str, now: float, minute_end: float | None) -> None:
        """Evaluate a Region's alarms; those of a minute and more only when a minute has just ended."""
        for alarm in list(cloudwatch_backends[ACCOUNT_ID][region].alarms.values()):
            end = now if int(alarm.period) < MINUTE.total_seconds() else minute_end
            if end is None:
                continue
            verdict = evaluate(self._datapoints(region, alarm, end), condition_of(alarm), alarm.state_value)
            if verdict.state != alarm.state_value:
                alarm.update_state(verdict.reason, self._reason_data(alarm, verdict, end), verdict.state)

    def _datapoints(self, region: str, alarm: Any, end: float) -> list[float | None]:
        """The metric's value in each period of the evaluation range up to `end` (seconds since 1970), oldest first."""
        width = self._context.scaled(timedelta(seconds=int(alarm.period)))
        count = condition_of(alarm).evaluation_range
        periods = [Statistics([alarm.statistic], datetime.now(UTC)) for _ in range(count)]
        dimensions = {(one.name, one.value) for one in alarm.dimensions}
        for datum in list(cloudwatch_backends[ACCOUNT_ID][region].metric_data):
            if (datum.namespace, datum.name) != (alarm.namespace, alarm.metric_name):
                continue
            if {(one.name, one.value) for one in datum.dimensions} != dimensions:
                continue
            if alarm.unit and datum.unit != alarm.unit:
                continue
            age = end - _seconds(datum.timestamp)
            if 0 < age <= width * count:
                periods[count - 1 - int((age - 1e-9) / width)].metric_data.append(datum)
        found = [period.get_statistics_for_type(alarm.statistic) if period.metric_data else None for period in periods]
        return [None if value is None else float(value) for value in found]

    def _reason_data(self, alarm: Any, verdict: Verdict, end: float) -> str:
        width = self._context.scaled(timedelta(seconds=int(alarm.period)))
        start = datetime.fromtimestamp(end - width * int(alarm.evaluation_periods), UTC)
        data = {
            "version": "1.0",
            "queryDate": alarm_notices.timestamp(datetime.now(UTC)),
            "startDate": alarm_notices.timestamp(start),
            "statistic": alarm.statistic,
            "period": int(alarm.period),
            "recentDatapoints": list(verdict.evaluated),
            "threshold": float(alarm.threshold),
        }
        return json.dumps(data)

    def announce(self, alarm: Any, previous: dict[str, Any], previous_value: str) -> None:
        """Send the event, and run the new state's actions, from the alarm's own Region."""
        region = alarm.region_name
        new = alarm_notices.state_document(
            alarm.state_value, alarm.state_reason, alarm.state_reason_data, alarm.state_updated_timestamp
        )
        if rule := alarm_mute_rules.muted_by(region, alarm.name):
            new["muteDetail"] = {"mutedBy": rule}
        self._context.journal.add(
            "alarm", region=region, name=alarm.name, old=previous_value, new=new["value"], reason=new["reason"]
        )
        delivery_of(self._context).emit(
            region,
            ACCOUNT_ID,
            "aws.cloudwatch",
            "CloudWatch Alarm State Change",
            alarm_notices.event_detail(alarm, new, previous),
            alarm.alarm_arn,
        )
        if alarm.actions_enabled in (False, "false") or "muteDetail" in new:
            return
        for action in _actions(alarm, new["value"]):
            threading.Thread(
                target=self._act, args=(alarm, action, new, previous), name="alarm-action", daemon=True
            ).start()

    def _act(self, alarm: Any, action: str, new: dict[str, Any], previous: dict[str, Any]) -> None:
        """Repeated while the target does not answer, as CloudWatch does; given up after a bounded number of tries."""
        failure: CallFailed | None = None
        for _ in range(ACTION_TRIES):
            try:
                self._call(alarm, action, new, previous)
            except CallFailed as error:
                failure = error
                if not error.retriable:
                    break
            else:
                self._context.journal.add(
                    "alarm-action", region=alarm.region_name, name=alarm.name, target=action, outcome="delivered"
                )
                return
            self._never.wait(self._context.scaled(ACTION_PAUSE))
        self._context.journal.add(
            "alarm-action",
            region=alarm.region_name,
            name=alarm.name,
            target=action,
            outcome="failed",
            reason=str(failure),
        )

    def _call(self, alarm: Any, action: str, new: dict[str, Any], previous: dict[str, Any]) -> None:
        source, service, region = alarm.region_name, action.split(":")[2], action.split(":")[3]
        if service == "sns":
            subject, message = alarm_notices.topic_message(alarm, new, previous)
            self._calls.call(
                source, "sns", region, lambda sns: sns.publish(TopicArn=action, Subject=subject, Message=message)
            )
        elif service == "lambda":
            payload = json.dumps(alarm_notices.function_payload(alarm, new, previous))
            self._calls.call(
                source,
                "lambda",
                region,
                lambda client: client.invoke(FunctionName=action, InvocationType="Event", Payload=payload),
            )
        else:
            raise CallFailed("UNSUPPORTED_ACTION", f"The lab does not run the action {action}.", retriable=False)


def condition_of(alarm: Any) -> Condition:
    """What a moto alarm waits for."""
    periods = int(alarm.evaluation_periods)
    return Condition(
        comparison=alarm.comparison_operator,
        threshold=float(alarm.threshold),
        needed=int(alarm.datapoints_to_alarm or periods),
        periods=periods,
        treatment=alarm.treat_missing_data or "missing",
    )


def install(context: CloudContext) -> None:
    """Alarms start without data, are evaluated from now on, and tell of every change, SetAlarmState's too.

    A new alarm is INSUFFICIENT_DATA; one that is put again keeps its state.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    loop = AlarmLoop(context)
    alarm_mute_rules.install()
    make, change, put = Alarm.__init__, Alarm.update_state, CloudWatchBackend.put_metric_alarm

    def start_without_data(self: Any, *arguments: Any, **named: Any) -> None:
        make(self, *arguments, **named)
        self.state_value = NO_DATA
        self.metric_id = str(uuid.uuid4())

    def update_state(self: Any, reason: str, reason_data: str, state_value: str) -> None:
        old = self.state_value
        previous = alarm_notices.state_document(
            old, self.state_reason, self.state_reason_data, self.state_updated_timestamp
        )
        change(self, reason, reason_data or "{}", state_value)
        if state_value != old:
            loop.announce(self, previous, old)

    def put_metric_alarm(self: Any, **wanted: Any) -> Any:
        _refuse_what_cannot_be_evaluated(wanted)
        old = self.alarms.get(wanted["name"])
        alarm = put(self, **wanted)
        if old is not None:
            for field in ("state_value", "state_reason", "state_reason_data", "state_updated_timestamp", "history"):
                setattr(alarm, field, getattr(old, field))
        return alarm

    Alarm.__init__ = start_without_data
    Alarm.update_state = update_state
    CloudWatchBackend.put_metric_alarm = put_metric_alarm
    loop.start()


def _refuse_what_cannot_be_evaluated(wanted: dict[str, Any]) -> None:
    for name, value, allowed in (
        ("Statistic", wanted.get("statistic"), STATISTICS),
        ("ComparisonOperator", wanted.get("comparison_operator"), tuple(COMPARISONS)),
        ("TreatMissingData", wanted.get("treat_missing_data") or "missing", TREATMENTS),
    ):
        if value not in allowed:
            raise ValidationError(
                f"The lab cannot evaluate the alarm {wanted['name']}: {name} is {value}, and not one of "
                f"{', '.join(allowed)}."
            )


def _actions(alarm: Any, state: str) -> list[str]:
    by_state = {"ALARM": alarm.alarm_actions, "OK": alarm.ok_actions}
    return list(by_state.get(state, alarm.insufficient_data_actions) or [])


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
