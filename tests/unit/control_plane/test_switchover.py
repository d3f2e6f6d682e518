"""Is a switchover started only where it can be, and refused with what to do instead?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from control_plane_world import (
    NOW,
    PRIMARY,
    STANDBY,
    WITNESS,
    MemoryExecutions,
    MemoryJournal,
    MemoryRegister,
    VirtualClock,
    plan_with,
    planned_run,
    run_with,
)
from hypothesis import given
from hypothesis import strategies as st

from failover.application.errors import TransientFailure
from failover.application.operate import Operated
from failover.application.start_run import StartRun
from failover.domain.primary_health import Judgement, Verdict
from failover.domain.run import Mode, Run, RunStateError

BY = "arn:aws:iam::123456789012:user/kim"


class World:
    def __init__(self, to: str = STANDBY) -> None:
        self.register, self.executions, self.journal = MemoryRegister(), MemoryExecutions(), MemoryJournal()
        self.clock = VirtualClock()
        self.start_run = StartRun(plan_with(), to, self.register, self.executions, self.journal, self.clock, BY)

    def start(self, reason: str) -> Operated:
        return self.start_run(Mode.PLANNED, reason)


def test_a_request_starts_a_planned_run_of_its_own_name_and_is_remembered() -> None:
    world = World()
    answer = world.start("  storage\n upgrade ")
    assert (answer.done, answer.run) == (True, "switchover-e1-20261123T030000Z")
    run = Run.parse(
        {"run": answer.run, "started_at": NOW.isoformat(), "state": dict(world.executions.started[str(answer.run)])}
    )
    assert (run.mode, run.planned, run.expected_epoch) == (Mode.PLANNED, True, 1)
    assert run.text("trigger", "reason") == "storage upgrade"
    assert [(event.kind, event.by, event.run) for event in world.journal.events] == [("run-started", BY, answer.run)]


def test_a_request_that_stood_down_can_be_made_again_in_the_same_epoch() -> None:
    world = World()
    first = world.start("upgrade").run
    world.executions.closed.add(str(first))
    assert (world.start("upgrade").done, "earlier request" in world.start("upgrade").reason) == (False, True)
    world.clock.sleep(timedelta(seconds=1))
    again = world.start("upgrade")
    assert (again.done, again.run) == (True, "switchover-e1-20261123T030001Z")


def running(world: World) -> None:
    world.executions.others = ("failover-e1-0123abcd",)


def fenced(world: World) -> None:
    world.register.fenced_by("failover-e1-0123abcd")


def unknown_leader(world: World) -> None:
    world.register.record = replace(world.register.record, leader="eu-west-1")


@pytest.mark.parametrize(
    ("broken", "to", "why"),
    [
        (None, PRIMARY, "ap-southeast-2 already leads, in epoch 1, so nothing was changed."),
        (None, PRIMARY, "To move the leadership away from it, switch over to us-west-2."),
        (None, WITNESS, "us-east-1 is not a Region of the plan that can lead: switch over to"),
        (running, STANDBY, "Another run is in progress: failover-e1-0123abcd. Wait for its end"),
        (fenced, STANDBY, "failover-e1-0123abcd holds the fence in epoch 2"),
        (unknown_leader, STANDBY, "names eu-west-1, which the plan does not know"),
    ],
)
def test_what_cannot_begin_is_refused_with_what_to_do_and_changes_nothing(broken: Any, to: str, why: str) -> None:
    world = World(to)
    if broken:
        broken(world)
    before = world.register.record
    answer = world.start("upgrade")
    assert answer.done is False
    assert why in answer.reason
    assert (world.register.record, world.executions.started) == (before, {})
    assert [event.kind for event in world.journal.events] == ["run-refused"]


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 301])
def test_a_request_without_a_reason_is_refused(reason: str) -> None:
    assert "A reason of 1 to 300 characters" in World().start(reason).reason


def test_a_hold_and_a_disarm_are_for_alarms_and_hold_no_person_back() -> None:
    world = World()
    world.register.record = replace(world.register.record, acknowledged=False, hold_until=NOW + timedelta(hours=1))
    assert world.start("upgrade").done


@pytest.mark.scenario("F41")
def test_without_a_majority_of_the_record_nothing_is_decided() -> None:
    world = World()
    world.register.majority = False
    with pytest.raises(TransientFailure):
        world.start("upgrade")
    assert world.executions.started == {}


def test_a_run_is_unplanned_unless_it_says_otherwise() -> None:
    assert (run_with().mode, run_with().planned) == (Mode.UNPLANNED, False)
    assert run_with(mode="unplanned").mode is Mode.UNPLANNED
    assert (planned_run().mode, planned_run().planned) == (Mode.PLANNED, True)


@given(st.one_of(st.text(), st.none(), st.integers(), st.lists(st.text()), st.dictionaries(st.text(), st.integers())))
def test_any_other_mode_is_refused_in_a_sentence_and_is_never_planned(mode: Any) -> None:
    if mode in ("planned", "unplanned"):
        return
    run = run_with("manual", mode=mode)
    assert not run.planned
    with pytest.raises(RunStateError, match="mode must be unplanned or planned"):
        _ = run.mode


@pytest.mark.parametrize("kind", ["alarm", "probe"])
def test_no_alarm_and_no_probe_starts_a_switchover(kind: str) -> None:
    with pytest.raises(RunStateError, match="only a person starts a planned run"):
        _ = run_with(kind, mode="planned").mode


@pytest.mark.parametrize("verdict", Verdict)
def test_a_failover_needs_a_leader_that_is_down_and_a_switchover_one_that_is_healthy(verdict: Verdict) -> None:
    judgement = Judgement(verdict, "Looked at.")
    assert judgement.allows(Mode.UNPLANNED) is (verdict is Verdict.DOWN)
    assert judgement.allows(Mode.PLANNED) is (verdict is Verdict.HEALTHY)
