"""How far is a standby behind its primary, and do commits wait for it?

https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-REPLICATION-VIEW
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from lab.region.postgresql_session import Session
from lab.settings import SYNCHRONOUS_MODES, SynchronousMode

POLL_SECONDS = 0.005


@dataclass(frozen=True)
class Replica:
    """A standby as its primary sees it; None is unknown."""

    name: str
    state: str
    synchronous: bool
    flush_bytes_behind: int | None
    replay_lag: timedelta | None


@dataclass(frozen=True)
class Progress:
    """A standby as it sees itself; LSNs as PostgreSQL writes them, None is unknown."""

    in_recovery: bool
    streaming: bool
    received_lsn: str | None
    bytes_to_replay: int | None


def replicas(session: Session) -> list[Replica]:
    """The standbys that are connected to this primary. Raises PostgreSQLError."""
    found = session.rows(
        "select application_name, state, sync_state in ('sync', 'quorum'),"
        " pg_wal_lsn_diff(pg_current_wal_lsn(), flush_lsn)::bigint, extract(epoch from replay_lag)"
        " from pg_stat_replication"
    )
    return [
        Replica(
            name=name or "",
            state=state or "",
            synchronous=synchronous == "t",
            flush_bytes_behind=None if behind is None else int(behind),
            replay_lag=None if lag is None else timedelta(seconds=float(lag)),
        )
        for name, state, synchronous, behind, lag in found
    ]


def progress(session: Session) -> Progress:
    """How far this standby is. Raises PostgreSQLError."""
    ((recovery, streaming, received, behind),) = session.rows(
        "select pg_is_in_recovery(), exists (select from pg_stat_wal_receiver where status = 'streaming'),"
        " pg_last_wal_receive_lsn(),"
        " pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::bigint"
    )
    return Progress(
        in_recovery=recovery == "t",
        streaming=streaming == "t",
        received_lsn=received,
        bytes_to_replay=None if behind is None else int(behind),
    )


def set_synchronous(session: Session, mode: SynchronousMode) -> None:
    """Let commits wait for a standby as `mode` says; "off" is asynchronous replication.

    Raises ValueError for another mode, and PostgreSQLError.
    https://www.postgresql.org/docs/current/runtime-config-wal.html#GUC-SYNCHRONOUS-COMMIT
    """
    if mode not in SYNCHRONOUS_MODES:
        raise ValueError(f"synchronous mode {mode!r} is not one of {', '.join(SYNCHRONOUS_MODES)}")
    if mode == "off":
        session.rows("alter system reset synchronous_standby_names")
        session.rows("alter system reset synchronous_commit")
    else:
        session.rows("alter system set synchronous_standby_names = '*'")
        session.rows(f"alter system set synchronous_commit = '{mode}'")
    session.rows("select pg_reload_conf()")


def eventually(condition: Callable[[], bool], within: timedelta) -> bool:
    """Whether the condition came true `within`; asked every few milliseconds, as servers announce nothing."""
    deadline = time.monotonic() + within.total_seconds()
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
