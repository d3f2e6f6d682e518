"""Does a run complete with one Region dark, and does nothing move by itself, and somebody hear of it, with two?"""

from __future__ import annotations

from unittest.mock import patch

import pytest

from chaos import darkness, matrix
from chaos.case import Case, from_name
from chaos.history import History
from chaos.invariants import violations
from chaos.world import World

PAIR = "ap-southeast-2,us-east-1"


def play(world: World, name: str) -> History:
    case = from_name(name)
    history = world.play(case)
    assert world.gate.met >= set(case.faults), "the Regions went dark"
    return history


@pytest.mark.chaos
@pytest.mark.parametrize("case", list(matrix.of_darkness()), ids=lambda case: case.name)
def test_no_promise_is_broken_and_every_expectation_is_met(world: World, case: Case) -> None:
    """`make chaos ARGS="--case NAME"` tells what happened."""
    assert violations(case, play(world, case.name)) == []


@pytest.mark.scenario("F34", "F35", "F41")
@pytest.mark.parametrize("state", ["before", "FencePrimary", "FlipRoute53"])
@pytest.mark.parametrize("region", ["ap-southeast-2", "us-east-1"])
def test_a_failover_completes_without_the_leader_s_region_and_without_route_53_s(
    world: World, region: str, state: str
) -> None:
    """The control plane of Route 53 is in us-east-1, and in the leader's Region everything that failed."""
    case = from_name(f"down/{state}/{region}/dark")
    history = play(world, case.name)
    assert violations(case, history) == []
    assert history.record.leader == "us-west-2"
    assert not [what for _, what, _ in world.gate.calls if what.startswith("route53")], "traffic follows health checks"


@pytest.mark.parametrize("state", ["before", "FencePrimary"])
def test_with_the_leader_s_region_and_the_witness_dark_the_standby_s_own_alarm_tells_people(
    world: World, state: str
) -> None:
    history = play(world, f"down/{state}/{PAIR}/dark")
    assert history.darkness is not None
    assert history.darkness.alarms == ["ProbeSilentAlarm in us-west-2"]


def test_with_both_regions_dark_the_witness_tells_people(world: World) -> None:
    history = play(world, "switchover/BoundDataLoss/ap-southeast-2,us-west-2/dark")
    assert history.darkness is not None
    assert history.darkness.alarms == ["NobodyServesAlarm in us-east-1"]


def test_with_all_but_the_leader_s_region_dark_the_leader_stops_and_its_own_alarm_tells_people(world: World) -> None:
    """It cannot know whether somebody else was opened."""
    history = play(world, "switchover/before/us-east-1,us-west-2/dark")
    dark = history.darkness
    assert dark is not None
    assert dark.alarms == ["ProbeSilentAlarm in ap-southeast-2"]
    late = [one for one in history.acknowledged if dark.began + world.living.plan.timing.lease < one.at < dark.ended]
    assert late == []


@pytest.mark.parametrize("name", ["ProbeSilentAlarm", "NobodyServesAlarm"])
def test_an_alarm_that_tells_nobody_is_found(world: World, name: str) -> None:
    whole = darkness._alarms_of

    def muted(template: str) -> dict[str, dict[str, object]]:
        return {one: {**alarm, "AlarmActions": []} if one == name else alarm for one, alarm in whole(template).items()}

    case = from_name(
        {"ProbeSilentAlarm": f"down/before/{PAIR}/dark"}.get(name, "down/before/ap-southeast-2,us-west-2/dark")
    )
    with patch.object(darkness, "_alarms_of", muted):
        assert any("nobody was told" in told for told in violations(case, world.play(case)))


def test_a_register_that_is_content_with_one_copy_moves_in_the_dark_and_is_found(world: World) -> None:
    case = from_name(f"down/before/{PAIR}/dark")
    with (
        patch("failover.domain.register_protocol.majority", lambda _: 1),
        patch("failover.application.leader_register.majority", lambda _: 1),
    ):
        assert any(told.startswith("dark: with") for told in violations(case, world.play(case)))
