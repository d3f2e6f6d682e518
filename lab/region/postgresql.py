"""What is a Region's database in the lab? A real PostgreSQL server that can be promoted, frozen and killed.

https://www.postgresql.org/docs/current/warm-standby.html (streaming replication, slots, promotion)
"""

from __future__ import annotations

import ctypes
import re
import secrets
import signal
import time
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from lab.host.processes import Processes, ProcessFailed, Started
from lab.region.ports import free_port
from lab.region.postgresql_binaries import Installation, installation
from lab.region.postgresql_data import LOCALE, REPLICATION_ROLE, DataDirectory
from lab.region.postgresql_replication import (
    POLL_SECONDS,
    Progress,
    Replica,
    eventually,
    progress,
    replicas,
    set_synchronous,
)
from lab.region.postgresql_session import PostgreSQLError, Row, Session
from lab.settings import SynchronousMode

HOST = "127.0.0.1"
DATABASE = "app"
APPLICATION_ROLE = "app"
ANSWER_WITHIN = timedelta(seconds=3)
LONG_ANSWER_WITHIN = timedelta(seconds=30)
DROP_UNUSED_SLOT = """
    select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1 and not active
"""
REMOVE_SEGMENT = 0  # IPC_RMID of shmctl(2)


class PromotionFailed(PostgreSQLError):
    """The standby did not become a primary in time, and will not do so later by itself."""


@dataclass(frozen=True)
class Credentials:
    """The passwords of one lab's servers: of its superuser, of the application's role and of the standby's."""

    superuser: str = field(repr=False)
    application: str = field(repr=False)
    replication: str = field(repr=False)

    @classmethod
    def random(cls, application: str | None = None) -> Credentials:
        """New ones, of letters, digits, '-' and '_'; the application's may be given."""
        superuser, own, replication = (secrets.token_urlsafe(24) for _ in range(3))
        return cls(superuser, application or own, replication)


