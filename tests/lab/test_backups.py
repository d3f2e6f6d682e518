"""Are the lab's backups real ones: is what was committed there again, up to a moment, and is damage damage?"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from failover.adapters.postgres_content import PostgresContent
from failover.application.errors import DamagedContent
from failover.application.ports import DatabaseLogin
from lab.backups import BackedUp, Backups
from lab.host.processes import Processes
from lab.region.postgresql import PostgreSQL
from lab.region.postgresql_session import PostgreSQLError
from tests.lab.emulated_cloud import until
from webapi.service.ledger import SCHEMA

ARN = "arn:aws:rds:us-west-2:123456789012:auto-backup:ab-x"


class Kept:
    """A primary whose backups are replicated; row 1 was written before the base backup, 2 and 3 after it."""

    def __init__(self, processes: Processes) -> None:
        self.processes = processes
        self.cut = False
        self.windows: list[tuple[datetime, datetime]] = []
        self.stop = threading.Event()
        self.primary = PostgreSQL("ap-southeast-2", processes)
        self.primary.init_primary()
        self.primary.rows(SCHEMA.replace("CREATE TABLE", "SET ROLE app; CREATE TABLE", 1))
        self.write(1)
        self.backups = Backups(processes.state_directory / "backups", lambda: self.cut)
        self.keeper = threading.Thread(
            target=self.backups.replicate,
            args=(self.primary, ARN, lambda *window: self.windows.append(window), self.stop),
            daemon=True,
        )
        self.keeper.start()
        until(self.base_is_there, within=20)
        self.write(2)
        self.between = self.now()
        self.write(3)
        self.write_log()

    def base_is_there(self) -> BackedUp | None:
        try:
            return self.backups.find(ARN)
        except KeyError:
            return None

    def now(self) -> datetime:
        return datetime.fromisoformat(str(self.primary.rows("select clock_timestamp()::text")[0][0])).astimezone(UTC)

    def write(self, number: int) -> None:
        self.primary.rows(
            "insert into writes (writer, number, body, region, epoch) values ('w', $1, repeat('x', 100), 'r', 1)",
            (number,),
        )

    def write_log(self) -> None:
        """What was written so far goes into a log of its own, and over."""
        name = str(self.primary.rows("select pg_walfile_name(pg_switch_wal())")[0][0])
        until(lambda: (self.backups.find(ARN).logs / name).exists(), within=20)

    def restored(self, base: Path, to: datetime | None = None) -> PostgreSQL:
        made = self.backups.find(ARN)
        server = PostgreSQL(
            "us-west-2", self.processes, data_dir=base.with_name(f"restored-{datetime.now(UTC):%M%S%f}")
        )
        server.create_from_backup(base, made.logs, to, made.credentials)
        return server


@pytest.fixture(scope="module")
def kept() -> Iterator[Kept]:
    with Processes() as processes:
        made = Kept(processes)
        yield made
        made.stop.set()
        made.keeper.join(5)


def numbers(server: PostgreSQL) -> list[str | None]:
    """What it holds; it is thrown away then."""
    found = [row[0] for row in server.rows("select number from writes order by number")]
    server.discard()
    return found


def test_all_that_has_come_over_is_restored_and_a_moment_before_is_too(kept: Kept) -> None:
    base = kept.backups.find(ARN).base
    assert numbers(kept.restored(base)) == ["1", "2", "3"]
    assert numbers(kept.restored(base, kept.between)) == ["1", "2"]
    with pytest.raises(PostgreSQLError):
        kept.restored(base, datetime.now(UTC) + timedelta(hours=1))


def test_what_was_written_after_the_way_was_cut_is_lost(kept: Kept) -> None:
    kept.cut = True
    kept.write(4)
    kept.primary.rows("select pg_switch_wal()")
    assert numbers(kept.restored(kept.backups.find(ARN).base)) == ["1", "2", "3"]
    kept.cut = False
    kept.write(5)
    kept.write_log()
    assert numbers(kept.restored(kept.backups.find(ARN).base)) == ["1", "2", "3", "4", "5"]


@pytest.mark.scenario("F47")
def test_a_damaged_page_is_found_by_reading_the_ledger(kept: Kept) -> None:
    """The server starts and calls itself available: its rows say what is wrong."""
    made = kept.backups.find(ARN)
    damaged = made.base.with_name("damaged")
    server = kept.restored(made.base)
    server.rows("checkpoint")
    page = str(server.rows("select pg_relation_filepath('writes')")[0][0])
    server.stop()
    server._data.path.rename(damaged)
    with (damaged / page).open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 200)
    again = PostgreSQL("us-west-2", kept.processes, data_dir=damaged)
    again.credentials = made.credentials
    again.start()
    login = DatabaseLogin(again.host, again.port, "app", "app", made.credentials.application)
    with pytest.raises(DamagedContent, match="invalid page"):
        PostgresContent(timedelta(seconds=2), timedelta(seconds=5)).content(login, "r")
    again.discard()


@pytest.mark.scenario("F47")
def test_a_base_backup_without_its_control_file_becomes_no_server(kept: Kept) -> None:
    made = kept.backups.find(ARN)
    broken = made.base.with_name("broken")
    kept.processes.run(["cp", "-a", made.base, broken], name="a copy", log=broken.with_suffix(".log"))
    (broken / "global" / "pg_control").write_bytes(b"\0" * 8192)
    with pytest.raises(PostgreSQLError):
        kept.restored(broken)
