"""Are the live view's columns what the leader record and the servers say?"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from failover.application.leader_register import NoMajority
from failover.domain.leader_record import State, genesis
from lab.drills.live_view import RegionLine
from lab.operations.region_status import RegionStatus, role_of
from lab.region.postgresql_session import PostgreSQLError

PRIMARY, STANDBY = "ap-southeast-2", "us-west-2"
RECORD = genesis(PRIMARY, datetime(2026, 1, 1, tzinfo=UTC))


class Server:
    """Answers each question with the next of its rows; an empty list of them is a server that is gone."""

    def __init__(self, rows: list[Any] | None) -> None:
        self._rows = rows

    def is_alive(self) -> bool:
        return self._rows is not None

    def session(self, _within: object) -> Server:
        if self._rows is None:
            raise PostgreSQLError("it is gone")
        return self

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def rows(self, _sql: str) -> list[Any]:
        return self._rows or []


def lines(primary: Server, standby: Server, record: Any = RECORD) -> dict[str, RegionLine]:
    def leader_record() -> Any:
        if record is None:
            raise NoMajority("nobody answers")
        return record

    tasks = SimpleNamespace(running=lambda: 2)
    lab: Any = SimpleNamespace(
        servers={PRIMARY: primary, STANDBY: standby},
        tasks={PRIMARY: tasks, STANDBY: tasks},
        leader_record=leader_record,
    )
    status = RegionStatus(lab)
    status.start()
    deadline = time.monotonic() + 5
    while not status.latest():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    status.stop()
    return {line.region: line for line in status.latest()}


STREAMING = Server([("standby", "streaming", "f", "8192", "0.0514")])
RECEIVED = Server([("t", "f", "0/5000", "4096")])


def test_while_the_primary_lives_the_lag_is_what_it_sees() -> None:
    found = lines(STREAMING, RECEIVED)
    assert found[STANDBY].lag == "8192 bytes, 51 ms"
    assert (found[PRIMARY].role, found[STANDBY].role) == ("leader, epoch 1", "standby")
    assert (found[PRIMARY].database, found[PRIMARY].tasks, found[PRIMARY].lag) == ("running", "2", "")


def test_when_it_is_gone_the_standby_says_what_it_still_has_to_replay() -> None:
    found = lines(Server(None), RECEIVED)
    assert found[STANDBY].lag == "cut off, 4096 bytes to replay"
    assert found[PRIMARY].database == "dead"


def test_a_promoted_standby_lags_behind_nobody() -> None:
    promoted = Server([("f", "f", None, None)])
    assert lines(Server(None), promoted)[STANDBY].lag == "none: promoted"


def test_what_nobody_tells_is_unknown() -> None:
    found = lines(Server(None), Server(None), record=None)
    assert (found[STANDBY].lag, found[STANDBY].role, found[PRIMARY].role) == ("unknown", "unknown", "unknown")


def test_a_fence_shows_at_the_leader() -> None:
    assert role_of(PRIMARY, replace(RECORD, state=State.FENCED, run="r", epoch=2)) == "leader, epoch 2, fenced"
