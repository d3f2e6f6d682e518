"""Is this Region's database a primary of its own?

The one-way step where the database is an RDS instance. After PromoteReadReplica the instance stays `available` for a while.
Promotion restarts the server and takes "several minutes or longer"
(https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReadRepl.Promote.html); AWS refuses it while the
instance is backing up (https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_PromoteReadReplica.html).
"""

from __future__ import annotations

from dataclasses import dataclass

from failover.application.becoming_primary import BecomingPrimary
from failover.application.ports import DatabaseInstance, ReadReplicas
from failover.domain.leader_record import Refusal


@dataclass(frozen=True)
class PromoteReplica(BecomingPrimary):
    """Answers as BecomingPrimary does."""

    databases: ReadReplicas

    def _ask(self, found: DatabaseInstance) -> Refusal | None:
        # A replica without backups would become a primary without them: AWS's default of 1 day is the least.
        return self.databases.promote(found.identifier, max(found.backup_retention_days, 1))
