"""Are the lab's databases real ones: does a crash lose what had not crossed the link, and nothing else?"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import psutil
import psycopg
import pytest

from lab.host.processes import Processes
from lab.region.network import Network
from lab.region.postgresql import PostgreSQL, PromotionFailed
from lab.region.postgresql_session import PostgreSQLError

DELAY = timedelta(milliseconds=100)


@dataclass
class Pair:
    primary: PostgreSQL
    standby: PostgreSQL
    network: Network

    def region_dies(self) -> None:
        """The primary's Region with all its links: what is under way is lost too."""
        self.network.cut("replication")
        self.primary.kill()


@contextmanager
def pair(delay: timedelta = timedelta(0)) -> Iterator[Pair]:
    with Processes() as processes, Network(processes) as network:
        primary, standby = PostgreSQL("ap-southeast-2", processes), PostgreSQL("us-west-2", processes)
        primary.init_primary()
        link = network.add_link("replication", primary.address)
        standby.create_standby_of(primary, through=link)
        network.set_delay("replication", delay)
        yield Pair(primary, standby, network)


@pytest.fixture(scope="module")
def quiet_pair() -> Iterator[Pair]:
    """For tests that leave it as it was."""
    with pair() as both:
        yield both


def connect(server: PostgreSQL, user: str = "app", password: str | None = None) -> psycopg.Connection:
    return psycopg.connect(
        host=server.host,
        port=server.port,
        dbname="app",
        user=user,
        password=password or server.credentials.application,
        autocommit=True,
        connect_timeout=5,
    )


@dataclass
class Client:
    """Commits numbered rows one after the other, and remembers when each was acknowledged."""

    server: PostgreSQL
    acknowledged: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with connect(self.server) as connection:
            connection.execute("create table if not exists row (number bigint primary key)")
        self._thread = threading.Thread(target=self._write)
        self._thread.start()

    def _write(self) -> None:
        number = 0
        try:
            with connect(self.server) as connection:
                while True:
                    number += 1
                    connection.execute("insert into row values (%s)", (number,))
                    self.acknowledged[number] = time.monotonic()
        except psycopg.OperationalError:
            return

    def wait_for(self, rows: int) -> None:
        deadline = time.monotonic() + 20
        while len(self.acknowledged) < rows:
            assert time.monotonic() < deadline, len(self.acknowledged)
            time.sleep(0.005)

    def join(self) -> None:
        self._thread.join(10)
        assert not self._thread.is_alive()


def rows(server: PostgreSQL) -> set[int]:
    return {int(number) for (number,) in server.rows("select number from row") if number}


def test_a_dying_region_takes_the_writes_that_had_not_crossed_the_link() -> None:
    """What is lost are the newest rows, those that were under way."""
    with pair(DELAY) as both:
        client = Client(both.primary)
        client.wait_for(1)
        time.sleep(1.2)
        died_at = time.monotonic()
        both.region_dies()
        client.join()
        both.standby.promote()
        lost = sorted(set(client.acknowledged) - rows(both.standby))
        assert lost
        assert lost == list(range(lost[0], max(client.acknowledged) + 1)), "only the newest"
        assert client.acknowledged[lost[0]] > died_at - DELAY.total_seconds() - 1, "only what was under way"
        with connect(both.standby) as connection:
            connection.execute("insert into row values (1000000)")
        both.primary.start()
        assert set(client.acknowledged) <= rows(both.primary), "the old primary still has them"


def test_commits_that_wait_for_the_standby_lose_nothing() -> None:
    with pair(timedelta(milliseconds=20)) as both:
        both.primary.set_synchronous("remote_apply")
        client = Client(both.primary)
        client.wait_for(20)
        both.region_dies()
        client.join()
        both.standby.promote()
        assert set(client.acknowledged) <= rows(both.standby)


def test_a_standby_that_could_not_be_promoted_does_not_promote_itself_later() -> None:
    """It was frozen; by the time that it goes on, another decision may have been taken."""
    with pair() as both:
        both.standby.freeze()
        began = time.monotonic()
        with pytest.raises(PromotionFailed, match=r"us-west-2 was not promoted.*did not answer within 0.5 s"):
            both.standby.promote(within=timedelta(seconds=0.5))
        assert time.monotonic() - began < 8, "and not after the ten that it takes by itself"
        both.standby.thaw()
        time.sleep(0.3)
        assert both.standby.is_in_recovery()
        both.standby.promote()
        assert not both.standby.is_in_recovery()
        both.standby.promote()
        both.primary.freeze()
        both.primary.kill()
        assert not both.primary.is_alive()
        with pytest.raises(PostgreSQLError, match=r"ap-southeast-2: connection .* refused"):
            both.primary.is_in_recovery()


def test_a_primary_without_its_standby_refuses_to_make_commits_wait(quiet_pair: Pair) -> None:
    """They would hang for ever."""
    with pytest.raises(PostgreSQLError, match="No standby streams"):
        quiet_pair.standby.set_synchronous("on", within=timedelta(seconds=0.2))
    with pytest.raises(ValueError, match="'sometimes' is not one of off, remote_write, on, remote_apply"):
        quiet_pair.primary.set_synchronous("sometimes")  # type: ignore[arg-type]


def test_the_standby_streams_and_follows(quiet_pair: Pair) -> None:
    (replica,) = quiet_pair.primary.replicas()
    assert (replica.name, replica.state, replica.synchronous) == ("us-west-2", "streaming", False)
    assert replica.flush_bytes_behind is not None
    progress = quiet_pair.standby.progress()
    assert progress.in_recovery
    assert progress.streaming
    assert progress.received_lsn is not None
    assert not quiet_pair.primary.is_in_recovery()


def test_the_application_owns_its_database_and_commands_nothing_else(quiet_pair: Pair) -> None:
    with connect(quiet_pair.primary) as connection:
        connection.execute("create table mine (id int)")
        connection.execute("drop table mine")
        assert connection.execute("select state from pg_stat_replication").fetchall() == [("streaming",)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("alter role app superuser")
    with connect(quiet_pair.standby) as connection:
        assert connection.execute("select status from pg_stat_wal_receiver").fetchall() == [("streaming",)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select pg_promote()")
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("create table mine (id int)")


def test_nobody_comes_in_without_a_password(quiet_pair: Pair) -> None:
    for user in ("app", "postgres", "replication"):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            connect(quiet_pair.primary, user, password="guess")


A_LAB = """
import threading
from lab.host.processes import Processes
from lab.region.postgresql import PostgreSQL
with Processes() as processes:
    server = PostgreSQL("us-west-2", processes)
    server.init_primary()
    if {frozen}: server.freeze()
    print(processes.state_directory, flush=True)
    threading.Event().wait(60)
"""


def servers_in(state_directory: str) -> list[psutil.Process]:
    """Every process of a server works in its data directory."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd().startswith(state_directory) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


@pytest.mark.parametrize("frozen", [False, True])
def test_a_killed_lab_leaves_no_server_and_no_files(frozen: bool) -> None:
    lab = subprocess.Popen([sys.executable, "-c", A_LAB.format(frozen=frozen)], stdout=subprocess.PIPE, text=True)
    assert lab.stdout is not None
    state_directory = lab.stdout.readline().strip()
    assert len(servers_in(state_directory)) > 3
    lab.send_signal(signal.SIGKILL)
    lab.wait(5)
    lab.stdout.close()
    deadline = time.monotonic() + 15
    while (servers_in(state_directory) or Path(state_directory).exists()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert servers_in(state_directory) == []
    assert not Path(state_directory).exists()
