"""Is everything as before after a run that does not go on, whatever it had done?"""

from __future__ import annotations

from typing import Any

import pytest
from control_plane_world import (
    PRIMARY,
    RUN,
    STANDBY,
    MemoryEcs,
    MemoryRegister,
    MemoryWeb,
    VirtualClock,
    plan_with,
    planned_run,
    run_with,
)

from failover.application.errors import TransientFailure
from failover.application.stand_down import StandDown
from failover.domain.leader_record import State, genesis

HEALTHZ = f"https://{PRIMARY}.app.example.com/healthz"
FENCED: dict[str, Any] = {
    "health": {"allowed": True, "leader": PRIMARY, "epoch": 1},
    "readiness": {"ready": True, "tasks": 1, "db_mode": "rds-postgres"},
    "fence": {"held": True, "leader": PRIMARY, "epoch": 2},
    "prepared": {"loss": {"accepted": False, "known": False, "reason": "The loss is unknown."}},
}


class World:
    def __init__(self, register: MemoryRegister, desired: int = 1) -> None:
        self.clock, self.web, self.register = VirtualClock(), MemoryWeb(), register
        self.ecs = MemoryEcs(self.clock, desired)
        self.stand_down = StandDown(plan_with(), STANDBY, register, self.ecs, self.web, self.clock)


def test_the_same_leader_is_opened_again_and_the_standby_scaled_back() -> None:
    world = World(MemoryRegister().fenced_by(RUN), desired=2)
    world.clock.later(5, lambda: world.web.say(HEALTHZ, 200, PRIMARY))
    answer = world.stand_down(run_with(**FENCED))
    assert (answer["result"], answer["reopened"], answer["leader"], answer["epoch"]) == (
        "stood-down",
        True,
        PRIMARY,
        3,
    )
    assert answer["reason"].startswith("The loss is unknown.")
    assert "serves again" in answer["reason"]
    assert "desired count is 1 again" in answer["reason"]
    assert (world.register.record.state, world.register.record.leader) == (State.OPEN, PRIMARY)
    assert world.ecs.resized == [1]


@pytest.mark.parametrize("status", [None, 503])
def test_a_leader_that_stays_dead_is_opened_too_and_that_is_said(status: int | None) -> None:
    """Nobody else was opened: an open record for a dead leader costs nothing, a fence would outlive its return."""
    world = World(MemoryRegister().fenced_by(RUN))
    if status:
        world.web.say(HEALTHZ, status, PRIMARY)
    answer = world.stand_down(run_with(**FENCED))
    assert answer["reopened"] is True
    assert "does not serve yet" in answer["reason"]
    assert world.clock.elapsed <= 20, "patience has an end well within the step"


def test_a_repeat_changes_nothing_more() -> None:
    world = World(MemoryRegister().fenced_by(RUN))
    world.web.say(HEALTHZ, 200, PRIMARY)
    first = world.stand_down(run_with(**FENCED))
    second = world.stand_down(run_with(**FENCED))
    assert (second["reopened"], second["epoch"]) == (True, first["epoch"])


def test_a_fence_whose_answer_was_lost_is_opened_again() -> None:
    world = World(MemoryRegister().fenced_by(RUN))
    world.web.say(HEALTHZ, 200, PRIMARY)
    state = {"health": FENCED["health"], "readiness": FENCED["readiness"]}
    answer = world.stand_down(run_with(**state, error={"Error": "States.Timeout", "Cause": "timed out"}))
    assert answer["reopened"] is True
    assert "States.Timeout" in answer["reason"]


@pytest.mark.scenario("F12")
def test_another_runs_fence_is_left_alone() -> None:
    world = World(MemoryRegister().fenced_by("failover-e1-ffffffff"))
    before = world.register.record
    state = {**FENCED, "fence": {"held": False, "reason": "Another run holds it."}}
    answer = world.stand_down(run_with(**state))
    assert (answer["reopened"], answer["epoch"]) == (False, 2)
    assert world.register.record == before


@pytest.mark.scenario("F13")
def test_a_run_that_never_came_to_the_fence_writes_nothing_at_all() -> None:
    world = World(MemoryRegister())
    answer = world.stand_down(run_with(health={"allowed": False, "reason": "The leader answers."}))
    assert (answer["reopened"], answer["reason"]) == (False, "The leader answers.")
    assert world.register.record == genesis(PRIMARY, world.register.record.changed_at)
    assert world.ecs.resized == []


@pytest.mark.scenario("F41")
def test_without_a_majority_it_is_tried_again() -> None:
    world = World(MemoryRegister().fenced_by(RUN))
    world.register.majority = False
    with pytest.raises(TransientFailure):
        world.stand_down(run_with(**FENCED))


def test_a_size_that_somebody_else_chose_is_theirs() -> None:
    world = World(MemoryRegister().fenced_by(RUN), desired=4)
    world.stand_down(run_with(**FENCED))
    assert world.ecs.resized == []


def test_a_standby_that_was_as_large_before_is_not_touched() -> None:
    world = World(MemoryRegister().fenced_by(RUN), desired=2)
    world.stand_down(run_with(**{**FENCED, "readiness": {"ready": True, "tasks": 2}}))
    assert world.ecs.resized == []


def test_failing_to_scale_back_does_not_undo_the_reopening() -> None:
    world = World(MemoryRegister().fenced_by(RUN), desired=2)
    world.ecs.failure = TransientFailure("ECS is throttled.")
    answer = world.stand_down(run_with(**FENCED))
    assert answer["reopened"] is True
    assert "could not be scaled back to 1 tasks: ECS is throttled." in answer["reason"]


def test_a_switchover_that_ended_before_its_fence_is_scaled_back_too() -> None:
    """It scales while the leader still serves, and then finds that the replica is too far behind."""
    world = World(MemoryRegister(), desired=2)
    error = {"Error": "StillInProgress", "Cause": '{"errorMessage": "The replica is 60 s behind."}'}
    answer = world.stand_down(planned_run(health=FENCED["health"], readiness=FENCED["readiness"], error=error))
    assert (answer["reopened"], world.ecs.resized) == (False, [1])
    assert answer["reason"] == "The replica is 60 s behind. The standby's desired count is 1 again."
    assert world.register.record == genesis(PRIMARY, world.register.record.changed_at)
