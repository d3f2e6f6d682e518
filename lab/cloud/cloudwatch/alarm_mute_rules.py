"""Which alarms are muted now? moto knows no mute rules.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-mute-rules.html
Emulated: rules that are active once, `at(yyyy-MM-ddThh:mm)` in UTC, over alarms by name. Recurring ones are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.cloudwatch.exceptions import ResourceNotFound, ValidationError
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult

from lab.settings import ACCOUNT_ID

DURATION = re.compile(r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?)?")
AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d)\)")


@dataclass(frozen=True)
class MuteRule:
    """Mutes `alarms` from `start` until `end`."""

    name: str
    region: str
    alarms: tuple[str, ...]
    start: datetime
    end: datetime
    changed: datetime

    @property
    def arn(self) -> str:
        return f"arn:aws:cloudwatch:{self.region}:{ACCOUNT_ID}:alarm-mute-rule:{self.name}"

    def status(self, now: datetime) -> str:
        if now < self.start:
            return "SCHEDULED"
        return "ACTIVE" if now < self.end else "EXPIRED"


_RULES: dict[tuple[str, str], MuteRule] = {}


def install() -> None:
    """moto answers PutAlarmMuteRule, ListAlarmMuteRules and DeleteAlarmMuteRule from now on; there are no rules yet."""
    _RULES.clear()
    CloudWatchResponse.put_alarm_mute_rule = _put
    CloudWatchResponse.list_alarm_mute_rules = _list
    CloudWatchResponse.delete_alarm_mute_rule = _delete


def muted_by(region: str, alarm: str) -> str | None:
    """The name of a rule that mutes the alarm now."""
    now = datetime.now(UTC)
    rules = [one for one in _RULES.values() if one.region == region and alarm in one.alarms]
    return next((one.name for one in rules if one.status(now) == "ACTIVE"), None)


def _put(self: Any) -> Any:
    schedule = self._get_param("Rule", {}).get("Schedule", {})
    at, lasts = AT.fullmatch(str(schedule.get("Expression"))), DURATION.fullmatch(str(schedule.get("Duration")))
    if at is None or lasts is None or schedule.get("Timezone", "UTC") != "UTC":
        raise ValidationError(
            f"The lab mutes alarms once, at(yyyy-MM-ddThh:mm) in UTC, for a duration; not {schedule}."
        )
    start = datetime.fromisoformat(at[1]).replace(tzinfo=UTC)
    length = timedelta(**{unit: int(count) for unit, count in lasts.groupdict().items() if count})
    name, alarms = self._get_param("Name"), tuple(self._get_param("MuteTargets", {}).get("AlarmNames", []))
    _RULES[self.region, name] = MuteRule(name, self.region, alarms, start, start + length, datetime.now(UTC))
    return EmptyResult()


def _list(self: Any) -> Any:
    now, alarm, wanted = datetime.now(UTC), self._get_param("AlarmName"), self._get_param("Statuses")
    found = [
        {"AlarmMuteRuleArn": one.arn, "Status": one.status(now), "LastUpdatedTimestamp": one.changed}
        for one in _RULES.values()
        if one.region == self.region
        and (not alarm or alarm in one.alarms)
        and (not wanted or one.status(now) in wanted)
    ]
    return ActionResult({"AlarmMuteRuleSummaries": found})


def _delete(self: Any) -> Any:
    if _RULES.pop((self.region, self._get_param("AlarmMuteRuleName")), None) is None:
        raise ResourceNotFound("There is no such mute rule.")
    return EmptyResult()
