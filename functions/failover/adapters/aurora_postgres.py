"""Where does an Aurora PostgreSQL server stand?

It has no WAL positions: its storage is replicated, and "WAL control functions cannot be executed when wal_level < logical"
(https://github.com/jobinau/pg_gather/issues/9); pg_last_wal_receive_lsn "is currently not supported for Aurora"
(https://github.com/DataDog/integrations-core/issues/6399). What its rows show is all that is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

from failover.adapters.postgres import HEARTBEAT, HOLDERS, Postgres, beat_of, holder_of
from failover.application.ports import DatabaseLogin
from failover.domain.lease_holders import Confirmations
from failover.domain.loss_bound import ReplicaPosition


@dataclass(frozen=True)
class AuroraPostgres(Postgres):
    """One session a call, as with any PostgreSQL."""

    def position(self, login: DatabaseLogin, region: str) -> ReplicaPosition:
        """Raises DatabaseUnavailable."""
        with self.session(login) as session:
            recovering: bool = session.execute("SELECT pg_is_in_recovery()").fetchone()[0]
            row = session.execute(HEARTBEAT, (region,)).fetchone()
        return ReplicaPosition(recovering, None, None, beat_of(row), by_storage=True)

    def confirmations(self, login: DatabaseLogin, region: str) -> Confirmations:
        """Raises DatabaseUnavailable."""
        with self.session(login) as session:
            rows = session.execute(HOLDERS, (region,)).fetchall()
        return Confirmations(tuple(holder_of(*row) for row in rows), None, by_storage=True)
