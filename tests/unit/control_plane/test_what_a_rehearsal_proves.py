"""Is a rehearsal written down as it went, and is what production noticed told with when it was seen?"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from control_plane_world import NOW, PRIMARY, STANDBY, plan_with

from failover.domain.heartbeat import Heartbeat, Lsn
from failover.domain.intake import Start
from failover.domain.isolated_promotion import IsolatedPromotion, Standing, Step, changed, not_whole
from failover.domain.journal import Event
from failover.domain.leader_record import Refusal, State, genesis
from failover.domain.rehearsal import Production, decide, disturbed
from failover.domain.restored_content import TABLES, Content

AS_EVER = Production("the primary", ("slot",), "us-west-2", timedelta(seconds=2))
DARK = Production(None, None, None, None)
SEEN = {"source": "the primary", "slots": ["slot"], "answered_by": "us-west-2", "lag": 2.0}
CONTENT = {"writes": 12, "newest_write": "2026-11-23T03:00:00+00:00", "newest_heartbeat": None}
UNSEEN = {"source": None, "slots": None, "answered_by": None, "lag": None}


def test_what_production_looks_like_is_written_down_and_read_back() -> None:
    for one, told in ((AS_EVER, SEEN), (DARK, UNSEEN)):
        assert one.to_dict() == told
        assert Production.from_dict(told) == one


ALLOWED = timedelta(seconds=5)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({}, {}, ()),
        ({}, {"lag": timedelta(seconds=5)}, ()),
        ({}, {"lag": timedelta(seconds=6)}, ("the lag grew from 2.0 s to 6.0 s",)),
        ({"lag": timedelta(seconds=9)}, {"lag": timedelta(seconds=9)}, ()),
        ({"lag": None}, {}, ("the lag could not be seen before the rehearsal",)),
        ({}, {"lag": None}, ("the lag could not be seen after the rehearsal",)),
        ({"source": None}, {}, ("the replica's source could not be seen before the rehearsal",)),
        ({}, {"slots": None}, ("its slots could not be seen after the rehearsal",)),
        ({}, {"answered_by": "x"}, ("the public name changed from us-west-2 to x",)),
    ],
)
def test_what_production_noticed_is_told_with_when_it_was_seen(
    before: dict[str, Any], after: dict[str, Any], told: tuple[str, ...]
) -> None:
    assert disturbed(replace(AS_EVER, **before), replace(AS_EVER, **after), ALLOWED) == told


STANDING = Standing(AS_EVER, ("app-us-west-2",), ("a", "b"), {"leader": "x", "state": "open", "epoch": 3, "run": None})
STANDS = {**SEEN, "replicas": ["app-us-west-2"], "names": ["a", "b"], "record": dict(STANDING.record or {})}
FELL = {**UNSEEN, "replicas": None, "names": None, "record": None}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({}, {}, ()),
        ({"replicas": None}, {}, ("the replicas of the leader could not be seen before the drill",)),
        ({}, {"names": None}, ("the public name's records could not be seen after the drill",)),
        ({}, {"record": None}, ("the leader record could not be seen after the drill",)),
        ({}, {"replicas": ()}, ("the replicas of the leader changed from app-us-west-2 to none",)),
        ({}, {"names": ("a",)}, ("the public name's records changed from a, b to a",)),
        (
            {},
            {"record": {"leader": "y", "state": "fenced", "epoch": 4}},
            ("the leader record changed from x, open, epoch 3 to y, fenced, epoch 4",),
        ),
        (
            {},
            {"production": replace(AS_EVER, lag=timedelta(seconds=6)), "names": ("a",)},
            ("the lag grew from 2.0 s to 6.0 s", "the public name's records changed from a, b to a"),
        ),
        (
            {"production": replace(AS_EVER, source=None)},
            {},
            ("the replica's source could not be seen before the rehearsal",),
        ),
        ({}, {"production": replace(AS_EVER, lag=ALLOWED)}, ()),
    ],
)
def test_what_a_promotion_changed_beside_itself_is_told(
    before: dict[str, Any], after: dict[str, Any], told: tuple[str, ...]
) -> None:
    assert changed(replace(STANDING, **before), replace(STANDING, **after), ALLOWED) == told


def beat(seconds: int, region: str = PRIMARY) -> Heartbeat:
    return Heartbeat(region, 1, seconds, NOW + timedelta(seconds=seconds), Lsn(1))


def test_what_was_promoted_holds_all_that_was_published_before() -> None:
    whole = Content(False, TABLES, 0, None, beat(5))
    assert not_whole(whole, beat(5)) is None
    refusal = not_whole(whole, beat(6))
    assert refusal is not None
    assert refusal.reason == (
        "Its newest heartbeat is of 2026-11-23 03:00:05 UTC; one of 2026-11-23 03:00:06 UTC was published "
        "before it was promoted."
    )
    for lacks, why in (
        ({"heartbeat": None}, "It has no heartbeat of a leader."),
        ({"in_recovery": True}, "Its server is still in"),
    ):
        refusal = not_whole(replace(whole, **lacks), beat(5))
        assert refusal is not None
        assert refusal.reason.startswith(why)


STEPS = (Step("create", timedelta(seconds=2), "made"), Step("promote", timedelta(seconds=1.23456), "promoted"))
PASSED = IsolatedPromotion(
    STANDBY,
    STEPS,
    None,
    Content(False, TABLES, 12, NOW, None),
    None,
    timedelta(seconds=9.87654),
    (),
    STANDING,
    STANDING,
)
GOOD = "Passed: a throwaway replica was promoted in 1.2 s and held everything, and production is as it was."


def test_a_promotion_that_passed_is_written_down_whole() -> None:
    told = {
        "passed": True,
        "verdict": GOOD,
        "instance": STANDBY,
        "steps": [
            {"step": "create", "seconds": 2.0, "told": "made"},
            {"step": "promote", "seconds": 1.235, "told": "promoted"},
        ],
        "failure": None,
        "content": CONTENT,
        "left_behind": None,
        "lasted_seconds": 9.877,
        "changed": [],
        "before": STANDS,
        "after": STANDS,
    }
    assert PASSED.to_dict() == told
    assert PASSED.event("kim") == Event("promotion-rehearsed", "kim", GOOD, None, told)
    assert (PASSED.seconds("create"), PASSED.seconds("delete")) == (2.0, None)


@pytest.mark.parametrize(
    ("went", "verdict"),
    [
        ({"changed": ("the names changed", "more")}, "Failed: the names changed."),
        ({"failure": "It was not promoted.", "changed": ("x",)}, "Failed: It was not promoted."),
        (
            {"left_behind": "app-isolated is there", "failure": "x"},
            "Failed: app-isolated is there; it costs money and holds the leader's log until it is deleted.",
        ),
    ],
)
def test_one_that_failed_tells_the_gravest_first(went: dict[str, Any], verdict: str) -> None:
    found = replace(PASSED, content=None, after=Standing(DARK, None, None, None), **went)
    event = found.event("kim")
    assert (found.passed, found.verdict) == (False, verdict)
    assert (event.kind, event.reason) == ("promotion-rehearsal-failed", verdict)
    told = found.to_dict()
    assert (told["content"], told["after"], told["passed"]) == (None, FELL, False)
    assert (told["changed"], told["failure"], told["left_behind"]) == (
        list(found.changed),
        found.failure,
        found.left_behind,
    )


PLAN, RECORD = plan_with(), genesis(PRIMARY, NOW)


def test_a_rehearsal_is_started_for_the_newest_moment_or_for_one_that_was_asked_for() -> None:
    def start(wanted: datetime | None) -> Start | Refusal:
        local = NOW.astimezone(timezone(timedelta(hours=11)))
        return decide(STANDBY, PLAN, RECORD, (), wanted, {"kind": "manual"}, local)

    def begun(to: str) -> Start:
        given = {"rehearsal": {"to": to}, "trigger": {"kind": "manual"}, "expected_epoch": None}
        return Start("rehearsal-e1-20261123T030000Z", given)

    assert start(None) == begun("latest")
    assert start(datetime(2026, 11, 22, 5, tzinfo=timezone(timedelta(hours=2)))) == begun("2026-11-22T03:00:00+00:00")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            {"plan": plan_with(lambda d: d.update(db_mode="aurora-global"))},
            "An Aurora global database is not restored by",
        ),
        ({"region": PRIMARY}, f"{PRIMARY} leads: a restore is rehearsed in the standby, {STANDBY}."),
        (
            {"record": replace(RECORD, state=State.FENCED, run="run-1")},
            "run-1 is in progress: rehearse when it has ended.",
        ),
        ({"running": ("run-3", "run-2")}, "run-2 is in progress: rehearse when it has ended."),
    ],
)
def test_no_rehearsal_is_started_beside_a_run_or_where_the_leader_is(asked: dict[str, Any], told: str) -> None:
    place = {"region": STANDBY, "plan": PLAN, "record": RECORD, "running": (), **asked}
    refused = decide(**place, wanted=None, trigger={}, now=NOW)
    assert isinstance(refused, Refusal)
    assert refused.reason.startswith(told)


@pytest.mark.parametrize("unseen", ["source", "slots", "answered_by", "lag"])
def test_a_look_that_missed_something_is_not_whole(unseen: str) -> None:
    assert AS_EVER.whole
    assert not replace(AS_EVER, **{unseen: None}).whole
