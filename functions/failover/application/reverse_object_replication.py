"""Do the leader's objects reach this Region?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from failover.application.ports import Register
from failover.application.rebuild_ports import ObjectReplication
from failover.application.rebuilding import require_leader
from failover.domain.plan import Plan
from failover.domain.run import Run


@dataclass(frozen=True)
class ReverseObjectReplication:
    """Answers `{replicates, changed, reason}`. Asked again, it changes nothing more."""

    plan: Plan
    region: str
    register: Register
    objects: ObjectReplication

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises TransientFailure or RunRefused."""
        require_leader(self.register, run)
        leader = run.text("check", "leader")
        done = self.objects.reverse(leader, self.region)
        if done.role is None:
            told = f"No objects are replicated between {leader} and {self.region}."
        elif done.changed:
            # Only what is written from now on: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html
            told = (
                f"Objects go from {leader} to {self.region} from now on; those written there since the failover need "
                "S3 Batch Replication."
            )
        else:
            told = f"Objects went from {leader} to {self.region} already."
        return {"replicates": done.role is not None, "changed": done.changed, "reason": told}
