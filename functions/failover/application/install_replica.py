"""Is the new replica this Region's database, under the name that the plan and the templates know?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from failover.application.polling import Waiting, poll
from failover.application.ports import Clock, DatabaseInstance, Register
from failover.application.rebuild_ports import Instances
from failover.application.rebuilding import follows, names_of, require_leader
from failover.domain.instance_status import SERVING_STATUSES
from failover.domain.plan import Plan
from failover.domain.run import Run


@dataclass(frozen=True)
class InstallReplica:
    """Answers `{instance, endpoint, port}`. Asked again, it changes nothing more.

    With the name come the old primary's backups, which a new replica has not: it can then be restored from as soon as
    it is promoted (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReadRepl.Create.html).
    """

    plan: Plan
    region: str
    register: Register
    instances: Instances
    clock: Clock

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises StillInProgress until it serves under its name; TransientFailure, RunRefused."""
        require_leader(self.register, run)
        found = poll(self.clock, self.plan.timing, lambda: self._look(run))
        return {"instance": found.identifier, "endpoint": found.host, "port": found.port}

    def _look(self, run: Run) -> DatabaseInstance | Waiting:
        names = names_of(run)
        found = self.instances.describe(names.instance)
        if found is None:
            days = run.whole("kept", "backup_retention_days")
            refusal = self.instances.rename(names.replica, names.instance, days)
            return Waiting(refusal.reason if refusal else f"{names.replica} is asked to be {names.instance}.")
        if not follows(found, self.region, self.plan, run.text("check", "leader")):
            return Waiting(f"{names.instance} still names the old primary.")
        if found.status not in SERVING_STATUSES:
            return Waiting(f"{names.instance} is {found.status}.")
        return found
