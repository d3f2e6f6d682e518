"""Does the standby grow to a leader's size, and never shrink?"""

from __future__ import annotations

import pytest
from control_plane_world import STANDBY, MemoryEcs, VirtualClock, plan_with, run_with

from failover.application.errors import RunRefused, StillInProgress
from failover.application.scale_secondary_ecs import ScaleSecondaryECS

RUN = run_with(readiness={"ready": True, "tasks": 1})


def scaling(desired: int = 1, start_seconds: float = 12) -> tuple[ScaleSecondaryECS, MemoryEcs]:
    clock = VirtualClock()
    ecs = MemoryEcs(clock, desired, start_seconds)
    return ScaleSecondaryECS(plan_with(), STANDBY, ecs, ecs, clock), ecs


def test_the_standby_is_brought_to_the_leaders_size_and_waited_for() -> None:
    scale, ecs = scaling()
    answer = scale(RUN)
    assert (answer["healthy"], answer["desired"], answer["previous"]) == (2, 2, 1)
    assert ecs.resized == [2]


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
