"""Does a session tell where a real server stands, and end in time when the server does not answer?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from control_plane_world import PRIMARY, STANDBY

from failover.adapters.aurora_postgres import AuroraPostgres
from failover.adapters.ledger_rows import PostgresLedger
from failover.adapters.postgres import Postgres
from failover.application.errors import DatabaseUnavailable, RunRefused
from failover.application.ports import DatabaseLogin
from lab.host.processes import Processes
from lab.region.postgresql import PostgreSQL

SCHEMA = (Path(__file__).parents[3] / "webapi" / "service" / "schema.sql").read_text()
BEAT = """
    insert into heartbeat (region, epoch, sequence, at, lsn)
    values ($1, 1, 7, clock_timestamp(), pg_current_wal_insert_lsn())
"""
HOLD = """
    insert into lease_holder (task, region, epoch, watched_seconds, lsn, at)
    values ($1, $2, 4, $3, pg_current_wal_insert_lsn(), clock_timestamp())
"""
SESSIONS = Postgres(timedelta(seconds=3))


def login(server: PostgreSQL, password: str | None = None) -> DatabaseLogin:
    return DatabaseLogin(server.host, server.port, "app", "app", password or server.credentials.application)


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[PostgreSQL, PostgreSQL]]:
    """A primary with one heartbeat, and a standby that streams from it."""
    with Processes() as processes:
        primary, standby = PostgreSQL(PRIMARY, processes), PostgreSQL(STANDBY, processes)
        primary.init_primary()
        with primary.session() as session:
            session.rows(SCHEMA)
            session.rows("alter table heartbeat owner to app")
            session.rows("alter table probe owner to app")
            session.rows("alter table lease_holder owner to app")
            session.rows("alter table writes owner to app")
            session.rows(BEAT, (PRIMARY,))
        standby.create_standby_of(primary, primary.address)
        yield primary, standby


def test_a_replica_shows_its_position_and_its_newest_heartbeat(pair: tuple[PostgreSQL, PostgreSQL]) -> None:
    deadline = time.monotonic() + 10
    position = SESSIONS.position(login(pair[1]), PRIMARY)
    while not position.drained and time.monotonic() < deadline:
        time.sleep(0.05)
        position = SESSIONS.position(login(pair[1]), PRIMARY)
    assert position.in_recovery is True
    assert position.drained
    assert position.heartbeat is not None
    assert (position.heartbeat.region, position.heartbeat.sequence) == (PRIMARY, 7)
    assert position.heartbeat.at.utcoffset() == timedelta(0)
    assert position.replayed is not None
    assert position.heartbeat.lsn <= position.replayed
    assert SESSIONS.position(login(pair[1]), STANDBY).heartbeat is None


def test_a_server_that_refuses_to_tell_positions_as_aurora_does_still_shows_its_rows(
    pair: tuple[PostgreSQL, PostgreSQL],
) -> None:
    """Of Aurora itself only the refusal is played here: by the right to call the functions, taken away."""
    primary, standby = pair
    functions = "function pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn(), pg_current_wal_insert_lsn()"
    aurora = AuroraPostgres(timedelta(seconds=2))
    with primary.session() as session:
        session.rows(f"revoke execute on {functions} from public")
    try:
        _await_refusal(standby)
        position = aurora.position(login(standby), PRIMARY)
        assert (position.in_recovery, position.settled, position.received) == (True, True, None)
        assert position.heartbeat is not None
        assert aurora.confirmations(login(standby), PRIMARY).by_storage
    finally:
        with primary.session() as session:
            session.rows(f"grant execute on {functions} to public")


def _await_refusal(standby: PostgreSQL) -> None:
    """Until what was done on the primary has arrived."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            SESSIONS.position(login(standby), PRIMARY)
        except DatabaseUnavailable:
            return
        time.sleep(0.05)
    raise AssertionError("the standby still tells its positions")


def test_a_primary_is_not_in_recovery_and_has_received_nothing(pair: tuple[PostgreSQL, PostgreSQL]) -> None:
    position = SESSIONS.position(login(pair[0]), PRIMARY)
    assert (position.in_recovery, position.received) == (False, None)
    assert SESSIONS.in_recovery(login(pair[0])) is False
    assert SESSIONS.in_recovery(login(pair[1])) is True


def test_a_probe_is_committed_on_a_primary_and_refused_by_a_replica(pair: tuple[PostgreSQL, PostgreSQL]) -> None:
    SESSIONS.write_probe(login(pair[0]), STANDBY)
    assert pair[0].rows("select count(*) from probe where region = $1", (STANDBY,)) == [("1",)]
    with pytest.raises(DatabaseUnavailable, match="read-only transaction"):
        SESSIONS.write_probe(login(pair[1]), STANDBY)


