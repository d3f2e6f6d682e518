"""Which changes of the leader record are allowed, and is each one idempotent by run?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from failover.domain.leader_record import (
    LeaderRecord,
    Refusal,
    State,
    acknowledge,
    fence,
    genesis,
    hand_over,
    reopen,
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


@pytest.mark.parametrize("record", [FIRST, FENCED, OPENED])
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
