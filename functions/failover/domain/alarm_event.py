"""Is this event an alarm of ours that says, freshly and aloud, that the leader fails?

Shape: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
EventBridge delivers at least once and retries for up to a day, so late, double and disordered events are normal:
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from failover.domain.alarm_notice import DETAIL_TYPE, SOURCE, as_event
from failover.domain.leader_record import Refusal
from failover.domain.plan import AlarmPlan, Plan
from failover.domain.signals import Health
from failover.domain.withheld import Withheld, withheld

ALARM_ARN = r"arn:aws[a-z-]*:cloudwatch:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):alarm:(?P<name>.{1,255})"
# Clocks of two AWS services differ by seconds at most; minutes mean that somebody made the event up.
FUTURE_TOLERANCE = timedelta(minutes=2)
LONGEST_REASON = 300


@dataclass(frozen=True)
class ReportedAlarm:
    """A well-formed report of an alarm that is in state ALARM, or whose change starts nothing and is `withheld`.

    Nothing is known yet of whether it is ours.
    """

    arn: str
    account_id: str
    reason: str
    observed_at: datetime
    timestamp: str
    withheld: Withheld | None = None


@dataclass(frozen=True)
class AlarmEvent:
    """A report that is listed and fresh; it may start a run unless it is `withheld`. `timestamp` is CloudWatch's own text."""

    alarm: AlarmPlan
    reason: str
    observed_at: datetime
    timestamp: str
    withheld: Withheld | None = None


@dataclass(frozen=True)
class NotAnAlarm(Refusal):
    """CloudWatch sends no such thing of an alarm's state: it is malformed, made up, or tells of something else."""


def read_report(event: object) -> ReportedAlarm | Refusal:
    """What `event` reports, decided from the event alone: no plan, no AWS call, and nothing is raised.

    EventBridge's form or SNS's: the same change of an alarm gives the same report.
    """
    if isinstance(event, Mapping) and "Records" in event:
        event = as_event(event)
        if isinstance(event, Refusal):
            return NotAnAlarm(event.reason)
    if refusal := _not_an_alarm_event(event):
        return refusal
    assert isinstance(event, Mapping)  # noqa: S101 - narrowed by the check above
    detail = event["detail"]
    arn = _arn(event, detail)
    if isinstance(arn, Refusal):
        return arn
    state = detail["state"]
    observed_at = _instant(state.get("timestamp"))
    if observed_at is None:
        return NotAnAlarm("The event is malformed: detail.state.timestamp is no instant with a time zone.")
    if state["value"] == "OK":
        return Refusal(f"{detail['alarmName']} is OK, not ALARM: there is nothing to act on.")
    return ReportedAlarm(
        arn=arn[0],
        account_id=arn[1],
        reason=_one_line(state.get("reason")),
        observed_at=observed_at,
        timestamp=state["timestamp"],
        withheld=withheld(detail),
    )


def accept(report: ReportedAlarm, plan: Plan, now: datetime) -> AlarmEvent | Refusal:
    """The report as an event that may start a run under `plan` at `now`, or why not."""
    if report.account_id != plan.account_id:
        return Refusal(f"The alarm is of account {report.account_id}, not {plan.account_id}.")
    alarm = plan.alarm(report.arn)
    if alarm is None:
        return Refusal(f"{report.arn} is not on the plan's list of alarms.")
    age = now - report.observed_at
    if age > plan.timing.alarm_max_age:
        return Refusal(
            f"{alarm.name} changed {age.total_seconds():.0f} s ago, more than the "
            f"{plan.timing.alarm_max_age.total_seconds():g} s that count as fresh."
        )
    if age < -FUTURE_TOLERANCE:
        return Refusal(f"{alarm.name} claims to have changed {-age.total_seconds():.0f} s in the future.")
    return AlarmEvent(alarm, report.reason, report.observed_at, report.timestamp, report.withheld)


def overtaken(event: AlarmEvent, health: Health, since: datetime | None) -> Refusal | None:
    """Why `event` is over, when its alarm is `health` now, since then; None: it stands, or nobody can tell.

    Changes may be delivered late and out of order. What the alarm says now is the end of the story, where it is newer than
    the event; an alarm that cannot be asked leaves the event to be believed, since the run looks again anyway.
    """
    if health is Health.HEALTHY and since is not None and since > event.observed_at:
        return Refusal(
            f"{event.alarm.name} is OK since {since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, which is later than this change: "
            "it came late or out of order."
        )
    return None


def _not_an_alarm_event(event: object) -> NotAnAlarm | None:
    if not isinstance(event, Mapping):
        return NotAnAlarm("The event is malformed: it is no JSON object.")
    if "alarmData" in event:
        return NotAnAlarm("The event is a Lambda action of an alarm: alarms are taken from EventBridge and SNS only.")
    if event.get("source") != SOURCE:
        return NotAnAlarm(f"The event's source is {_shown(event.get('source'))}, not {SOURCE}.")
    if event.get("detail-type") != DETAIL_TYPE:
        return NotAnAlarm(f"The event's type is {_shown(event.get('detail-type'))}, not {DETAIL_TYPE}.")
    detail = event.get("detail")
    if not isinstance(detail, Mapping) or not isinstance(detail.get("alarmName"), str):
        return NotAnAlarm("The event is malformed: detail.alarmName is missing.")
    state = detail.get("state")
    if not isinstance(state, Mapping) or state.get("value") not in ("OK", "ALARM", "INSUFFICIENT_DATA"):
        return NotAnAlarm("The event is malformed: detail.state.value is no alarm state.")
    return None


def _arn(event: Mapping[str, Any], detail: Mapping[str, Any]) -> tuple[str, str] | NotAnAlarm:
    """ARN and account; event and ARN must tell the same story."""
    resources = event.get("resources")
    arn = resources[0] if isinstance(resources, list) and len(resources) == 1 else None
    match = re.fullmatch(ALARM_ARN, arn) if isinstance(arn, str) else None
    if match is None:
        return NotAnAlarm("The event is malformed: resources does not name one alarm.")
    told = (event.get("account"), event.get("region"), detail["alarmName"])
    if told != (match["account"], match["region"], match["name"]):
        return NotAnAlarm("The event contradicts itself: account, region and alarm name are not those of its resource.")
    return match.string, match["account"]


def _instant(value: object) -> datetime | None:
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return instant.astimezone(UTC) if instant is not None and instant.tzinfo is not None else None


def _one_line(text: object) -> str:
    if not isinstance(text, str) or not text.strip():
        return "CloudWatch gave no reason."
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST_REASON]


def _shown(value: object) -> str:
    return _one_line(value)[:60] if isinstance(value, str) and value.strip() else f"a {type(value).__name__}"