def test_a_login_that_is_refused_is_told_without_the_password(pair: tuple[PostgreSQL, PostgreSQL]) -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        SESSIONS.in_recovery(login(pair[0], "wrong-password"))
    assert "wrong-password" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_frozen_server_costs_no_more_than_the_timeout(pair: tuple[PostgreSQL, PostgreSQL]) -> None:
    """Its kernel still accepts connections, and a cancelled query would wait for it for ever."""
    pair[1].freeze()
    try:
        began = time.monotonic()
        with pytest.raises(DatabaseUnavailable):
            SESSIONS.in_recovery(login(pair[1]))
        assert time.monotonic() - began < 9
    finally:
        pair[1].thaw()


def test_a_query_that_does_not_end_is_cut_off(pair: tuple[PostgreSQL, PostgreSQL]) -> None:
    quick = Postgres(timedelta(seconds=1))
    began = time.monotonic()
    with pair[0].session() as holding:
        holding.rows("begin")
        holding.rows("lock table probe in access exclusive mode")
        with pytest.raises(DatabaseUnavailable):
            quick.write_probe(login(pair[0]), STANDBY)
    assert time.monotonic() - began < 9


def test_a_server_that_is_gone_is_unavailable(pair: tuple[PostgreSQL, PostgreSQL]) -> None:
    nowhere = DatabaseLogin("127.0.0.1", 1, "app", "app", "x")
    with pytest.raises(DatabaseUnavailable):
        SESSIONS.in_recovery(nowhere)


def test_a_replica_shows_which_tasks_stopped_and_is_past_what_they_wrote(pair: tuple[PostgreSQL, PostgreSQL]) -> None:
    with pair[0].session() as session:
        for task, region, watched in (("t1", PRIMARY, None), ("t2", PRIMARY, 1.5), ("t3", STANDBY, None)):
            session.rows(HOLD, (task, region, watched))
    deadline = time.monotonic() + 10
    found = SESSIONS.confirmations(login(pair[1]), PRIMARY)
    while len(found.holders) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
        found = SESSIONS.confirmations(login(pair[1]), PRIMARY)
    assert [(one.task, one.epoch, one.watched) for one in found.holders] == [
        ("t1", 4, None),
        ("t2", 4, timedelta(seconds=1.5)),
    ]
    assert found.replayed is not None
    assert found.replayed >= max(one.lsn for one in found.holders)


def test_a_database_of_an_older_service_shows_no_tasks_and_says_so(pair: tuple[PostgreSQL, PostgreSQL]) -> None:
    with pair[0].session() as session:
        session.rows("alter table lease_holder rename to set_aside")
        try:
            with pytest.raises(DatabaseUnavailable, match="lease_holder"):
                SESSIONS.confirmations(login(pair[0]), PRIMARY)
        finally:
            session.rows("alter table set_aside rename to lease_holder")


def test_a_ledger_tells_its_rows_since_an_instant_and_which_of_some_it_lacks(
    pair: tuple[PostgreSQL, PostgreSQL],
) -> None:
    primary, ledger = pair[0], PostgresLedger(SESSIONS)
    with primary.session() as session:
        for number in (1, 2, 3):
            session.rows(
                "insert into writes (writer, number, body, region, epoch, accepted_at) values ('w', $1, 'b', 'r', 1, $2)",
                (number, f"2026-01-01 00:0{number}+00"),
            )
    rows = ledger.since(login(primary), datetime(2026, 1, 1, 0, 2, tzinfo=UTC))
    assert [(row.number, row.accepted_at.minute) for row in rows] == [(2, 2), (3, 3)]
    others = [replace(rows[0], body="another"), rows[1], replace(rows[1], number=4)]
    assert [(row.number, row.body) for row in ledger.lacking(login(primary), others)] == [(2, "another"), (4, "b")]
    assert ledger.lacking(login(primary), []) == []
    with pytest.raises(RunRefused, match="more than 1 were accepted"):
        PostgresLedger(SESSIONS, most=1).since(login(primary), datetime(2026, 1, 1, tzinfo=UTC))


def test_a_ledger_fetches_no_more_than_a_function_can_hold(pair: tuple[PostgreSQL, PostgreSQL]) -> None:
    """It would be killed for its memory at every attempt, and not even a person's word would lead past it."""
    primary, long_ago = pair[0], datetime(2025, 1, 1, tzinfo=UTC)
    with primary.session() as session:
        session.rows("delete from writes")
        session.rows("insert into writes select 'w', n, repeat('\u00e9', 5), 'r', 1 from generate_series(1, 3) n")
    assert len(PostgresLedger(SESSIONS, most_bytes=30).since(login(primary), long_ago)) == 3
    with pytest.raises(RunRefused, match="more than 29 bytes were accepted since 2025-01-01 00:00:00 UTC"):
        PostgresLedger(SESSIONS, most_bytes=29).since(login(primary), long_ago)
