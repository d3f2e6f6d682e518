"""What must come together for a lease to be renewed?"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from served_task import HEARTBEAT_TIMEOUT, HERE, LEASE, MemoryCloud, Served, eventually

from failover.domain.heartbeat import Lsn
from failover.domain.leader_record import acknowledge, fence, hand_over
from lab.region.postgresql import PostgreSQL


def heartbeat_row(server: PostgreSQL) -> tuple[int, int, datetime, Lsn]:
    """Epoch, sequence, instant and position of this Region's row."""
    epoch, sequence, at, lsn = server.rows(
        "select epoch, sequence, extract(epoch from at), lsn from heartbeat where region = $1", (HERE,)
    )[0]
    return int(epoch or 0), int(sequence or 0), datetime.fromtimestamp(float(at or 0), UTC), Lsn.parse(lsn or "")


def test_what_is_published_is_what_the_database_committed(
    leader: Served, cloud: MemoryCloud, server: PostgreSQL
) -> None:
    """The loss bound compares the two: instants of one clock, and the position from after the commit."""
    published = cloud.publications.newest
    assert published is not None
    assert (published.region, published.epoch) == (HERE, 1)
    epoch, sequence, at, lsn = heartbeat_row(server)
    assert epoch == 1
    assert published.sequence <= sequence
    assert published.at <= at + timedelta(milliseconds=1)
    # A heartbeat is published after its row is committed.
    eventually(lambda: (found := cloud.publications.newest) is not None and found.sequence > sequence)
    newer = cloud.publications.newest
    assert newer is not None
    assert newer.at > published.at
    assert newer.lsn > published.lsn
    assert newer.lsn > lsn


def test_a_leader_whose_heartbeat_nobody_takes_stops_when_its_lease_runs_out(
    leader: Served, cloud: MemoryCloud
) -> None:
    """It can read that it leads, but could not prove afterwards what it had acknowledged."""
    cloud.publications.refused = True
    refused_at = time.monotonic()
    assert leader.healthy_until() - refused_at < LEASE + 0.5
    eventually(leader.says("could not be published"))
    assert leader.write(1).json()["type"] == "/problems/not-leader"
    cloud.publications.refused = False
    eventually(leader.is_healthy)


def test_a_heartbeat_that_was_published_too_late_renews_nothing(leader: Served, cloud: MemoryCloud) -> None:
    """The bound allows one heartbeat timeout between the heartbeat and the reading that the lease counts from."""
    cloud.publications.delay_seconds = HEARTBEAT_TIMEOUT + 0.2
    eventually(leader.says("too old"))
    cloud.publications.delay_seconds = 0
    eventually(leader.is_healthy)


def test_a_database_that_commits_no_heartbeat_is_unhealthy_before_the_lease_runs_out(
    leader: Served, server: PostgreSQL
) -> None:
    server.rows("alter table heartbeat rename to gone")
    try:
        eventually(leader.says("tables are not in the database"))
        assert leader.task.standing.lease() is not None
    finally:
        server.rows("alter table gone rename to heartbeat")


def test_dropped_tables_are_made_again(leader: Served, server: PostgreSQL) -> None:
    """A new session brings them into place, so a database that was restored empty needs nobody."""
    server.rows("drop table writes, heartbeat, probe")
    eventually(lambda: not leader.is_healthy())
    eventually(leader.is_healthy)
    assert leader.write(1).status_code == 201


def test_an_acknowledgement_is_taken_over_without_a_gap(steady: Served) -> None:
    steady.cloud.hand_over_to(HERE)
    eventually(lambda: steady.http.get("/healthz").json().get("epoch") == 3)
    steady.cloud.change(acknowledge(datetime.now(UTC)))
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline:
        assert steady.is_healthy()
    assert steady.http.get("/healthz").json()["epoch"] == 3


def test_a_task_that_was_cut_off_for_longer_than_its_lease_reads_before_it_publishes(
    leader: Served, cloud: MemoryCloud
) -> None:
    """Its heartbeat would otherwise take the place of the new leader's."""
    cloud.go_dark(*cloud.copies)
    cloud.publications.refused = True
    eventually(lambda: leader.task.standing.lease() is None)
    time.sleep(0.5)
    cloud.publications.refused = False
    newest = cloud.publications.newest
    time.sleep(0.5)
    assert cloud.publications.newest is newest
    cloud.go_dark(*cloud.copies, dark=False)
    now = datetime.now(UTC)
    cloud.change(fence("run-1", now))
    cloud.change(hand_over("run-1", "us-west-2", now, now))
    eventually(leader.says("us-west-2 is the leader"))
    assert not leader.is_healthy()


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="the monotonic clock of this system counts on")
def test_time_in_which_the_host_was_suspended_counts_against_the_lease(
    leader: Served, cloud: MemoryCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linux stops CLOCK_MONOTONIC meanwhile: by it, a host that wakes up would acknowledge for what was left before."""
    cloud.go_dark(*cloud.copies)
    assert leader.task.standing.lease() is not None
    ticking = time.clock_gettime

    def after_an_hour(clock: int) -> float:
        return ticking(clock) + 3600 * (clock == time.CLOCK_BOOTTIME)

    monkeypatch.setattr(time, "clock_gettime", after_an_hour)
    assert leader.task.standing.lease() is None
    cloud.go_dark(*cloud.copies, dark=False)
    eventually(leader.is_healthy)
