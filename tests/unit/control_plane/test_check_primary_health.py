"""Is the leader looked at again over the whole window, by everybody who is not the leader?"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from control_plane_world import (
    ACCOUNT,
    NOW,
    PRIMARY,
    RUN,
    STANDBY,
    AtOnce,
    MemoryAlarms,
    MemoryHeartbeats,
    MemoryRegister,
    MemoryWeb,
    Never,
    VirtualClock,
    plan_with,
    planned_run,
    run_with,
)

from failover.application.check_primary_health import CheckPrimaryHealth
from failover.application.errors import TransientFailure
from failover.application.ports import PublishedHeartbeat
from failover.application.vantage_points import VantagePoints
from failover.domain.heartbeat import Heartbeat, Lsn
from failover.domain.plan import Plan
from failover.domain.run import RunStateError
from failover.domain.signals import Health

HEALTHZ = f"https://{PRIMARY}.app.example.com/healthz"


class World:
    def __init__(self, plan: Plan | None = None, executor: Executor | None = None) -> None:
        self.clock, self.web, self.register = VirtualClock(), MemoryWeb(), MemoryRegister()
        self.alarms, self.heartbeats = MemoryAlarms(route53=Health.UNHEALTHY), MemoryHeartbeats()
        plan = plan or plan_with()
        points = VantagePoints(plan, self.alarms, self.web, self.heartbeats, self.clock, executor or AtOnce())
        self.check = CheckPrimaryHealth(plan, STANDBY, self.register, points, self.clock)


def test_a_leader_that_nobody_reaches_over_the_window_is_down() -> None:
    world = World()
    answer = world.check(run_with())
    assert (answer["down"], answer["verdict"], answer["leader"], answer["epoch"]) == (True, "down", PRIMARY, 1)
    assert world.clock.elapsed == pytest.approx(20)
    assert world.web.asked == [HEALTHZ] * 3
    assert {one["vantage_point"]: one["health"] for one in answer["observations"]} == {
        "route53": "unhealthy",
        "standby-probe": "unreachable",
        "heartbeat": "insufficient",
    }


def test_a_leader_that_answers_503_is_down_too() -> None:
    world = World()
    world.web.say(HEALTHZ, 503, PRIMARY)
    assert world.check(run_with())["down"] is True


@pytest.mark.scenario("F04", "F13")
def test_a_leader_that_recovers_within_the_window_is_not_failed_over() -> None:
    world = World()
    world.clock.later(15, lambda: world.web.say(HEALTHZ, 200, PRIMARY))
    world.clock.later(15, lambda: world.alarms.states.update(route53=Health.HEALTHY))
    answer = world.check(run_with())
    assert (answer["down"], answer["verdict"]) == (False, "disputed")


@pytest.mark.scenario("F15")
def test_a_single_failure_within_the_window_is_no_outage() -> None:
    """One lookup or one connection that fails is daily business, whoever's it was."""
    world = World()
    world.alarms.states["route53"] = Health.HEALTHY
    world.web.say(HEALTHZ, 200, PRIMARY)
    world.clock.later(5, lambda: world.web.answers.clear())
    world.clock.later(15, lambda: world.web.say(HEALTHZ, 200, PRIMARY))
    answer = world.check(run_with())
    assert "unreachable" in answer["reason"]
    assert answer["down"] is False


@pytest.mark.scenario("F14")
def test_a_control_plane_that_alone_cannot_reach_the_leader_does_not_fail_it_over() -> None:
    world = World()
    world.alarms.states["route53"] = Health.HEALTHY
    assert world.check(run_with())["verdict"] == "disputed"


def test_a_witness_that_does_not_answer_leaves_too_few_signals() -> None:
    world = World()
    world.alarms.states["route53"] = Health.UNREACHABLE
    answer = world.check(run_with())
    assert (answer["down"], answer["verdict"]) == (False, "unknown")


def with_alarms_in_the_leaders_region(described: dict[str, Any]) -> None:
    described["alarms"].append(
        {"arn": f"arn:aws:cloudwatch:{PRIMARY}:{ACCOUNT}:alarm:drlab-app-alb", "vantage_point": "load-balancer"}
    )


def test_the_leaders_own_region_counts_as_a_witness_against_it_when_the_third_one_is_silent() -> None:
    """No third Region's API may be needed while two other vantage points agree."""
    world = World(plan_with(with_alarms_in_the_leaders_region))
    world.alarms.states.update(route53=Health.UNREACHABLE, load_balancer=Health.UNHEALTHY)
    assert world.check(run_with())["verdict"] == "down"


def test_the_leaders_own_opinion_that_it_is_well_vetoes_nothing() -> None:
    world = World(plan_with(with_alarms_in_the_leaders_region))
    world.alarms.states.update(load_balancer=Health.HEALTHY)
    assert world.check(run_with())["verdict"] == "down"


@pytest.mark.scenario("F35")
def test_looks_that_never_return_are_time_boxed_and_only_the_direct_one_is_evidence() -> None:
    plan = plan_with(lambda d: d["timing"].update(api_timeout_seconds=0.001, second_look_samples=2))
    answer = World(plan, Never()).check(run_with())
    assert answer["verdict"] == "unknown"
    assert [one["health"] for one in answer["observations"]] == ["unreachable"] * 3


