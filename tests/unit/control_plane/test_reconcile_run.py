"""Is a fence that a dead run has left behind taken away where that is safe, and a person called where it is not?"""

from __future__ import annotations

from dataclasses import replace
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

from failover.application.by_hand_runs import heard_key
from failover.application.errors import TransientFailure
from failover.application.kept_steps import KeptSteps, Step, last_step
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
            STANDBY,
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


BY_HAND = "break-glass-e1-20261123T025000Z"


class AtATerminal(World):
    """A person drives the run, to this Region, and has come to `state`; NOW is `minutes` after that and after the fence."""

    def __init__(self, *states: str, minutes: float, region: str = STANDBY) -> None:
        super().__init__(None)
        self.register.fenced_by(BY_HAND)
        steps = KeptSteps(self.outcomes, "kim", Step(BY_HAND, 0, "CheckPrimaryHealth", NOW.isoformat(), {}, False))
        for state in states:
            steps.keep(state, {}, NOW)
        self.clock = VirtualClock()
        self.clock.elapsed = minutes * 60
        self.reconcile = replace(self.reconcile, clock=self.clock, region=region)

    def hear(self, ago_minutes: float) -> None:
        self.outcomes.put_once(heard_key(BY_HAND, self.clock.now() - timedelta(minutes=ago_minutes)), "{}")


@pytest.mark.parametrize(
    ("states", "begun", "undo"),
    [
        (["FencePrimary"], "Nothing was promoted by it yet", True),
        (["FencePrimary", "PromoteReplica"], "It had begun to promote", False),
        ([], "of which no step was kept", True),
    ],
)
def test_a_person_s_run_whose_terminal_fell_silent_is_paged_once_and_left_as_it_is(
    states: list[str], begun: str, undo: bool
) -> None:
    world = AtATerminal(*states, minutes=5)
    told = world.reconcile()
    assert told is not None
    assert begun in told
    assert world.reconcile() == told
    ((subject, text),) = world.people.heard
    assert "HELD: nobody leads, act now" in subject
    assert f"--to {STANDBY} --resume {BY_HAND}" in text
    assert ("--stand-down" in text) is undo
    assert text.endswith("Runbook: runbooks/abandoned_run.md")
    assert (world.register.record.state, world.journal.events) == (State.FENCED, [])


@pytest.mark.parametrize("ago", [0, 2])
def test_a_person_s_run_whose_terminal_is_heard_of_is_left_alone_however_long_its_step_lasts(ago: float) -> None:
    world = AtATerminal("FencePrimary", "PromoteReplica", minutes=40)
    world.hear(ago_minutes=ago)
    assert (world.reconcile(), world.people.heard) == (None, [])


def test_a_person_s_run_that_has_only_just_begun_is_left_alone() -> None:
    world = AtATerminal("FencePrimary", minutes=3)
    assert (world.reconcile(), world.people.heard) == (None, [])


def test_each_silence_is_paged_for_itself() -> None:
    """It was resumed, came further, and its terminal died again."""
    world = AtATerminal("FencePrimary", minutes=5)
    world.reconcile()
    step = last_step(world.outcomes, BY_HAND)
    assert step is not None
    KeptSteps(world.outcomes, "lee", step).keep("PromoteReplica", {}, world.clock.now())
    world.clock.elapsed += 300
    world.reconcile()
    assert len(world.people.heard) == 2


def test_a_person_s_run_that_ended_with_the_fence_on_is_to_be_taken_over() -> None:
    world = AtATerminal("FencePrimary", "PromoteReplica", "Held", minutes=5)
    world.hear(ago_minutes=1)
    assert world.reconcile() == f"{BY_HAND} has ended in Held: {PRIMARY} stays fenced and nobody leads."
    assert "--take-over" in world.people.heard[0][1]


def test_the_region_that_a_person_s_run_fenced_does_not_look_after_it() -> None:
    world = AtATerminal("FencePrimary", minutes=5, region=PRIMARY)
    assert (world.reconcile(), world.people.heard) == (None, [])
