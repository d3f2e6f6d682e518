"""What did one vantage point see of the leader at one moment?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from failover.domain.heartbeat import Heartbeat
from failover.domain.plan import Timing

# Between the leader's database server and this clock. AWS keeps both within milliseconds of UTC.
CLOCK_TOLERANCE = timedelta(seconds=1)


class Health(StrEnum):
    """`unreachable`: no answer came at all. `insufficient`: an answer came, and it says nothing."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    UNREACHABLE = "unreachable"
    INSUFFICIENT = "insufficient"


@dataclass(frozen=True)
class Observation:
    """One look. `direct`: it was the leader itself that was asked, so its silence is evidence.

    A messenger's silence (CloudWatch's API that does not answer) is none. `outside`: made from outside the
    leader's Region; a Region that finds itself well while nobody outside reaches it is cut off, not healthy.
    `since`: since when it has been so, where that is known; aware UTC.
    """

    vantage_point: str
    health: Health
    detail: str
    direct: bool = False
    outside: bool = True
    since: datetime | None = None

    @property
    def speaks_against(self) -> bool:
        return self.health is Health.UNHEALTHY or (self.direct and self.health is Health.UNREACHABLE)

    @property
    def speaks_for(self) -> bool:
        return self.health is Health.HEALTHY

    def to_dict(self) -> dict[str, str]:
        return {
            "vantage_point": self.vantage_point,
            "health": self.health.value,
            "detail": self.detail,
        }


def sign_of_life(newest: Heartbeat | None, leader: str, now: datetime, timing: Timing) -> tuple[Health, str]:
    """What the newest published heartbeat says of `leader`.

    Once it is older than what may stay unpublished, no task of the leader can hold a lease: whatever else it does, it
    acknowledges nothing. It needs no alarm and no API but S3's, of which one Region may be silent.
    """
    if newest is None or newest.region != leader:
        return Health.INSUFFICIENT, f"{leader} has published no heartbeat"
    age = now - newest.at
    told = f"the newest heartbeat is {age.total_seconds():.1f} s old"
    if age <= timing.renew + timing.heartbeat_timeout:
        return Health.HEALTHY, told
    if age > timing.unpublished + CLOCK_TOLERANCE:
        return Health.UNHEALTHY, told
    return Health.INSUFFICIENT, told
