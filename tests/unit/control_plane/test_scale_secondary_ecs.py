"""Does the standby grow to a leader's size, and never shrink?"""

from __future__ import annotations

import pytest
from control_plane_world import STANDBY, MemoryEcs, VirtualClock, plan_with, planned_run, run_with

from failover.application.errors import RunRefused, StillInProgress
from failover.application.scale_secondary_ecs import ScaleSecondaryECS

RUN = run_with(readiness={"ready": True, "tasks": 1})


def scaling(
    desired: int = 1, start_seconds: float = 12, leading: int = 2, minimum: int = 2
) -> tuple[ScaleSecondaryECS, MemoryEcs]:
    clock = VirtualClock()
    ecs = MemoryEcs(clock, desired, start_seconds)
    plan = plan_with(lambda d: d["regions"][STANDBY].update(leading_tasks=leading, minimum_tasks=minimum))
    return ScaleSecondaryECS(plan, STANDBY, ecs, ecs, clock), ecs


def test_the_standby_is_brought_to_the_leaders_size_and_waited_for() -> None:
    scale, ecs = scaling()
    answer = scale(RUN)
    assert (answer["healthy"], answer["desired"], answer["previous"]) == (2, 2, 1)
    assert ecs.resized == [2]


@pytest.mark.scenario("F30")
def test_the_minimum_is_gone_on_with_where_the_full_size_cannot_be_had() -> None:
    """After a call's budget, and with the full size wanted all the same: ECS goes on trying."""
    scale, ecs = scaling(start_seconds=10_000, leading=4, minimum=2)
    ecs.healthy = 3
    answer = scale(RUN)
    assert (answer["healthy"], answer["desired"], ecs.resized) == (3, 4, [4])
    assert answer["reason"] == "3 of the 4 targets wanted are healthy; the plan goes on with 2 or more."


@pytest.mark.scenario("F30")
@pytest.mark.parametrize(("minimum", "healthy"), [(4, 3), (2, 1)])
def test_fewer_than_the_minimum_are_not_promoted_for(minimum: int, healthy: int) -> None:
    scale, ecs = scaling(start_seconds=10_000, leading=4, minimum=minimum)
    ecs.healthy = healthy
    with pytest.raises(StillInProgress, match=f"{healthy} of the {minimum} targets needed"):
        scale(RUN)


def test_the_full_size_is_given_a_calls_budget_though_the_minimum_is_there() -> None:
    scale, _ = scaling(start_seconds=30, leading=2, minimum=1)
    assert scale(RUN)["healthy"] == 2


@pytest.mark.scenario("F30")
def test_a_switchover_waits_for_the_full_size() -> None:
    """Its leader serves meanwhile: nothing is won by being smaller."""
    scale, ecs = scaling(start_seconds=10_000, leading=4, minimum=2)
    ecs.healthy = 3
    with pytest.raises(StillInProgress, match="3 of the 4 targets needed"):
        scale(planned_run(readiness={"ready": True, "tasks": 1}))


def test_a_larger_standby_is_left_as_it_is() -> None:
    scale, ecs = scaling(desired=5)
    assert scale(RUN)["desired"] == 5
    assert ecs.resized == []


def test_a_repeat_remembers_the_size_before_the_run() -> None:
    """Otherwise the undo would go back to the size that the run itself had set."""
    scale, ecs = scaling(start_seconds=60)
    with pytest.raises(StillInProgress, match="1 of the 2 targets"):
        scale(RUN)
    ecs.healthy = 2
    assert scale(RUN)["previous"] == 1
    assert ecs.resized == [2]


def test_without_a_readiness_check_the_present_size_is_the_one_before() -> None:
    scale, _ = scaling()
    assert scale(run_with())["previous"] == 1


def test_a_service_that_is_gone_is_refused() -> None:
    scale, ecs = scaling()
    ecs.desired = None
    with pytest.raises(RunRefused, match="no ECS service app/app"):
        scale(RUN)


def test_a_service_without_a_target_group_is_refused() -> None:
    """Its tasks could never be found healthy: the run must not wait for that until it times out."""
    scale, ecs = scaling()
    ecs.target_groups = ()
    with pytest.raises(RunRefused, match="app/app in us-west-2 has no target group"):
        scale(RUN)
    assert ecs.resized == []


@pytest.mark.scenario("F31")
def test_tasks_count_once_they_are_healthy_in_every_target_group() -> None:
    scale, ecs = scaling(start_seconds=60)
    ecs.target_groups = ("targetgroup/new", "targetgroup/app")
    ecs.healthy = 2
    ecs.healthy_in["targetgroup/new"] = 1
    with pytest.raises(StillInProgress, match="1 of the 2 targets"):
        scale(RUN)
