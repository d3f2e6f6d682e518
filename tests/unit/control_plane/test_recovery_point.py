"""Is the best recovery point tried first, and is a moment that cannot be had refused with what can?"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from control_plane_world import NOW, PRIMARY, run_with
from restore_world import NEWEST, PUBLISHED, backups

from failover.domain.leader_record import Refusal
from failover.domain.recovery_point import (
    AutomatedBackup,
    Backups,
    RecoveryPoint,
    Snapshot,
    choose,
    points_of,
    requested,
    restore_estimate,
)
from failover.domain.restored_content import TABLES, Content, implausible
from failover.domain.run import RunStateError

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEATS = timedelta(seconds=20)


def chosen(found: Backups, wanted: Any = None) -> tuple[RecoveryPoint, ...]:
    points = choose(found, wanted)
    assert not isinstance(points, Refusal), points
    return points


def test_the_newest_goes_first_and_each_day_before_rests_upon_another_snapshot_of_rds() -> None:
    points = chosen(backups(NOW - HOUR, days=2))
    assert [(one.kind, one.at) for one in points] == [
        ("replicated", NEWEST),
        ("snapshot", NOW - HOUR),
        ("replicated", NEWEST - DAY),
        ("replicated", NEWEST - 2 * DAY),
    ]
    assert [one.newest for one in points] == [True, False, False, False]
    assert len({one.digest for one in points}) == 4


def test_a_moment_that_was_asked_for_is_followed_by_older_ones_and_never_by_newer() -> None:
    wanted = NOW - 30 * timedelta(minutes=1)
    points = chosen(backups(NOW - timedelta(minutes=10), NOW - HOUR), wanted)
    assert [one.at for one in points] == [wanted, NOW - HOUR]
    assert points[0].newest is False


@pytest.mark.parametrize("wanted", [NOW + HOUR, NEWEST + timedelta(seconds=1), NOW - 3 * DAY])
def test_a_moment_outside_the_window_is_refused_with_the_window(wanted: Any) -> None:
    refusal = choose(backups(NOW - 2 * HOUR, days=1), wanted)
    assert isinstance(refusal, Refusal)
    assert "2026-11-22 01:57:00 UTC to 2026-11-23 02:57:00 UTC" in refusal.reason
    assert "Snapshots are of 2026-11-23 01:00:00 UTC" in refusal.reason


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        ((3, 1, 2), "Snapshots are of 2026-11-23 02:00:00 UTC, 2026-11-23 01:00:00 UTC and 2026-11-23 00:00:00 UTC."),
        ((1, 2), "Snapshots are of 2026-11-23 02:00:00 UTC and 2026-11-23 01:00:00 UTC."),
        ((1,), "Snapshots are of 2026-11-23 02:00:00 UTC."),
    ],
)
def test_the_snapshots_that_can_be_had_are_told_from_the_newest_on(hours: tuple[int, ...], told: str) -> None:
    refusal = choose(backups(*(NOW - one * HOUR for one in hours), latest=None), NOW + HOUR)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == f"Nothing can be restored to 2026-11-23 04:00:00 UTC. {told}"


def test_what_a_refusal_says_can_be_had_is_had_when_it_is_asked_for_in_its_words() -> None:
    """RDS dates a snapshot, and the beginning of a window, to the millisecond."""
    earliest, taken = NOW - DAY + timedelta(milliseconds=30), NOW - 2 * DAY + timedelta(milliseconds=598)
    gone = replace(OWN, earliest=NOW - 9 * DAY, latest=NOW - 8 * DAY)
    found = Backups((replace(OWN, earliest=earliest, latest=NOW - HOUR), gone), (Snapshot("s", taken),))
    refusal = choose(found, NOW - 3 * DAY + timedelta(microseconds=100_000))
    assert isinstance(refusal, Refusal)
    assert refusal.reason == (
        "Nothing can be restored to 2026-11-20 03:00:00.100000 UTC. "
        "Any moment from 2026-11-22 03:00:00.030000 UTC to 2026-11-23 02:00:00 UTC"
        " or from 2026-11-14 03:00:00 UTC to 2026-11-15 03:00:00 UTC can be had. "
        "Snapshots are of 2026-11-21 03:00:00.598000 UTC."
    )
    for told, at in (("2026-11-22T03:00:00.030000Z", earliest), ("2026-11-21T03:00:00.598000Z", taken)):
        asked = requested(run_with(restore={"to": told}))
        assert asked is not None
        assert chosen(found, asked.to)[0].at == at


def test_no_backup_at_all_is_refused() -> None:
    told = Refusal("There is no recovery point here: no automated backup and no snapshot.")
    assert choose(Backups((), ()), None) == choose(Backups((), ()), NOW) == told


@pytest.mark.parametrize(
    "asked", [{}, {"to": 5}, {"to": "yesterday"}, {"to": "2026-11-23T03:00:00"}, "latest", {"to": "latest", "x": 1}]
)
def test_a_request_that_makes_no_sense_is_refused(asked: Any) -> None:
    with pytest.raises(RunStateError) as refused:
        requested(run_with(restore=asked))
    assert str(refused.value) == (
        "The run's input is malformed: restore must be "
        '{"to": "latest"} or {"to": "<a time with its zone, such as 2026-11-27T03:00:00Z>"}, '
        f"not {json.dumps(asked)}."
    )


def test_a_request_is_for_the_newest_or_for_a_moment_with_its_zone() -> None:
    assert requested(run_with()) is None
    newest, moment = (
        requested(run_with(restore={"to": "latest"})),
        requested(run_with(restore={"to": "2026-11-23T05:00:00+02:00"})),
    )
    assert newest is not None
    assert newest.to is None
    assert moment is not None
    assert moment.to == NOW


@pytest.mark.parametrize(
    ("points", "told"),
    [
        ([{"kind": "snapshot"}], "The run's state has recovery points that make no sense."),
        ([], "The run's state has no recovery points."),
        (None, "The run's state has no recovery points."),
    ],
)
def test_a_run_without_points_that_make_sense_restores_nothing(points: Any, told: str) -> None:
    with pytest.raises(RunStateError) as refused:
        points_of(run_with(readiness={"points": points}))
    assert str(refused.value) == told


OWN = AutomatedBackup(f"app-{PRIMARY}", "db-OWN", None, NEWEST - DAY, NEWEST)


def test_backups_made_here_are_named_by_their_instance_and_can_be_had_from_edge_to_edge() -> None:
    ended = replace(OWN, resource_id="db-GONE", latest=NEWEST - HOUR)
    points = chosen(Backups((ended, OWN), (Snapshot("s", NEWEST - HOUR), Snapshot("n", NEWEST))), NEWEST)
    assert [(one.kind, one.source, one.at) for one in points] == [
        ("automated", "db-OWN", NEWEST),
        ("snapshot", "n", NEWEST),
        ("snapshot", "s", NEWEST - HOUR),
        ("automated", "db-OWN", NEWEST - DAY),
    ]


def test_of_one_moment_the_backups_with_their_logs_go_before_the_snapshot() -> None:
    assert [one.kind for one in chosen(backups(NEWEST))] == ["replicated", "snapshot"]


def test_a_point_is_written_down_and_read_as_it_was() -> None:
    for point in chosen(backups(NOW - HOUR)):
        assert RecoveryPoint.from_dict(point.to_dict()) == point


@pytest.mark.parametrize(
    ("took", "told"),
    [
        (None, "How long the restore takes is unknown: none was rehearsed here."),
        (timedelta(seconds=119), "The restore took 119.0 s in its newest rehearsal."),
        (timedelta(seconds=120), "The restore took 120.0 s (2 min) in its newest rehearsal."),
        (timedelta(seconds=150), "The restore took 150.0 s (2 min) in its newest rehearsal."),
    ],
)
def test_how_long_a_restore_takes_is_told_as_it_was_measured(took: timedelta | None, told: str) -> None:
    assert restore_estimate(took) == told


def content(**changes: Any) -> Content:
    held: dict[str, Any] = {
        "in_recovery": False,
        "tables": TABLES,
        "writes": 12,
        "newest_write": NEWEST,
        "heartbeat": PUBLISHED.__class__(PRIMARY, 1, 40, NEWEST - timedelta(seconds=3), PUBLISHED.lsn),
    }
    return Content(**{**held, **changes})


POINT = RecoveryPoint("snapshot", "s", NEWEST)


def test_content_as_new_as_its_backup_is_plausible() -> None:
    assert implausible(content(), POINT, PUBLISHED, BEATS) is None


@pytest.mark.scenario("F47")
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"in_recovery": True}, "Its server is still in recovery."),
        (
            {"tables": frozenset({"writes"})},
            "It has no table heartbeat, lease_holder, probe: this is not the service's database.",
        ),
        (
            {"writes": 0},
            "Its ledger is empty: without a write in it, nothing shows that the data came along.",
        ),
        ({"heartbeat": None}, "It has no heartbeat of a leader."),
        ({"heartbeat": PUBLISHED}, "It goes on until 2026-11-23 02:59:20 UTC, past 2026-11-23 02:57:00 UTC."),
        (
            {"heartbeat": PUBLISHED.__class__(PRIMARY, 1, 2, NEWEST - HOUR, PUBLISHED.lsn)},
            "Its newest heartbeat is of 2026-11-23 01:57:00 UTC, too old for 2026-11-23 02:57:00 UTC: "
            "logs are missing from the backup.",
        ),
    ],
)
def test_content_that_is_not_what_was_promised_is_not(changes: dict[str, Any], why: str) -> None:
    refusal = implausible(content(**changes), POINT, PUBLISHED, BEATS)
    assert refusal == Refusal(why)


def beat(at: Any) -> Any:
    return PUBLISHED.__class__(PRIMARY, 1, 2, at, PUBLISHED.lsn)


def test_content_may_be_as_far_from_its_point_as_two_heartbeats_are_apart() -> None:
    for at in (NEWEST - BEATS, NEWEST + BEATS):
        assert implausible(content(heartbeat=beat(at)), POINT, PUBLISHED, BEATS) is None
    for at in (NEWEST - BEATS - timedelta(seconds=1), NEWEST + BEATS + timedelta(seconds=1)):
        assert implausible(content(heartbeat=beat(at)), POINT, PUBLISHED, BEATS) is not None


def test_without_a_published_heartbeat_the_backup_alone_says_how_new_its_content_is() -> None:
    assert implausible(content(), POINT, None, BEATS) is None
    assert implausible(content(heartbeat=beat(NEWEST - HOUR)), POINT, None, BEATS) is not None


def test_content_is_written_down_with_what_is_not_there_as_none() -> None:
    told = {"writes": 12, "newest_write": "2026-11-23T02:57:00+00:00", "newest_heartbeat": "2026-11-23T02:56:57+00:00"}
    assert content().to_dict() == told
    empty = content(writes=0, newest_write=None, heartbeat=None)
    assert empty.to_dict() == {"writes": 0, "newest_write": None, "newest_heartbeat": None}


def test_a_leader_that_died_before_the_backup_ends_leaves_no_newer_heartbeat() -> None:
    """RDS may call a moment restorable at which nobody lived any more."""
    late = RecoveryPoint("replicated", "a", PUBLISHED.at + HOUR, newest=True)
    assert implausible(content(heartbeat=PUBLISHED), late, PUBLISHED, BEATS) is None
