"""Does a task say on the database that it may acknowledge, and that it does not any more, in an order to rely on?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from served_task import ELSEWHERE, HERE, LEASE, MemoryCloud, Served, eventually

from failover.application.errors import DatabaseUnavailable
from failover.application.ports import DatabaseLogin
from failover.domain.leader_record import fence, reopen
from failover.domain.plan import DatabaseMode
from lab.region.postgresql import PostgreSQL
from webapi.service.database_seen import look
from webapi.service.ledger import Ledger

LIMIT = timedelta(seconds=5)
# What Aurora refuses to tell: failover.adapters.aurora_postgres.
REFUSED = ("pg_current_wal_insert_lsn", "pg_stat_get_wal_receiver")


def said(server: PostgreSQL) -> list[tuple[str, int, float | None]]:
    """Region, epoch and seconds watched of every task on the list."""
    rows = server.rows("select region, epoch, watched_seconds from lease_holder order by task")
    return [
        (str(region), int(epoch or 0), None if watched is None else float(watched)) for region, epoch, watched in rows
    ]


def watching(server: PostgreSQL, seconds: float, epoch: int = 2) -> bool:
    return any(found == epoch and watched is not None and watched >= seconds for _, found, watched in said(server))


def test_a_task_is_on_the_list_before_it_acknowledges_anything(
    serve: Callable[..., Served], cloud: MemoryCloud, server: PostgreSQL
) -> None:
    """Its lease rests on it: a replica that shows the fence confirmed must show everybody who could acknowledge before."""
    task = serve(cloud)
    eventually(lambda: task.write(1).status_code == 201)
    assert said(server) == [(HERE, 1, None)]


def test_a_fenced_task_stops_first_then_says_so_and_how_long_it_has_watched(
    leader: Served, cloud: MemoryCloud, server: PostgreSQL
) -> None:
    cloud.change(fence("switchover-e1", datetime.now(UTC)))
    eventually(lambda: watching(server, 0))
    assert leader.write(1).json()["type"] == "/problems/not-leader"
    eventually(lambda: watching(server, LEASE))
    cloud.change(reopen("switchover-e1", datetime.now(UTC)))
    eventually(lambda: said(server) == [(HERE, 3, None)])
    eventually(leader.is_healthy)


def test_no_write_is_acknowledged_after_the_confirmation_of_its_task(
    leader: Served, cloud: MemoryCloud, server: PostgreSQL
) -> None:
    """Whoever finds the confirmation on a replica takes it that every acknowledged write is there as well."""
    cloud.change(fence("switchover-e1", datetime.now(UTC)))
    number, last = 0, 0
    while not watching(server, 0):
        number += 1
        if leader.write(number).status_code == 201:
            last = number
    (row,) = server.rows("select (select count(*) from writes where number <= $1), lsn from lease_holder", (last,))
    assert int(row[0] or 0) == last
    assert [leader.write(number + more).status_code for more in (1, 2, 3)] == [503] * 3


def test_each_task_speaks_for_itself(serve: Callable[..., Served], leader: Served, server: PostgreSQL) -> None:
    """Both are called t1 here, as a task may be that replaces another."""
    second = serve(leader.cloud)
    eventually(second.is_healthy)
    assert said(server) == [(HERE, 1, None)] * 2
    leader.cloud.change(fence("switchover-e1", datetime.now(UTC)))
    eventually(lambda: [watched is not None for _, _, watched in said(server)] == [True, True])


def test_a_task_that_ends_in_good_order_leaves_the_list(cloud: MemoryCloud, server: PostgreSQL) -> None:
    """Otherwise a deployment would make the next switchover wait for tasks that are gone."""
    task = Served(cloud)
    try:
        eventually(task.is_healthy)
        assert len(said(server)) == 1
    finally:
        task.stop()
    assert said(server) == []


def test_a_task_of_the_region_that_does_not_lead_confirms_nothing(
    serve: Callable[..., Served], leader: Served, login: DatabaseLogin, server: PostgreSQL
) -> None:
    follower = serve(MemoryCloud(login, leader=ELSEWHERE))
    eventually(follower.says("is the leader"))
    follower.cloud.change(fence("switchover-e1", datetime.now(UTC)))
    eventually(follower.says("has fenced"))
    assert said(server) == [(HERE, 1, None)]


def test_what_arrives_late_from_an_older_epoch_changes_nothing(login: DatabaseLogin, server: PostgreSQL) -> None:
    """A statement that a task gave up may be carried out after the next one: stopping late must not unsay a new lease."""

    async def talk() -> None:
        ledger = Ledger(HERE, "t1", LIMIT)
        await ledger.beat(login, 3)
        await ledger.confirm_stopped(login, 2, timedelta(seconds=1))
        assert said(server) == [(HERE, 3, None)]
        await ledger.confirm_stopped(login, 4, timedelta(seconds=1))
        with pytest.raises(DatabaseUnavailable, match="newer epoch"):
            await ledger.beat(login, 3)
        assert said(server) == [(HERE, 4, 1.0)]
        await ledger.close()

    asyncio.run(talk())


def test_where_the_server_tells_no_position_as_in_aurora_a_task_still_beats_and_confirms(
    login: DatabaseLogin, server: PostgreSQL
) -> None:
    """Of Aurora itself only the refusal is played here: by the right to call the function, taken away."""

    async def talk(mode: DatabaseMode) -> str:
        ledger = Ledger(HERE, "t1", LIMIT, mode)
        beaten = await ledger.beat(login, 3)
        await ledger.confirm_stopped(login, 4, timedelta(seconds=1))
        await ledger.close()
        seen = await look(login, "t1", LIMIT, mode)
        assert (seen.in_recovery, seen.streaming, HERE in seen.heartbeats) == (False, None, True)
        return str(beaten.lsn)

    for name in REFUSED:
        server.rows(f"revoke execute on function {name}() from public")
    try:
        with pytest.raises(DatabaseUnavailable, match="lacks a privilege"):
            asyncio.run(talk(DatabaseMode.RDS))
        assert asyncio.run(talk(DatabaseMode.AURORA)) == "0/0"
        assert (HERE, 4, 1.0) in said(server)
    finally:
        for name in REFUSED:
            server.rows(f"grant execute on function {name}() to public")


def test_tasks_that_ended_without_a_word_are_forgotten_by_the_next_one_that_comes(
    login: DatabaseLogin, server: PostgreSQL
) -> None:
    """Only long after any lease: the plan allows none of more than ten minutes."""

    async def come() -> None:
        ledger = Ledger(HERE, "t1", LIMIT)
        await ledger.beat(login, 1)
        await ledger.close()

    asyncio.run(come())
    server.rows("update lease_holder set at = now() - interval '59 minutes'")
    asyncio.run(come())
    assert len(said(server)) == 2
    server.rows("update lease_holder set at = now() - interval '61 minutes'")
    asyncio.run(come())
    assert len(said(server)) == 1
