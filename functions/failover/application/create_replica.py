"""Is there a replica of the leader's database in this Region?

Beside the old primary and of its make, under a name of its own; RDS makes one of PostgreSQL with the default parameters, and
changes to the old primary's with the restart that gives it its name. Creating one copies the leader's snapshot across the
Regions, which takes as long as the database is large
(https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReadRepl.XRgn.html).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from failover.application.errors import RunRefused
from failover.application.polling import Waiting, poll
from failover.application.ports import Clock, DatabaseInstance, Register
from failover.application.rebuild_ports import Instances
from failover.application.rebuilding import follows, names_of, require_leader
from failover.domain.instance_status import SERVING_STATUSES, STUCK_STATUSES
from failover.domain.plan import Plan
from failover.domain.run import Run


@dataclass(frozen=True)
class CreateReplica:
    """Answers `{instance, endpoint, port, source}`. Asked again, it goes on with the replica that is there."""

    plan: Plan
    region: str
    register: Register
    instances: Instances
    clock: Clock

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises StillInProgress until the replica serves; TransientFailure, RunRefused."""
        require_leader(self.register, run)
        found = poll(self.clock, self.plan.timing, lambda: self._look(run))
        return {"instance": found.identifier, "endpoint": found.host, "port": found.port, "source": found.source}

    def _look(self, run: Run) -> DatabaseInstance | Waiting:
        names, leader = names_of(run), run.text("check", "leader")
        installed = self.instances.describe(names.instance)
        if installed is not None and follows(installed, self.region, self.plan, leader):
            return installed
        old = self.instances.describe(names.kept_as) if installed is None else installed
        found = self.instances.describe(names.replica)
        if found is None:
            source = f"arn:aws:rds:{leader}:{self.plan.account_id}:db:{self.plan.region(leader).database_instance}"
            like = names.instance if installed is not None else names.kept_as
            refusal = self.instances.create_replica(names.replica, source, like)
            return Waiting(refusal.reason if refusal else f"{names.replica} was asked for.")
        if not follows(found, self.region, self.plan, leader):
            raise RunRefused(
                f"{names.replica} is there and replicates from {found.source or 'nothing'}: remove it first."
            )
        if found.status in STUCK_STATUSES:
            raise RunRefused(
                f"{names.replica} is {found.status} and does not become available by itself: "
                "see to that or remove it, and ask again."
            )
        if found.status not in SERVING_STATUSES:
            return Waiting(f"{names.replica} is {found.status}.")
        return self._of_one_make(found, old)

    def _of_one_make(self, found: DatabaseInstance, old: DatabaseInstance | None) -> DatabaseInstance | Waiting:
        group = None if old is None else old.parameter_group
        if group in (None, found.parameter_group):
            return found
        refusal = self.instances.go_by(found.identifier, group)
        return Waiting(refusal.reason if refusal else f"{found.identifier} was asked to go by {group}.")
