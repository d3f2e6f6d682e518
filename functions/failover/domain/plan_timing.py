"""How long may each wait of the control plane and of the service's lease take?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

from failover.domain.plan_reader import PlanError, PlanObject

# Functions end after 60 s (template.yaml): a step must report "still in progress" before that.
LONGEST_STEP_SECONDS = 50
DAY_SECONDS = 86_400
TIMING_LIMITS_SECONDS = {
    "lease_seconds": 600,
    "lease_margin_seconds": 600,
    "renew_seconds": 600,
    "heartbeat_timeout_seconds": 600,
    "alarm_max_age_seconds": DAY_SECONDS,
    "second_look_seconds": LONGEST_STEP_SECONDS,
    "poll_seconds": LONGEST_STEP_SECONDS,
    "api_timeout_seconds": LONGEST_STEP_SECONDS,
    "step_budget_seconds": LONGEST_STEP_SECONDS,
    "probe_after_seconds": DAY_SECONDS,
    # The workflow's own limit has room for this wait; whoever lengthens one lengthens the other.
    "approval_seconds": 2 * 3600,
}


@dataclass(frozen=True)
class Timing:
    """Every wait of the control plane and of the service's lease; each is bounded."""

    lease: timedelta
    lease_margin: timedelta
    renew: timedelta
    heartbeat_timeout: timedelta
    alarm_max_age: timedelta
    second_look: timedelta
    second_look_samples: int
    poll: timedelta
    api_timeout: timedelta
    step_budget: timedelta
    probe_after: timedelta
    approval: timedelta

    @property
    def fence_wait_seconds(self) -> int:
        """Seconds from the fence until no lease holds, rounded up: a workflow's Wait takes whole seconds."""
        return math.ceil((self.lease + self.lease_margin).total_seconds())

    @property
    def look_timeout(self) -> timedelta:
        """How long a single look at the leader may take: an answer that takes the whole window tells nothing."""
        return min(self.api_timeout, self.second_look)

    @property
    def unpublished(self) -> timedelta:
        """How long after the newest published heartbeat a write may still have been acknowledged."""
        return self.heartbeat_timeout + self.lease


def timing_in(root: PlanObject) -> Timing:
    """Raises PlanError."""
    timing = PlanObject("timing", root.raw("timing"), (*TIMING_LIMITS_SECONDS, "second_look_samples"))
    durations = {
        key.removesuffix("_seconds"): timing.seconds(key, limit) for key, limit in TIMING_LIMITS_SECONDS.items()
    }
    # One sample never counts: a single lost packet is not an outage.
    parsed = Timing(second_look_samples=timing.whole("second_look_samples", 2, 20), **durations)
    for shorter, longer in (
        ("renew", "lease"),
        ("heartbeat_timeout", "lease"),
        ("second_look", "step_budget"),
        ("poll", "step_budget"),
        ("api_timeout", "step_budget"),
    ):
        if durations[shorter] >= durations[longer]:
            raise PlanError(
                timing.key(f"{shorter}_seconds"),
                durations[shorter].total_seconds(),
                f"less than {longer}_seconds, which is {durations[longer].total_seconds():g}",
            )
    return parsed
