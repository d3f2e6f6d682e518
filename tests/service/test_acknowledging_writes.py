"""What does a client know of its write?"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from served_task import (
    ELSEWHERE,
    HEARTBEAT_TIMEOUT,
    HERE,
    LEASE,
    LONG_LEASE,
    WITNESS,
    MemoryCloud,
    Served,
    answered_within,
    eventually,
)

from failover.application.ports import DatabaseLogin
from failover.domain.leader_record import fence, hand_over, reopen
from lab.region.postgresql import PostgreSQL

BOUND_SECONDS = HEARTBEAT_TIMEOUT + 1.0
# For what outlasts a lease and suffers no gap before.
MEDIUM_LEASE = 5.0


@contextmanager
def lock_held_on(server: PostgreSQL, number: int) -> Iterator[Callable[[], None]]:
    """Another session inserts the same row and keeps its transaction open until told to go back."""
    with server.session(timedelta(seconds=30)) as session:
        session.rows("begin")
        session.rows(
            "insert into writes (writer, number, body, region, epoch) values ('w1', $1, 'x', 'r', 0)", (number,)
        )
        yield lambda: session.rows("rollback") and None


class Later:
    """A request that is made in a thread, for the test goes on meanwhile."""

    def __init__(self, call: Callable[[], httpx.Response]) -> None:
        self._answer: httpx.Response | None = None
        self._thread = threading.Thread(target=lambda: setattr(self, "_answer", call()))
        self._thread.start()

    def answer(self) -> httpx.Response:
        self._thread.join(30)
        assert self._answer is not None
        return self._answer


def blocked_sessions(server: PostgreSQL) -> int:
    rows = server.rows("select count(*) from pg_stat_activity where usename = 'app' and wait_event_type = 'Lock'")
    return int(rows[0][0] or 0)


def rows_of(server: PostgreSQL, number: int) -> list[tuple[str | None, ...]]:
    return server.rows("select body, region, epoch from writes where writer = 'w1' and number = $1", (number,))


def test_the_leader_acknowledges_a_write_that_is_committed(leader: Served, server: PostgreSQL) -> None:
    answer = leader.write(17)
    assert answer.status_code == 201
    assert answer.json() == {"writer": "w1", "number": 17, "region": HERE, "epoch": 1}
    assert answer.headers["x-region"] == HERE
    assert rows_of(server, 17) == [("tea", HERE, "1")]


def test_a_repeat_of_the_same_write_is_acknowledged_again_and_changes_nothing(
    leader: Served, server: PostgreSQL
) -> None:
    """Whoever was told that the outcome is unknown asks again."""
    first, again = leader.write(1), leader.write(1)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert len(rows_of(server, 1)) == 1


def test_a_number_that_was_used_for_another_body_is_refused_and_kept(leader: Served, server: PostgreSQL) -> None:
    leader.write(1, "tea")
    answer = leader.write(1, "coffee")
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/number-taken"
    assert rows_of(server, 1)[0][0] == "tea"


def test_a_region_that_does_not_lead_refuses_and_writes_nothing(
    serve: Callable[..., Served], leader: Served, cloud: MemoryCloud, server: PostgreSQL
) -> None:
    follower = serve(MemoryCloud(cloud.secret, leader=ELSEWHERE))
    eventually(follower.says("us-west-2 is the leader in epoch 1"))
    answer = follower.write(1)
    assert answer.status_code == 503
    assert answer.json()["type"] == "/problems/not-leader"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-region"] == HERE
    assert rows_of(server, 1) == []


def test_a_fenced_leader_stops_at_once(steady: Served) -> None:
    """It need not wait for its lease to run out when it reads of the fence."""
    steady.cloud.change(fence("run-1", datetime.now(UTC)))
    eventually(steady.says("run-1 has fenced ap-southeast-2"), LONG_LEASE * 0.5)
    assert steady.write(1).json()["type"] == "/problems/not-leader"
    assert steady.problem()["region"] == HERE


def test_a_leader_that_sees_no_majority_stops_when_its_lease_runs_out(leader: Served, cloud: MemoryCloud) -> None:
    cloud.go_dark(ELSEWHERE, WITNESS)
    dark_at = time.monotonic()
    assert leader.healthy_until() - dark_at < LEASE + 0.5
    assert leader.write(1).json()["type"] == "/problems/not-leader"
    cloud.go_dark(ELSEWHERE, WITNESS, dark=False)
    eventually(leader.is_healthy)
    assert leader.write(1).status_code == 201


def test_a_leader_goes_on_with_one_copy_of_the_record_dark(serve: Callable[..., Served], login: DatabaseLogin) -> None:
    leader = serve(MemoryCloud(login, lease_seconds=MEDIUM_LEASE))
    eventually(leader.is_healthy)
    leader.cloud.go_dark(ELSEWHERE)
    deadline = time.monotonic() + MEDIUM_LEASE + 0.5
    number = 0
    while time.monotonic() < deadline:
        number += 1
        assert leader.write(number).status_code == 201
        time.sleep(0.05)


def test_a_write_that_commits_after_the_lease_ran_out_is_of_unknown_outcome(
    serve: Callable[..., Served], login: DatabaseLogin, server: PostgreSQL
) -> None:
    """Acknowledging it would promise a row that the new leader may never have seen."""
    leader = serve(MemoryCloud(login, lease_seconds=MEDIUM_LEASE))
    eventually(leader.is_healthy)
    with lock_held_on(server, 5) as release:
        leader.cloud.go_dark(ELSEWHERE, WITNESS)
        # Late enough for the database to wait for it until the lease is over.
        time.sleep(MEDIUM_LEASE * (1 - HEARTBEAT_TIMEOUT / LEASE) + 1)
        request = Later(lambda: leader.write(5))
        eventually(lambda: blocked_sessions(server) == 1, 2)
        eventually(lambda: leader.task.standing.lease() is None)
        release()
        answer = request.answer()
    assert answer.status_code == 503
    assert answer.json()["type"] == "/problems/outcome-unknown"
    assert "lease" in answer.json()["detail"]
    assert rows_of(server, 5) == [("tea", HERE, "1")]


@pytest.mark.scenario("F26")
def test_a_write_that_commits_in_a_later_epoch_is_of_unknown_outcome(steady: Served, server: PostgreSQL) -> None:
    """Nobody can tell who led in between: to a paused process a failover and the way back look like this."""
    with lock_held_on(server, 6) as release:
        request = Later(lambda: steady.write(6))
        eventually(lambda: blocked_sessions(server) == 1, 5)
        now = datetime.now(UTC)
        steady.cloud.change(fence("run-1", now))
        steady.cloud.change(reopen("run-1", now))

        def leads_in_the_later_epoch() -> bool:
            lease = steady.task.standing.lease()
            return lease is not None and lease.record.epoch == 3

        eventually(leads_in_the_later_epoch, 5)
        release()
        answer = request.answer()
    assert answer.json()["type"] == "/problems/outcome-unknown"
    assert "was committed" in answer.json()["detail"]
    assert steady.write(6).json()["epoch"] == 1


def test_a_frozen_database_is_answered_for_in_bounded_time(leader: Served, server: PostgreSQL) -> None:
    """The driver alone would wait eleven seconds for the server to confirm a cancellation."""
    server.freeze()
    answer = answered_within(BOUND_SECONDS, lambda: leader.write(7))
    assert answer.json()["type"] == "/problems/outcome-unknown"
    eventually(lambda: not leader.is_healthy())
    assert leader.http.get("/livez").status_code == 200
    server.thaw()
    eventually(leader.is_healthy)
    assert leader.write(8).status_code == 201


def test_many_writes_on_a_frozen_database_are_all_bounded(leader: Served, server: PostgreSQL) -> None:
    """More than the pool has connections: whoever never got one was certainly not written."""
    server.freeze()

    def many() -> set[str]:
        requests = [Later(lambda number=number: leader.write(number)) for number in range(15)]
        return {request.answer().json()["type"] for request in requests}

    kinds = answered_within(BOUND_SECONDS, many)
    assert kinds == {"/problems/outcome-unknown", "/problems/database-unavailable"}


def test_reading_from_a_frozen_database_is_answered_for_in_bounded_time(leader: Served, server: PostgreSQL) -> None:
    """A reading that was not answered did nothing, so its outcome is not unknown but missing."""
    leader.write(1)
    server.freeze()
    for path in ("/writes/w1/1", "/writes?writer=w1"):
        answer = answered_within(BOUND_SECONDS, lambda path=path: leader.problem(path))
        assert answer["type"] == "/problems/database-unavailable"


def test_a_database_that_refuses_the_statement_has_written_nothing(leader: Served, server: PostgreSQL) -> None:
    server.rows("alter table writes rename to elsewhere")
    try:
        answer = leader.write(1)
    finally:
        server.rows("alter table elsewhere rename to writes")
    assert answer.json()["type"] == "/problems/database-unavailable"
    assert rows_of(server, 1) == []


def test_sessions_that_the_server_ended_while_idle_cost_no_write(leader: Served, server: PostgreSQL) -> None:
    """What is sent into a dead session has an unknown outcome; looking at the socket first avoids that."""
    for number in range(5):
        leader.write(number)
    server.rows("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app'")
    time.sleep(0.1)
    assert [leader.write(number).status_code for number in range(5, 10)] == [201] * 5


@pytest.mark.parametrize("ended_by", ["pg_terminate_backend", "pg_cancel_backend"])
def test_a_write_whose_session_or_statement_is_ended_is_of_unknown_outcome(
    leader: Served, server: PostgreSQL, ended_by: str
) -> None:
    """A server that ends a session may have committed just before, so nobody claims that nothing was written."""
    with lock_held_on(server, 9) as release:
        request = Later(lambda: leader.write(9))
        eventually(lambda: blocked_sessions(server) == 1, 1)
        server.rows(f"select {ended_by}(pid) from pg_stat_activity where usename = 'app' and wait_event_type = 'Lock'")
        answer = request.answer()
        release()
    assert answer.json()["type"] == "/problems/outcome-unknown"


def test_a_crashed_database_is_used_again_after_its_restart(leader: Served, server: PostgreSQL) -> None:
    assert leader.write(1).status_code == 201
    server.kill()
    assert leader.write(2).status_code == 503
    eventually(lambda: not leader.is_healthy())
    server.start()
    eventually(leader.is_healthy)
    assert leader.write(2).status_code == 201
    assert leader.write(1).status_code == 201


def test_leadership_comes_back_with_a_new_epoch(leader: Served, cloud: MemoryCloud) -> None:
    now = datetime.now(UTC)
    cloud.change(fence("run-1", now))
    cloud.change(hand_over("run-1", ELSEWHERE, now, now))
    eventually(leader.says("us-west-2 is the leader in epoch 3"))
    cloud.change(fence("run-2", now))
    cloud.change(hand_over("run-2", HERE, now, now))
    eventually(leader.is_healthy)
    assert leader.write(1).json()["epoch"] == 5
