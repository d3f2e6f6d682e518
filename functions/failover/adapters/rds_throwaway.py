"""How is a replica made, promoted and deleted again?

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBInstance.html
"""

from __future__ import annotations

from dataclasses import dataclass

from failover.adapters.rds import Rds
from failover.adapters.rds_backups import RdsBackups
from failover.domain.leader_record import Refusal


@dataclass(frozen=True)
class RdsThrowaway(Rds):
    """RDS in the client's Region."""

    def delete(self, identifier: str) -> Refusal | None:
        """As what was restored is. Raises TransientFailure or RunRefused."""
        return RdsBackups(self.client).delete(identifier)
