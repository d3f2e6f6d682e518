"""Does the service here write and read back, before any traffic?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from failover.application.polling import poll
from failover.application.ports import Clock, ServiceProbe
from failover.application.probing import database_check
from failover.domain.plan import Plan
from failover.domain.run import Run


@dataclass(frozen=True)
class VerifyWrites:
    """Leaves one probe row. Answers `{region, read_back, elapsed_ms}`."""

    plan: Plan
    region: str
    probe: ServiceProbe
    clock: Clock

    def __call__(self, _run: Run) -> dict[str, Any]:
        """Raises StillInProgress until the Region's own service has read back what it wrote."""
        url = self.plan.region(self.region).service_url
        return poll(self.clock, self.plan.timing, lambda: database_check(self.probe, url, self.region))
