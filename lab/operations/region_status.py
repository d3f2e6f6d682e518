"""What is each Region's role, and how far behind is the standby, at this moment?

Asked in the background: drawing the live view must wait neither for a frozen server nor for a dark copy of the record.
"""

from __future__ import annotations

import threading
from datetime import timedelta

from failover.application.leader_register import NoMajority
from failover.domain.leader_record import LeaderRecord, State
from lab.drills.live_view import RegionLine
from lab.laboratory import Laboratory
from lab.region.postgresql_replication import progress, replicas
from lab.region.postgresql_session import PostgreSQLError
from lab.settings import PRIMARY_REGION, SECONDARY_REGION

ASKED_EVERY_SECONDS = 0.7
ANSWER_WITHIN = timedelta(milliseconds=500)
MILLISECOND = timedelta(milliseconds=1)


class RegionStatus:
    """Both Regions, as they were when last asked."""

    def __init__(self, lab: Laboratory) -> None:
        self._lab = lab
        self._lines: list[RegionLine] = []
        self._over = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._ask, name="region-status", daemon=True).start()

    def stop(self) -> None:
        self._over.set()

    def latest(self) -> list[RegionLine]:
        return self._lines

    def _ask(self) -> None:
        while not self._over.wait(ASKED_EVERY_SECONDS if self._lines else 0.0):
            record = self._record()
            self._lines = [self._line(region, record) for region in (PRIMARY_REGION, SECONDARY_REGION)]

    def _record(self) -> LeaderRecord | None:
        try:
            return self._lab.leader_record()
        except NoMajority:
            return None

    def _line(self, region: str, record: LeaderRecord | None) -> RegionLine:
        # While a standby is rebuilt there is a moment in which no instance has the Region's name.
        server = self._lab.servers.get(region)
        database = "none" if server is None else "running" if server.is_alive() else "dead"
        tasks = str(self._lab.tasks[region].running())
        lag = self._lag() if region == SECONDARY_REGION else ""
        return RegionLine(region, role_of(region, record), database, tasks, lag)

    def _lag(self) -> str:
        """As the primary sees it, or else as the standby does."""
        try:
            with self._lab.servers[PRIMARY_REGION].session(ANSWER_WITHIN) as session:
                found = replicas(session)
        except (PostgreSQLError, KeyError):
            found = []
        if found and found[0].flush_bytes_behind is not None:
            lag = found[0].replay_lag
            told = f", {lag / MILLISECOND:.0f} ms" if lag is not None else ""
            return f"{found[0].flush_bytes_behind} bytes{told}"
        try:
            with self._lab.servers[SECONDARY_REGION].session(ANSWER_WITHIN) as session:
                own = progress(session)
        except (PostgreSQLError, KeyError):
            return "unknown"
        if not own.in_recovery:
            return "none: promoted"
        return f"cut off, {own.bytes_to_replay} bytes to replay"


def role_of(region: str, record: LeaderRecord | None) -> str:
    """In a few words, for a column; unknown where no majority of the record answers."""
    if record is None:
        return "unknown"
    if record.leader != region:
        return "standby"
    return f"leader, epoch {record.epoch}" + (", fenced" if record.state is State.FENCED else "")