class PostgreSQL:
    """One server. It listens on loopback, only with passwords; `app` is no superuser and owns database `app`.

    Methods may be called from several threads, but create, start and stop only from one at a time.
    """

    def __init__(
        self,
        region: str,
        processes: Processes,
        *,
        app_password: str | None = None,
        installed: Installation | None = None,
        data_dir: Path | None = None,
        port: int = 0,
    ) -> None:
        """Start nothing yet. Raises PostgreSQLUnavailable.

        `app_password` is random by default, of letters, digits, '-' and '_'; `data_dir` must not exist (default:
        named after the Region in the lab's state directory); port 0 takes a free one.
        """
        self.region = region
        self.host = HOST
        self.port = port or free_port()
        self.credentials = Credentials.random(app_password)
        self._installed = installed or installation()
        self._processes = processes
        self._data = DataDirectory(
            data_dir or processes.state_directory / f"database-{region}", region, processes, self._installed
        )
        self._server: Started | None = None

    @property
    def address(self) -> tuple[str, int]:
        return self.host, self.port

    def init_primary(self) -> None:
        """Create the server with role and database `app`, and start it. Raises PostgreSQLError."""
        self._data.create(self.credentials.superuser)
        self.start()
        with self.session(LONG_ANSWER_WITHIN, database="postgres") as session:
            own = self.credentials
            session.rows(f"create role {APPLICATION_ROLE} login password '{own.application}'")
            session.rows(f"grant pg_monitor to {APPLICATION_ROLE}")
            session.rows(f"create role {REPLICATION_ROLE} login replication password '{own.replication}'")
            session.rows(f"create database {DATABASE} owner {APPLICATION_ROLE}")

    def create_standby_of(self, primary: PostgreSQL, through: tuple[str, int]) -> None:
        """Copy `primary` over the link that listens at `through`, start, and stream by a slot of its own.

        From then on it has the primary's passwords. Takes about fifteen round trips of the link, so set its
        delay afterwards. Raises PostgreSQLError, also when it does not stream within ten seconds.
        """
        self.credentials = primary.credentials
        self._data.copy_from(through, primary.credentials.replication)
        self.start()
        limit = timedelta(seconds=10)
        with self.session(limit + LONG_ANSWER_WITHIN) as session:
            if not eventually(lambda: progress(session).streaming, limit):
                raise PostgreSQLError(f"The database in {self.region} does not stream. {self.log_tail()}")

    def leave(self, primary: PostgreSQL, within: timedelta = timedelta(seconds=5)) -> None:
        """It streams from `primary` no more: its slot there goes, which would keep the log for it. Raises PostgreSQLError.

        https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-REPLICATION
        """
        mine = (self._data.slot,)
        with primary.session(within + LONG_ANSWER_WITHIN) as session:

            def gone() -> bool:
                session.rows(DROP_UNUSED_SLOT, mine)
                return not session.rows("select slot_name from pg_replication_slots where slot_name = $1", mine)

            if not eventually(gone, within):
                raise PostgreSQLError(f"The slot {self._data.slot} is still in use.")

    def back_up(self, into: Path) -> None:
        """Take a base backup. Raises PostgreSQLError."""
        DataDirectory(into, self.region, self._processes, self._installed).back_up(
            self.address, self.credentials.replication
        )

    @property
    def archive(self) -> Path:
        """Where it keeps its logs, a file as soon as it is full or five seconds old."""
        return self._data.archive

    def create_from_backup(self, base: Path, logs: Path, to: datetime | None, credentials: Credentials) -> None:
        """Make it of a base backup and the logs since, all of them or up to `to`, and start; returns once it takes writes.

        Raises PostgreSQLError, also for a moment that the logs do not reach.
        """
        self.credentials = credentials
        self._data.recover(base, logs, to)
        self.start()
        limit = LONG_ANSWER_WITHIN
        with self.session(limit + LONG_ANSWER_WITHIN) as session:
            if not eventually(lambda: session.value("select pg_is_in_recovery()") == "f", limit):
                raise PostgreSQLError(f"The database in {self.region} does not end its recovery. {self.log_tail()}")

    def start(self) -> None:
        """Start it and wait until it takes connections; does nothing when it runs. Raises PostgreSQLError."""
        if self.is_alive():
            return
        # A file keeps the moment of its last write: up to then everything is in it or in one before it.
        keep = f"archive_command=cp -p %p {self._data.make_archive()}/%f"
        own = ["-c", f"port={self.port}", "-c", f"cluster_name={self.region}", "-c", keep]
        try:
            self._server = self._processes.start(
                [self._installed.programs / "postgres", "-D", self._data.path, *own],
                name=f"the database in {self.region}",
                env=LOCALE,
                log=self._data.log,
                account=self._installed.account,
                stop_signal=signal.SIGQUIT,  # an immediate shutdown: quick, and it frees its shared memory
                ready=lambda server: self._data.accepts_connections(server.pid),
            )
        except ProcessFailed as error:
            raise PostgreSQLError(str(error)) from error

    def stop(self, within: timedelta = timedelta(seconds=10)) -> None:
        """Shut down in good order: sessions end, and what was committed is sent to the standby first."""
        if self._server is not None:
            self._processes.terminate(self._server, signal.SIGINT, within)

    def kill(self) -> None:
        """Crash the whole server at once, as if its machine lost power; also a frozen one."""
        if not self.is_alive() or self._server is None:
            return
        segment = self._data.shared_memory_id()
        self._processes.kill_tree(self._server)
        if segment is not None:
            # Fails where the segment is gone already, which is what is wanted.
            ctypes.CDLL(None).shmctl(segment, REMOVE_SEGMENT, None)

    def discard(self) -> None:
        """End it at once, and remove its data."""
        self.kill()
        self._data.remove()

    def freeze(self) -> None:
        """Stop every one of its processes from running; connections stay open and nothing answers."""
        if self._server is not None:
            self._processes.freeze(self._server)

    def thaw(self) -> None:
        """Let a frozen server run on; it then finishes what it was doing."""
        if self._server is not None:
            self._processes.thaw(self._server)

    def is_alive(self) -> bool:
        """Whether its processes exist, frozen or not."""
        return self._server is not None and self._server.is_alive()

    def promote(self, within: timedelta = timedelta(seconds=10)) -> None:
        """Make a standby the primary; does nothing to a primary. Returns once it takes writes.

        Raises PromotionFailed after `within`; the request is then withdrawn, for a server that was frozen
        would otherwise promote itself when it thaws, long after another decision was taken.
        https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-RECOVERY-CONTROL
        """
        try:
            # A frozen server fails here, before it was asked: what waits in its socket it would do later.
            with self.session(within) as session:
                if session.value("select pg_is_in_recovery()") == "t":
                    session.rows("select pg_promote(false)")
                while session.value("select pg_is_in_recovery()") == "t":
                    time.sleep(POLL_SECONDS)
        except PostgreSQLError as error:
            self._data.withdraw_promotion()
            raise PromotionFailed(f"The database in {self.region} was not promoted: {error}") from error

    def is_in_recovery(self) -> bool:
        """Whether it is a standby. Raises PostgreSQLError when it does not answer."""
        with self.session() as session:
            return session.value("select pg_is_in_recovery()") == "t"

    def replicas(self) -> list[Replica]:
        """The standbys that are connected to this primary. Raises PostgreSQLError."""
        with self.session() as session:
            return replicas(session)

    def progress(self) -> Progress:
        """How far this standby is. Raises PostgreSQLError."""
        with self.session() as session:
            return progress(session)

    def set_synchronous(self, mode: SynchronousMode, within: timedelta = timedelta(seconds=5)) -> None:
        """Let commits wait for the standby as `mode` says; "off" is asynchronous replication.

        Raises ValueError for another mode, and PostgreSQLError when no standby is there to wait for: the setting
        is then taken back, for every commit would hang.
        """
        # What is waited for ends first: of a session that ends before, nobody learns which of the two it was.
        with self.session(within + LONG_ANSWER_WITHIN) as session:
            set_synchronous(session, mode)
            if mode == "off" or eventually(lambda: any(r.synchronous for r in replicas(session)), within):
                return
            set_synchronous(session, "off")
        raise PostgreSQLError(f"No standby streams from the database in {self.region} for commits to wait for")

    def set_application_password(self, password: str) -> None:
        """From now on the application's role has this one, here and on every standby. Raises PostgreSQLError."""
        if not re.fullmatch(r"[A-Za-z0-9_-]+", password):
            raise ValueError("The password may hold letters, digits, - and _ alone.")
        with self.session(LONG_ANSWER_WITHIN, database="postgres") as session:
            session.rows(f"alter role {APPLICATION_ROLE} password '{password}'")
        self.credentials = replace(self.credentials, application=password)

    def rows(self, sql: str, parameters: tuple[str | int | None, ...] = ()) -> list[Row]:
        """Ask database `app` as the lab's superuser; values come as text. Raises PostgreSQLError."""
        with self.session(LONG_ANSWER_WITHIN) as session:
            return session.rows(sql, parameters)

    def session(self, within: timedelta = ANSWER_WITHIN, database: str = DATABASE) -> Session:
        """A superuser's session, all of whose calls end `within`. Raises PostgreSQLError."""
        parameters: dict[str, str | int] = {
            "host": self.host,
            "port": self.port,
            "dbname": database,
            "user": "postgres",
            "password": self.credentials.superuser,
        }
        return Session(f"the database in {self.region}", parameters, within)

    def log_tail(self) -> str:
        """The end of the server's log, on one line."""
        return "" if self._server is None else self._server.log_tail()
