"""What has been backed up in the lab, and where are the files? Base backups and logs of real servers, by what RDS calls them.

The primary's are brought to the other Region as they come, while there is a way there; what has arrived is what can be
restored there. A damaged backup is one whose files are damaged.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lab.host.processes import ProcessFailed
from lab.region.postgresql import Credentials, PostgreSQL
from lab.region.postgresql_session import PostgreSQLError

# How often what was kept in one Region is brought to the other: our figure.
REPLICATED_EVERY = timedelta(seconds=0.5)
Told = Callable[[datetime, datetime], None]  # the window's first moment and its last
logger = logging.getLogger(__name__)
LOG_NAME = 24  # characters; histories and partial logs have other names


@dataclass(frozen=True)
class BackedUp:
    """`base` and `logs` are folders; restored from, `earliest` is the first moment. `credentials`: the server's."""

    base: Path
    logs: Path
    credentials: Credentials
    earliest: datetime

    @property
    def latest(self) -> datetime | None:
        """Up to then everything is there: the last write of the newest log, to the second below. None: no log yet."""
        kept = [one.stat().st_mtime for one in self.logs.iterdir() if len(one.name) == LOG_NAME]
        newest = datetime.fromtimestamp(max(kept), UTC).replace(microsecond=0) if kept else self.earliest
        return newest if newest > self.earliest else None


class Backups:
    """By the ARN of replicated automated backups, and by the names of snapshots with their Region."""

    def __init__(self, folder: Path, is_cut: Callable[[], bool]) -> None:
        """`is_cut`: whether nothing gets from the primary Region to the other."""
        self._folder = folder
        self._is_cut = is_cut
        self._known: dict[str, BackedUp] = {}
        self._lock = threading.Lock()

    def find(self, source: str) -> BackedUp:
        """Raises KeyError."""
        with self._lock:
            return self._known[source]

    def snapshot(self, server: PostgreSQL, name: str) -> datetime:
        """Take a base backup of `server` as the snapshot `name`; a moment that is surely in it. Raises PostgreSQLError."""
        at = datetime.now(UTC)
        taken = self._take(server, f"snapshot-{name.replace('/', '-')}")
        with self._lock:
            self._known[name] = taken
        return at

    def replicate(self, server: PostgreSQL, arn: str, told: Told, stop: threading.Event) -> None:
        """Until `stop`: a base backup of `server`, then its logs as they come. `told` hears of each newer moment.

        A server that dies before its base backup is through has none.
        """
        try:
            taken = self._take(server, arn.rpartition(":")[2])
        except (PostgreSQLError, ProcessFailed) as error:
            logger.warning("%s has no automated backups: %s", server.region, error)
            return
        with self._lock:
            self._known[arn] = taken
        told_of: datetime | None = None
        while not stop.is_set():
            if not self._is_cut():
                self._bring(server.archive, taken.logs)
                if (latest := taken.latest) is not None and latest != told_of:
                    told_of = latest
                    told(taken.earliest, latest)
            stop.wait(REPLICATED_EVERY.total_seconds())

    def _take(self, server: PostgreSQL, name: str) -> BackedUp:
        logs = self._folder / name.replace(":", "-") / "logs"
        logs.mkdir(parents=True)
        # Readable to the account that runs the servers, which is not always ours.
        for folder in (self._folder, logs.parent, logs):
            folder.chmod(0o755)
        server.back_up(logs.with_name("base"))
        # A backup can be restored to no moment before its end.
        return BackedUp(logs.with_name("base"), logs, server.credentials, _next_second())

    @staticmethod
    def _bring(archive: Path, logs: Path) -> None:
        for one in sorted(archive.iterdir()):
            there = logs / one.name
            if not there.exists():
                coming = logs / f"{one.name}.coming"
                shutil.copy2(one, coming)
                coming.chmod(0o644)
                coming.rename(there)


def _next_second() -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
