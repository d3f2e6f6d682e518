"""Which changes of the leader record are allowed, and is each one idempotent by run?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from failover.domain.leader_record import (
    Disarmed,
    LeaderRecord,
    Refusal,
    State,
    acknowledge,
    arm,
    disarm,
    fence,
    genesis,
    hand_over,
    nothing_to_acknowledge,
    reopen,
    take_over,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOLD = NOW + timedelta(hours=1)
FIRST = genesis("ap-southeast-2", NOW)


def made(outcome: LeaderRecord | Refusal) -> LeaderRecord:
    assert isinstance(outcome, LeaderRecord), outcome
    return outcome


def refused(outcome: LeaderRecord | Refusal) -> str:
    assert isinstance(outcome, Refusal), outcome
    return outcome.reason


FENCED = made(fence("run-1", NOW)(FIRST))
OPENED = made(hand_over("run-1", "us-west-2", NOW, HOLD)(FENCED))
LATER = NOW + timedelta(minutes=5)
UNTIL = LATER + timedelta(hours=2)
DISARMED = made(disarm(UNTIL, "maria", "planned works", LATER)(OPENED))


def test_a_fence_raises_the_epoch_and_names_its_run() -> None:
    assert (FENCED.epoch, FENCED.state, FENCED.run, FENCED.leader) == (2, State.FENCED, "run-1", "ap-southeast-2")


def test_a_second_run_is_refused_while_the_first_holds_the_fence() -> None:
    assert "run-1 holds the fence" in refused(fence("run-2", NOW)(FENCED))


@pytest.mark.parametrize(
    ("change", "record"),
    [
        (fence("run-1", NOW), FENCED),
        (hand_over("run-1", "us-west-2", NOW, HOLD), OPENED),
        (reopen("run-1", NOW), made(reopen("run-1", NOW)(FENCED))),
        (acknowledge(NOW), made(acknowledge(NOW)(OPENED))),
    ],
)
def test_a_change_that_was_made_already_changes_nothing(change: object, record: LeaderRecord) -> None:
    """Its answer may have been lost: the run asks again."""
    assert change(record) == record  # type: ignore[operator]


def test_handing_over_holds_the_next_automatic_run_back() -> None:
    assert (OPENED.leader, OPENED.state, OPENED.hold_until, OPENED.acknowledged) == (
        "us-west-2",
        State.OPEN,
        HOLD,
        False,
    )


@pytest.mark.parametrize("change", [reopen("run-2", NOW), hand_over("run-2", "us-west-2", NOW, HOLD)])
def test_only_the_run_that_holds_the_fence_may_open(change: object) -> None:
    assert "run-2 does not hold the fence: run-1 does" in refused(change(FENCED))  # type: ignore[operator]
    assert "ap-southeast-2 is open" in refused(change(FIRST))  # type: ignore[operator]


def test_a_run_that_stood_down_cannot_fence_or_hand_over_again() -> None:
    """A step that comes late, from a run that is over, must not undo what was decided since."""
    stood_down = made(reopen("run-1", NOW)(FENCED))
    assert "has already ended" in refused(fence("run-1", NOW)(stood_down))
    assert "already reopened" in refused(hand_over("run-1", "us-west-2", NOW, HOLD)(stood_down))


def test_a_run_in_progress_cannot_be_acknowledged() -> None:
    assert "run-1 is not over" in refused(acknowledge(NOW)(FENCED))


@pytest.mark.parametrize("record", [FIRST, FENCED, OPENED, DISARMED])
def test_a_record_survives_being_written_and_read(record: LeaderRecord) -> None:
    assert LeaderRecord.from_dict(record.to_dict()) == record


@pytest.mark.parametrize(
    "wrong",
    [
        {"epoch": "2"},
        {"epoch": True},
        {"leader": None},
        {"state": "half-open"},
        {"run": 7},
        {"changed_at": "2026-01-01T00:00:00"},
        {"acknowledged": "yes"},
    ],
)
def test_what_was_never_written_is_not_read(wrong: dict[str, object]) -> None:
    with pytest.raises((TypeError, ValueError)):
        LeaderRecord.from_dict({**OPENED.to_dict(), **wrong})


def test_what_a_copy_holds_is_named_as_every_version_reads_it() -> None:
    """Regions are deployed one after the other: the names are a contract between versions."""
    assert DISARMED.to_dict() == {
        "epoch": 3,
        "leader": "us-west-2",
        "state": "open",
        "run": "run-1",
        "changed_at": "2026-01-01T00:00:00+00:00",
        "hold_until": "2026-01-01T01:00:00+00:00",
        "acknowledged": False,
        "disarmed": {"until": "2026-01-01T02:05:00+00:00", "by": "maria", "reason": "planned works"},
    }


def test_a_record_from_before_anybody_could_disarm_is_read() -> None:
    found = OPENED.to_dict()
    del found["disarmed"]
    assert LeaderRecord.from_dict(found) == OPENED


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"epoch": "2"}, "epoch must be a whole number, leader and run text"),
        ({"leader": 7}, "epoch must be a whole number, leader and run text"),
        ({"run": 7}, "epoch must be a whole number, leader and run text"),
        ({"acknowledged": "yes"}, "acknowledged must be true or false"),
        (
            {"disarmed": {"until": UNTIL.isoformat(), "by": 7, "reason": "r"}},
            "disarmed.by and disarmed.reason must be text",
        ),
        (
            {"disarmed": {"until": UNTIL.isoformat(), "by": "b", "reason": 7}},
            "disarmed.by and disarmed.reason must be text",
        ),
    ],
)
def test_what_is_wrong_with_a_record_is_said(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(TypeError) as refusal:
        LeaderRecord.from_dict({**OPENED.to_dict(), **wrong})
    assert str(refusal.value) == said


def test_the_first_record_is_open_and_holds_nothing_back() -> None:
    assert genesis("ap-southeast-2", NOW) == LeaderRecord(1, "ap-southeast-2", State.OPEN, None, NOW, None, True, None)


def test_handing_over_changes_the_leader_and_asks_for_an_acknowledgement() -> None:
    assert made(hand_over("run-1", "us-west-2", LATER, HOLD)(FENCED)) == LeaderRecord(
        3, "us-west-2", State.OPEN, "run-1", LATER, HOLD, False, None
    )


def test_every_change_of_who_may_write_says_when_it_was_made() -> None:
    fenced = made(fence("run-1", LATER)(FIRST))
    assert fenced.changed_at == LATER
    assert made(reopen("run-1", UNTIL)(fenced)).changed_at == UNTIL
    assert made(hand_over("run-1", "us-west-2", UNTIL, HOLD)(fenced)).changed_at == UNTIL


def test_an_acknowledgement_keeps_the_epoch_and_who_leads() -> None:
    """Nobody was given anything: a rebuild of hours, or a run, that judged the record before it goes on."""
    assert made(acknowledge(LATER)(OPENED)) == replace(OPENED, acknowledged=True, changed_at=LATER)


def test_an_acknowledgement_is_told_from_one_that_had_nothing_to_change() -> None:
    acknowledged = made(acknowledge(LATER)(OPENED))
    assert nothing_to_acknowledge(acknowledged, LATER) is None
    assert "was acknowledged before" in str(nothing_to_acknowledge(acknowledged, UNTIL))
    for never in (FIRST, made(reopen("run-1", LATER)(FENCED))):
        assert "made another Region the leader yet" in str(nothing_to_acknowledge(never, never.changed_at))


def test_a_reopened_leader_keeps_everything_but_the_fence() -> None:
    assert made(reopen("run-1", LATER)(FENCED)) == replace(FENCED, epoch=3, state=State.OPEN, changed_at=LATER)


def test_disarming_keeps_the_epoch_and_is_said_by_whom_and_why() -> None:
    assert replace(OPENED, disarmed=Disarmed(UNTIL, "maria", "planned works")) == DISARMED
    assert disarm(UNTIL, "maria", "planned works", LATER)(DISARMED) is DISARMED
    assert made(disarm(UNTIL, "omar", "mine too", LATER)(DISARMED)).disarmed == Disarmed(UNTIL, "omar", "mine too")


@pytest.mark.parametrize("now", [UNTIL, UNTIL + timedelta(seconds=1)])
def test_nobody_disarms_until_an_instant_that_is_over(now: datetime) -> None:
    assert refused(disarm(UNTIL, "maria", "works", now)(OPENED)) == "2026-01-01 02:05:00 UTC is over already."


def test_arming_keeps_all_but_what_was_disarmed() -> None:
    assert arm()(DISARMED) == OPENED
    assert arm()(OPENED) is OPENED


def test_every_refusal_names_who_stands_in_the_way_and_since_when() -> None:
    stood_down = made(reopen("run-1", NOW)(FENCED))
    said = {
        refused(fence("run-2", NOW)(FENCED)): "run-1 holds the fence since 00:00:00 UTC, epoch 2.",
        refused(fence("run-1", NOW)(stood_down)): "run-1 has already ended: it left ap-southeast-2 open in epoch 3.",
        refused(reopen("run-2", NOW)(FENCED)): "run-2 does not hold the fence: run-1 does, in epoch 2.",
        refused(reopen("run-2", NOW)(FIRST)): "run-2 does not hold the fence: ap-southeast-2 is open in epoch 1.",
        refused(
            hand_over("run-2", "us-west-2", NOW, HOLD)(FENCED)
        ): "run-2 does not hold the fence: run-1 does, in epoch 2.",
        refused(hand_over("run-1", "us-west-2", NOW, HOLD)(stood_down)): (
            "run-1 has already reopened ap-southeast-2 in epoch 3."
        ),
        refused(acknowledge(NOW)(FENCED)): "run-1 is not over: it holds the fence in epoch 2.",
    }
    assert list(said) == list(said.values())


def test_a_run_takes_the_fence_over_from_the_one_that_holds_it_and_from_no_other() -> None:
    taken = made(take_over("run-2", "run-1", LATER)(FENCED))
    assert taken == replace(FENCED, epoch=3, run="run-2", changed_at=LATER)
    assert take_over("run-2", "run-1", LATER)(taken) is taken, "its answer may have been lost"
    said = "run-3 does not hold the fence: run-1 does, in epoch 2."
    assert refused(take_over("run-2", "run-3", LATER)(FENCED)) == said
    said = "run-1 does not hold the fence: us-west-2 is open in epoch 3."
    assert refused(take_over("run-2", "run-1", LATER)(OPENED)) == said
    assert refused(take_over("run-1", "run-0", LATER)(OPENED)).startswith("run-0 does not hold the fence")