def beat(age_seconds: float, region: str = PRIMARY) -> Heartbeat:
    return Heartbeat(region, 1, 7, NOW - timedelta(seconds=age_seconds), Lsn(1))


def test_a_leader_without_a_heartbeat_is_down_even_if_no_alarm_can_be_asked() -> None:
    """Neither the third Region's API nor the leader's may be needed: S3 in two Regions and a probe are enough."""
    world = World()
    world.alarms.states["route53"] = Health.UNREACHABLE
    world.heartbeats.answer = replace(world.heartbeats.answer, newest=beat(60))
    answer = world.check(run_with())
    assert answer["verdict"] == "down"
    assert "the newest heartbeat is 80.0 s old" in answer["reason"]


@pytest.mark.parametrize(
    ("newest", "majority", "health"),
    [
        (beat(60), True, "unhealthy"),
        (beat(60), False, "unreachable"),
        (beat(0.5), True, "insufficient"),
        (beat(-15), True, "healthy"),
        (beat(0, STANDBY), True, "insufficient"),
        (None, True, "insufficient"),
    ],
)
def test_a_heartbeat_speaks_against_the_leader_only_when_no_lease_can_hold_any_more(
    newest: Heartbeat | None, majority: bool, health: str
) -> None:
    """Ages at the first sample; the last one is twenty seconds later, and no lease outlives twenty."""
    world = World()
    world.heartbeats.answer = PublishedHeartbeat(newest, majority, (STANDBY,))
    observed = world.check(run_with())["observations"]
    assert {one["health"] for one in observed if one["vantage_point"] == "heartbeat"} == {health}


def test_a_leader_that_lives_where_no_user_reaches_it_is_down_all_the_same() -> None:
    world = World()
    world.heartbeats.answer = replace(world.heartbeats.answer, newest=beat(-20))
    assert world.check(run_with())["verdict"] == "down"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"leader": STANDBY}, "already leads"),
        ({"epoch": 5}, "moved on"),
        ({"acknowledged": False}, "acknowledged"),
        ({"hold_until": NOW + timedelta(hours=1)}, "no alarm starts a run"),
    ],
)
def test_a_record_that_allows_no_run_is_reported_without_a_look(change: dict[str, Any], why: str) -> None:
    world = World()
    world.register.record = replace(world.register.record, **change)
    answer = world.check(run_with())
    assert (answer["down"], answer["verdict"], answer["observations"]) == (False, "unknown", [])
    assert why in answer["reason"]
    assert world.web.asked == []


def test_another_runs_fence_is_named_and_ones_own_is_no_obstacle() -> None:
    world = World()
    world.register.fenced_by("failover-e1-ffffffff")
    assert "failover-e1-ffffffff holds the fence" in world.check(run_with())["reason"]
    own = World()
    own.register.fenced_by(RUN)
    assert own.check(run_with())["down"] is True


def test_without_a_majority_of_the_record_the_step_is_tried_again() -> None:
    world = World()
    world.register.majority = False
    with pytest.raises(TransientFailure):
        world.check(run_with())


def healthy() -> World:
    world = World()
    world.alarms.states["route53"] = Health.HEALTHY
    world.web.say(HEALTHZ, 200, PRIMARY)
    return world


def test_a_healthy_leader_may_be_switched_from_and_not_failed_over() -> None:
    answer = healthy().check(planned_run())
    assert (answer["allowed"], answer["mode"], answer["verdict"], answer["down"]) == (True, "planned", "healthy", False)
    assert healthy().check(run_with())["allowed"] is False


def test_a_sick_leader_is_not_switched_from_and_the_way_that_there_is_is_named() -> None:
    answer = World().check(planned_run())
    assert (answer["allowed"], answer["verdict"], answer["down"]) == (False, "down", True)
    assert "fail over from it in mode unplanned" in answer["reason"]


def test_a_leader_that_wavers_within_the_window_is_not_switched_from() -> None:
    world = healthy()
    world.clock.later(15, lambda: world.web.say(HEALTHZ, 503, PRIMARY))
    assert (world.check(planned_run())["allowed"], world.clock.elapsed) == (False, 20)


def test_a_switchover_to_the_leader_itself_is_refused_with_what_to_do_instead() -> None:
    world = healthy()
    world.register.record = replace(world.register.record, leader=STANDBY)
    answer = world.check(planned_run())
    assert (answer["allowed"], answer["observations"]) == (False, [])
    assert "already leads, in epoch 1, so nothing was changed" in answer["reason"]
    assert f"switch over to {PRIMARY}" in answer["reason"]


def test_a_switchover_is_refused_under_another_runs_fence() -> None:
    world = healthy()
    world.register.fenced_by("failover-e1-ffffffff")
    answer = world.check(planned_run())
    assert (answer["allowed"], "failover-e1-ffffffff holds the fence" in answer["reason"]) == (False, True)


def test_a_mode_that_there_is_not_is_refused_without_a_look() -> None:
    world = healthy()
    with pytest.raises(RunStateError, match='mode must be unplanned or planned, not "switchover"'):
        world.check(run_with("manual", mode="switchover"))
    assert world.web.asked == []
