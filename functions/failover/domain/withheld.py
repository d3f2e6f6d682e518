"""Why does an alarm's change start nothing, though it is no all-clear, and must people hear of it?

A muted or suppressed alarm changes state all the same; somebody wanted it to have no consequences:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-mute-rules.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_CompositeAlarm.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Between two states of another alarm; it ends by itself, and CloudWatch reports the alarm again, ALARM to ALARM.
PERIODS = ("WaitPeriod", "ExtensionPeriod")
NEXT_STEP = (
    "No run was started by this change. The standby goes on looking every minute, and starts a run when it finds the leader "
    "down by itself and no alarm on it is muted or suppressed. If nothing must happen now, disarm; if users are affected, "
    "start a run by hand."
)


@dataclass(frozen=True)
class Withheld:
    """`told`: people must hear of it, because nothing that ends by itself will bring the matter up again."""

    reason: str
    told: bool = True


def withheld(detail: Mapping[str, Any]) -> Withheld | None:
    """What is to be held against the well-formed `detail` of an alarm's change that is not OK, or None."""
    name, state = detail["alarmName"], detail["state"]
    if state["value"] == "INSUFFICIENT_DATA":
        return Withheld(f"{name} is INSUFFICIENT_DATA: it neither finds the leader well nor down.")
    if detail.get("muteDetail") or state.get("muteDetail"):
        return Withheld(f"{name} is in ALARM, but muted by a mute rule.")
    by = state.get("actionsSuppressedBy")
    if by in PERIODS:
        return Withheld(
            f"{name} is in its {by}: it is held until that ends, when CloudWatch reports it again, and the standby looks "
            "every minute.",
            told=False,
        )
    if by:
        return Withheld(f"{name} is in ALARM, but another alarm suppresses its actions.")
    return None
