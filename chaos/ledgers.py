"""What do the old primary and its successor hold, whichever name each has by now?

The old primary led a day ago, in this Region, and has rows of then that never reached the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chaos.installation import STANDBY
from chaos.rds import Rds
from chaos.service import Service
from failover.application.errors import DatabaseUnavailable
from failover.application.ports import DatabaseLogin
from failover.domain.divergence import LedgerRow
from failover.domain.heartbeat import Heartbeat, Lsn
from failover.domain.loss_bound import ReplicaPosition

# The numbers of the rows of the last minutes, and those that the leader lacks.
LAST, LACKED = (1, 2, 3), (2, 3)


@dataclass
class Ledgers:
    """By the address at which a session is opened. `ended`: when the old primary led last."""

    rds: Rds
    service: Service
    ended: datetime

    def in_recovery(self, login: DatabaseLogin) -> bool:
        return bool(self._open(login).is_replica)

    def position(self, login: DatabaseLogin, region: str) -> ReplicaPosition:
        """Both have the old primary's last heartbeat; the leader's reaches the replica."""
        found, lsn = self._open(login), Lsn(1_000_000)
        last = Heartbeat(STANDBY, 1, 41, self.ended, lsn)
        beat = last if region == STANDBY else self.service.replicated if found.is_replica else None
        return ReplicaPosition(bool(found.is_replica), lsn, lsn, beat)

    def since(self, login: DatabaseLogin, accepted: datetime) -> Sequence[LedgerRow]:
        self._open(login)
        rows = [LedgerRow("w", one, "b", STANDBY, 1, self.ended + timedelta(seconds=one)) for one in LAST]
        return [row for row in rows if row.accepted_at >= accepted]

    def lacking(self, login: DatabaseLogin, rows: Sequence[LedgerRow]) -> Sequence[LedgerRow]:
        found = self._open(login)
        return [row for row in rows if found.is_replica and row.number in LACKED]

    def _open(self, login: DatabaseLogin) -> Any:
        found = self.rds.at((login.host, login.port))
        if found is None:
            raise DatabaseUnavailable(f"OperationalError: nothing listens at {login.host}:{login.port}")
        return found
