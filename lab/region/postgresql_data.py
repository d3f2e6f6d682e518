"""What is in a server's data directory, and how does it come there: made new, or copied from a primary?"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from lab.host.processes import Processes, ProcessFailed
from lab.region.postgresql_binaries import Installation
from lab.region.postgresql_session import PostgreSQLError

REPLICATION_ROLE = "replication"
LOCALE = {"LC_ALL": "C", "TZ": "UTC"}

# The same on every server, so that a base backup brings it along; what differs is on the command line.
# https://www.postgresql.org/docs/current/runtime-config.html
SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "unix_socket_directories": "''",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "dynamic_shared_memory_type": "mmap",  # inside the data directory: a crash leaves nothing in /dev/shm
    "fsync": "on",
    "full_page_writes": "on",
    "wal_level": "replica",
    "wal_log_hints": "on",
    "wal_keep_size": "128MB",
    "max_slot_wal_keep_size": "1GB",
    "max_wal_size": "1GB",
    "min_wal_size": "80MB",
    "hot_standby": "on",
    "archive_mode": "on",  # a standby begins with it when it is promoted
    "archive_timeout": "5s",  # RDS keeps its logs every five minutes
    "track_commit_timestamp": "on",
    "wal_sender_timeout": "5s",
    "wal_receiver_timeout": "5s",
    "wal_receiver_status_interval": "1s",
    "wal_retrieve_retry_interval": "200ms",
    "log_min_messages": "warning",
    "log_line_prefix": "'%m [%p] %b %a '",
}


class DataDirectory:
    """One server's files. Every method that writes leaves them to the account that runs the server."""

    def __init__(self, path: Path, region: str, processes: Processes, installed: Installation) -> None:
        self.path = path
        self.log = path.with_name(f"{path.name}.log")
        self.archive = path.with_name(f"{path.name}.archive")
        self._region = region
        self._processes = processes
        self._installed = installed

    @property
    def slot(self) -> str:
        """Through which it streams, as a standby. Named after the folder: a primary may have several from one Region."""
        return re.sub(r"[^a-z0-9_]", "_", self.path.name.lower())

    def create(self, superuser_password: str) -> None:
        """Make it new, for a primary with superuser `postgres`. Raises PostgreSQLError."""
        self._make()
        password_file = self.path.with_name(f"{self.path.name}.password")
        self._write(password_file, superuser_password + "\n")
        try:
            kind: list[str | Path] = ["-U", "postgres", "-E", "UTF8", "--no-locale", "--data-checksums", "--no-sync"]
            access = ["-A", "scram-sha-256", f"--pwfile={password_file}"]
            # Small segments: with 16 MB ones every promotion would write 32 MB of WAL.
            self._run("initdb", [*kind, "-D", self.path, *access, "--wal-segsize=1"], {})
        finally:
            password_file.unlink()
        self._write(self.path / "lab.conf", "".join(f"{key} = {value}\n" for key, value in SETTINGS.items()))
        configuration = self.path / "postgresql.conf"
        self._write(configuration, configuration.read_text() + "\ninclude 'lab.conf'\n")

    def copy_from(self, primary: tuple[str, int], password: str) -> None:
        """Copy the primary that answers at this address, by a new slot, as a standby of it.

        Raises PostgreSQLError. https://www.postgresql.org/docs/current/app-pgbasebackup.html
        """
        self._make()
        host, port = primary
        source = f"host={host} port={port} user={REPLICATION_ROLE} sslmode=disable connect_timeout=5"
        copy: list[str | Path] = ["-d", source, "-D", self.path, "-X", "stream", "-c", "fast", "--no-sync"]
        self._run("pg_basebackup", [*copy, "--create-slot", f"--slot={self.slot}"], {"PGPASSWORD": password})
        conninfo = (
            f"{source} password={password} application_name={self._region}"
            " keepalives_idle=2 keepalives_interval=1 keepalives_count=2 tcp_user_timeout=3000"
        )
        # Written anew: the copy carries the primary's own, such as the standby that its commits wait for.
        self._write(
            self.path / "postgresql.auto.conf",
            f"primary_conninfo = '{conninfo}'\nprimary_slot_name = '{self.slot}'\n",
        )
        self._write(self.path / "standby.signal", "")

    def back_up(self, server: tuple[str, int], password: str) -> None:
        """Make it a base backup of the server that answers there, primary or standby. Raises PostgreSQLError.

        https://www.postgresql.org/docs/current/continuous-archiving.html
        """
        self._make()
        host, port = server
        source = f"host={host} port={port} user={REPLICATION_ROLE} sslmode=disable connect_timeout=5"
        copy: list[str | Path] = ["-d", source, "-D", self.path, "-X", "stream", "-c", "fast", "--no-sync"]
        self._run("pg_basebackup", copy, {"PGPASSWORD": password})

    def recover(self, base: Path, logs: Path, to: datetime | None) -> None:
        """Copy the base backup; started, it replays `logs`, all or up to `to`, and takes writes. Raises PostgreSQLError.

        https://www.postgresql.org/docs/current/runtime-config-wal.html#RUNTIME-CONFIG-WAL-RECOVERY-TARGET
        """
        self._make()
        try:
            self._processes.run(
                ["cp", "-a", f"{base}/.", self.path],
                name=f"the copy of a backup in {self._region}",
                log=self.log,
                account=self._installed.account,
            )
        except ProcessFailed as error:
            raise PostgreSQLError(str(error)) from error
        (self.path / "standby.signal").unlink(missing_ok=True)
        recovery = [f"restore_command = 'cp {logs}/%f %p'"]
        if to is not None:
            recovery += [f"recovery_target_time = '{to.isoformat()}'", "recovery_target_action = 'promote'"]
        # Written anew: the copy carries the source's own, such as the standby that its commits wait for.
        self._write(self.path / "postgresql.auto.conf", "".join(f"{line}\n" for line in recovery))
        self._write(self.path / "recovery.signal", "")

    def remove(self) -> None:
        """Leave nothing but the log. Does nothing where there is nothing."""
        shutil.rmtree(self.path, ignore_errors=True)
        shutil.rmtree(self.archive, ignore_errors=True)

    def make_archive(self) -> Path:
        """Where the server keeps its logs; made if it is not there."""
        if not self.archive.is_dir():
            self.archive.mkdir(mode=0o700)
            self._give(self.archive)
        return self.archive

    def accepts_connections(self, pid: int) -> bool:
        """Whether the server `pid` takes connections, on a standby too.

        The eighth line of postmaster.pid says so sooner than a connection would: src/include/utils/pidfile.h.
        """
        lines = self._postmaster()
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7] == "ready"

    def shared_memory_id(self) -> int | None:
        """The System V segment that the server holds as its lock, and that a crash leaves behind for good."""
        lines = self._postmaster()
        words = lines[6].split() if len(lines) >= 7 else []
        return int(words[1]) if len(words) == 2 else None

    def withdraw_promotion(self) -> None:
        """Forget a promotion that was asked for and not yet begun."""
        (self.path / "promote").unlink(missing_ok=True)

    def _postmaster(self) -> list[str]:
        with contextlib.suppress(OSError):
            return [line.strip() for line in (self.path / "postmaster.pid").read_text().splitlines()]
        return []

    def _run(self, program: str, options: Sequence[str | Path], env: dict[str, str]) -> None:
        try:
            self._processes.run(
                [self._installed.programs / program, *options],
                name=f"{program} in {self._region}",
                env={**LOCALE, **env},
                log=self.log,
                account=self._installed.account,
            )
        except ProcessFailed as error:
            full = "No space left on device" in str(error)
            what = f"The disk is full at {self.path}: free some space, or name another folder in TMPDIR."
            raise PostgreSQLError(what if full else str(error)) from error

    def _make(self) -> None:
        self.path.mkdir(mode=0o700)
        self._give(self.path)

    def _write(self, path: Path, text: str) -> None:
        path.touch(mode=0o600)
        path.write_text(text)
        self._give(path)

    def _give(self, path: Path) -> None:
        account = self._installed.account
        if account is not None:
            os.chown(path, account.uid, account.gid)
