"""What does an alarm say now?

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from failover.adapters.aws_errors import told_in_a_sentence
from failover.application.errors import RunRefused, TransientFailure
from failover.application.ports import AlarmState
from failover.domain.plan import AlarmPlan
from failover.domain.signals import Health

HEALTH = {"OK": Health.HEALTHY, "ALARM": Health.UNHEALTHY, "INSUFFICIENT_DATA": Health.INSUFFICIENT}


@dataclass(frozen=True)
class CloudWatch:
    """CloudWatch in every Region that has an alarm of ours. `clients` are by Region, and time-boxed."""

    clients: Mapping[str, Any]

    def look(self, alarm: AlarmPlan) -> AlarmState:
        """Never raises: an API that gives no answer is a messenger that is silent."""
        try:
            with told_in_a_sentence(f"Asking for {alarm.name} in {alarm.region}"):
                answer = self.clients[alarm.region].describe_alarms(
                    AlarmNames=[alarm.name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
                )
        except (TransientFailure, RunRefused) as error:
            return AlarmState(Health.UNREACHABLE, str(error))
        found = [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
        if not found:
            return AlarmState(Health.INSUFFICIENT, f"{alarm.name} does not exist in {alarm.region}")
        state = found[0]["StateValue"]
        since = found[0].get("StateTransitionedTimestamp") or found[0].get("StateUpdatedTimestamp")
        return AlarmState(HEALTH.get(state, Health.INSUFFICIENT), f"{alarm.name} is {state}", since)
