"""What does an alarm say now, and may it be heard?

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from failover.adapters.aws_errors import told_in_a_sentence
from failover.application.errors import RunRefused, TransientFailure
from failover.application.ports import AlarmState
from failover.domain.plan import AlarmPlan
from failover.domain.signals import Health

LOG = logging.getLogger(__name__)
HEALTH = {"OK": Health.HEALTHY, "ALARM": Health.UNHEALTHY, "INSUFFICIENT_DATA": Health.INSUFFICIENT}


@dataclass(frozen=True)
class CloudWatch:
    """CloudWatch in every Region that has an alarm of ours. `clients` are by Region, and time-boxed."""

    clients: Mapping[str, Any]

    def look(self, alarm: AlarmPlan) -> AlarmState:
        """Never raises: an API that gives no answer is a messenger that is silent."""
        try:
            found = self._describe(alarm)
        except (TransientFailure, RunRefused) as error:
            return AlarmState(Health.UNREACHABLE, str(error))
        if found is None:
            return AlarmState(Health.INSUFFICIENT, f"{alarm.name} is no alarm in {alarm.region} that may be looked at")
        state = found["StateValue"]
        since = found.get("StateTransitionedTimestamp") or found.get("StateUpdatedTimestamp")
        return AlarmState(HEALTH.get(state, Health.INSUFFICIENT), f"{alarm.name} is {state}", since)

    def silenced(self, alarm: AlarmPlan) -> str | None:
        """Never raises. Another alarm suppresses a composite one, a mute rule mutes any.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_CompositeAlarm.html
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListAlarmMuteRules.html
        """
        try:
            by = (self._describe(alarm) or {}).get("ActionsSuppressedBy")
            if by:
                return f"{alarm.name} is suppressed ({by})."
            with told_in_a_sentence(f"Asking who mutes {alarm.name} in {alarm.region}"):
                rules = self.clients[alarm.region].list_alarm_mute_rules(AlarmName=alarm.name, Statuses=["ACTIVE"])
        except (TransientFailure, RunRefused) as error:
            LOG.warning("not known whether an alarm is silenced: %s", error)
            return None
        except AttributeError:
            # Mute rules are of February 2026, and Lambda's own boto3 may be older than those who wrote this had:
            # https://aws.amazon.com/about-aws/whats-new/2026/02/amazon-cloudwatch-alarm-muting-rules/
            LOG.warning("not known whether %s is muted: the boto3 of this runtime does not know how to ask", alarm.name)
            return None
        muting = [str(one["AlarmMuteRuleArn"]).rpartition(":")[2] for one in rules["AlarmMuteRuleSummaries"]]
        return f"{alarm.name} is muted by the rule {muting[0]}." if muting else None

    def _describe(self, alarm: AlarmPlan) -> Mapping[str, Any] | None:
        """One kind after the other: CloudWatch shows composite alarms only to who may describe every alarm.

        Asked for both at once, a role that may describe this alarm alone could be refused the metric alarm too.
        """
        if found := self._describe_as("MetricAlarm", alarm):
            return found
        try:
            return self._describe_as("CompositeAlarm", alarm)
        except RunRefused:
            return None

    def _describe_as(self, kind: str, alarm: AlarmPlan) -> Mapping[str, Any] | None:
        with told_in_a_sentence(f"Asking for {alarm.name} in {alarm.region}"):
            answer = self.clients[alarm.region].describe_alarms(AlarmNames=[alarm.name], AlarmTypes=[kind])
        return next(iter(answer.get(f"{kind}s", [])), None)
