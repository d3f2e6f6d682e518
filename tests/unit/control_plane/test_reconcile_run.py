"""Is a fence that a dead run has left behind taken away where that is safe, and a person called where it is not?"""

from __future__ import annotations

from datetime import timedelta

import pytest
from control_plane_world import (
    NOW,
    PRIMARY,
    RUN,
    STANDBY,
    MemoryJournal,
    MemoryOutcomes,
    MemoryPeople,
    MemoryRegister,
    VirtualClock,
    plan_with,
)

from failover.application.errors import TransientFailure
from failover.application.reconcile_run import ReconcileRun
from failover.domain.abandoned_run import EndedRun
from failover.domain.leader_record import State, hand_over, reopen

LONG_AGO = NOW - timedelta(seconds=60)


class MemoryRuns:
    def __init__(self, ended: EndedRun | None) -> None:
        self.found = ended

    def ended(self, name: str) -> EndedRun | None:
        assert name == RUN
        return self.found


class World:
    def __init__(self, ended: EndedRun | None, fenced: bool = True) -> None:
        self.register = MemoryRegister().fenced_by(RUN) if fenced else MemoryRegister()
        self.outcomes, self.people, self.journal = MemoryOutcomes(), MemoryPeople(), MemoryJournal()
        self.reconcile = ReconcileRun(
            plan_with(),
            self.register,
            MemoryRuns(ended),
            self.outcomes,
            self.people,
            self.journal,
            VirtualClock(),
        )


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT", "FAILED"])
def test_a_run_that_ended_before_the_one_way_step_gives_the_old_leader_its_writes_back(status: str) -> None:
    world = World(EndedRun(status, LONG_AGO, entered_the_one_way_step=False))
    told = world.reconcile()
    assert told is not None
    assert status in told
    assert (world.register.record.state, world.register.record.leader) == (State.OPEN, PRIMARY)
    assert [(event.kind, event.run) for event in world.journal.events] == [("run-reconciled", RUN)]
    assert len(world.people.heard) == 1
    assert world.reconcile() is None, "the fence is gone"


def test_after_the_one_way_step_nothing_is_opened_and_people_are_called_once() -> None:
    world = World(EndedRun("TIMED_OUT", LONG_AGO, entered_the_one_way_step=True))
    before = world.register.record
    for _ in range(3):
        told = world.reconcile()
        assert told is not None
        assert "nobody leads" in told
    assert world.register.record == before
    (heard,) = world.people.heard
    assert "HELD" in heard[0]
    assert heard[1].count("redrive-execution") == 1
    assert "--take-over" in heard[1]


@pytest.mark.scenario("F40")
@pytest.mark.parametrize(
    ("age", "redrivable"), [(timedelta(days=14) - timedelta(minutes=1), True), (timedelta(days=14), False)]
)
def test_a_run_that_is_too_old_to_be_redriven_is_led_to_being_taken_over(age: timedelta, redrivable: bool) -> None:
    """AWS refuses it then; at 3 a.m. nobody should learn that from an error."""
    world = World(EndedRun("FAILED", NOW - age, entered_the_one_way_step=True))
    told = world.reconcile()
    assert told is not None
    assert ("AWS redrives it no more" in told) is not redrivable
    ((_, text),) = world.people.heard
    assert ("redrive-execution" in text) is redrivable
    assert "--take-over" in text
    assert world.register.record.state is State.FENCED


@pytest.mark.parametrize(
    ("ended", "why"),
    [
        (EndedRun("RUNNING", None, entered_the_one_way_step=False), "it goes on"),
        (
            EndedRun("ABORTED", NOW - timedelta(seconds=44), entered_the_one_way_step=False),
            "its history may be incomplete",
        ),
        (None, "it is the other Region's run, or a person's"),
    ],
)
def test_a_run_that_may_go_on_or_is_not_ours_is_left_alone(ended: EndedRun | None, why: str) -> None:
    world = World(ended)
    before = world.register.record
    assert world.reconcile() is None, why
    assert (world.register.record, world.people.heard) == (before, [])


def test_without_a_fence_there_is_nothing_to_do_and_without_a_majority_nothing_is_known() -> None:
    ended = EndedRun("ABORTED", LONG_AGO, entered_the_one_way_step=False)
    world = World(ended, fenced=False)
    assert world.reconcile() is None
    world.register.majority = False
    with pytest.raises(TransientFailure):
        world.reconcile()


@pytest.mark.parametrize("entered", [False, True])
def test_people_are_told_of_a_run_that_ended_after_its_last_change_and_before_it_was_told(entered: bool) -> None:
    """Also where it was this very function that reopened, and then died."""
    world = World(EndedRun("ABORTED", LONG_AGO, entered_the_one_way_step=entered))
    change = hand_over(RUN, STANDBY, NOW, NOW) if entered else reopen(RUN, NOW)
    world.register.change(change)
    before = world.register.record
    told = world.reconcile()
    assert told is not None
    assert before.leader in told
    assert world.reconcile() is None, "once is enough"
    assert world.register.record == before
    assert [heard[1] for heard in world.people.heard] == [f"{told}\n\nRunbook: runbooks/abandoned_run.md"]
    assert [(event.kind, event.run) for event in world.journal.events] == [("run-reconciled", RUN)]


@pytest.mark.parametrize(
    ("ended", "recorded"),
    [
        (EndedRun("SUCCEEDED", LONG_AGO, entered_the_one_way_step=False), True),
        (EndedRun("RUNNING", None, entered_the_one_way_step=False), False),
        (EndedRun("ABORTED", NOW - timedelta(seconds=44), entered_the_one_way_step=False), False),
        (None, False),
    ],
)
def test_nothing_is_told_of_a_run_that_told_itself_or_may_still(ended: EndedRun | None, recorded: bool) -> None:
    world = World(ended)
    world.register.change(reopen(RUN, NOW))
    if recorded:
        world.outcomes.put_once(f"runs/{RUN}/outcome.json", "{}")
    assert world.reconcile() is None
    assert (world.people.heard, world.journal.events) == ([], [])


def test_a_silent_bucket_holds_up_nobody_who_looks_at_the_leader() -> None:
    """What is to be told can wait for a minute; an incident that no alarm reports cannot."""
    world = World(EndedRun("ABORTED", LONG_AGO, entered_the_one_way_step=False))
    world.register.change(reopen(RUN, NOW))

    def silent(key: str) -> str | None:
        raise TransientFailure(f"Reading {key}: no answer from AWS.")

    world.outcomes.read = silent  # type: ignore[method-assign]
    assert world.reconcile() is None
    del world.outcomes.read
    assert world.reconcile() is not None
