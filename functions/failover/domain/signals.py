"""What did one vantage point see of the leader at one moment?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
    """

    vantage_point: str
    health: Health
    detail: str
    direct: bool = False
    outside: bool = True

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
