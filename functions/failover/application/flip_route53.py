"""Is the public name answered by this Region?

Failover records move by their health checks, which Route 53's data plane evaluates; changing a record would need its
control plane in us-east-1 (https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/global-services.html).
So nothing is changed here: the answer is awaited.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from failover.application.polling import Waiting, poll
from failover.application.ports import Answer, Clock, ServiceProbe
from failover.domain.plan import Plan
from failover.domain.run import Run


@dataclass(frozen=True)
class FlipRoute53:
    """Answers `{moved, answered_by, seconds}`; `seconds` since the Region was opened."""

    plan: Plan
    region: str
    probe: ServiceProbe
    clock: Clock

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises StillInProgress until `/healthz` of the public name is answered 200 by this Region."""
        opened_at = datetime.fromisoformat(run.text("opened", "opened_at"))
        answered_by = poll(self.clock, self.plan.timing, self._look)
        seconds = max((self.clock.now() - opened_at).total_seconds(), 0.0)
        return {"moved": True, "answered_by": answered_by, "seconds": seconds}

    def _look(self) -> str | Waiting:
        url = f"{self.plan.public_url}/healthz"
        answer = self.probe.get(url)
        if not isinstance(answer, Answer):
            return Waiting(f"{url} does not answer: {answer.reason}")
        if answer.status != 200 or answer.region != self.region:
            return Waiting(f"{url} was answered {answer.status} by {answer.region or 'an unnamed Region'}.")
        return answer.region
