"""May the old primary that a rebuild kept be let go, and is it?

A final snapshot stays (https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBInstance.html).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from failover.application.operate import Operated
from failover.application.ports import DatabaseInstance, Journal, Outcomes
from failover.application.rebuild_ports import KeptInstances
from failover.application.remembering import remember
from failover.domain.journal import Event
from failover.domain.plan import Plan
from failover.domain.rebuild import divergence_key

# After the instance's own name: what failover.domain.rebuild calls the one that is kept.
KEPT = r"-diverged-[0-9]+"


@dataclass(frozen=True)
class ReleaseOldPrimary:
    """For `by`, a person as AWS knows them, in `region`. Whatever is refused is recorded as well."""

    plan: Plan
    region: str
    instances: KeptInstances
    exports: Outcomes
    journal: Journal
    by: str

    def __call__(self, instance: str, reason: str, accept_unlisted: bool = False) -> Operated:
        """Raises TransientFailure or RunRefused. `accept_unlisted`: even where nobody listed what only it has."""
        said = " ".join(reason.split())
        if obstacle := self._obstacle(instance, said, accept_unlisted):
            return Operated(False, obstacle, self._remember("old-primary-not-released", obstacle))
        snapshot = self.instances.release(instance)
        told = f"{instance} was let go; its snapshot {snapshot} stays: {said}"
        return Operated(True, told, self._remember("old-primary-released", told))

    def _obstacle(self, instance: str, said: str, accept_unlisted: bool) -> str | None:
        if not said:
            return "A reason is needed."
        own = self.plan.region(self.region).database_instance
        if not re.fullmatch(re.escape(own) + KEPT, instance):
            return f"{instance} is not what a rebuild keeps: that is called {own}-diverged-<epoch>."
        found: DatabaseInstance | None = self.instances.describe(instance)
        if found is None:
            return f"{self.region} has no database instance {instance}."
        if not accept_unlisted and self.exports.read(divergence_key(instance)) is None:
            return (
                f"What only {instance} has is listed nowhere in {self.region}: read it by hand first, or say that you "
                "accept that it is unlisted."
            )
        return None

    def _remember(self, kind: str, told: str) -> bool:
        return remember(self.journal, Event(kind, self.by, told, None))
