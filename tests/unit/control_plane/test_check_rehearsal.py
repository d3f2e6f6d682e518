"""Is a rehearsal kept away from runs, from the Region that leads, and from a standby without a backup?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from control_plane_world import PRIMARY, STANDBY, plan_with
from rehearsal_world import NAME, RUN, RehearsalWorld
from restore_world import backups

from failover.domain.run import RunStateError


def test_it_names_what_is_restored_first_and_what_production_is_like() -> None:
    world = RehearsalWorld()
    found = world.check()(world.run())
    assert (found["allowed"], found["leads"], found["leader"], found["instance"]) == (True, False, PRIMARY, NAME)
    assert [point["kind"] for point in found["points"]] == ["replicated", "snapshot"]
    assert found["before"] == {
        "source": f"arn:aws:rds:{PRIMARY}:123456789012:db:app-{PRIMARY}",
        "slots": [],
        "answered_by": PRIMARY,
        "lag": 0.0,
    }


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda world: world.register.fenced_by(), "is in progress: rehearse when it has ended"),
        (lambda world: setattr(world.failovers, "others", ("by-hand-1",)), "by-hand-1 is in progress"),
        (lambda world: setattr(world.rehearsals, "others", ("rehearsal-2",)), "rehearsal-2 is in progress"),
        (
            lambda world: setattr(world.register, "record", replace(world.register.record, leader=STANDBY)),
            f"a restore is rehearsed in the standby, {PRIMARY}",
        ),
        pytest.param(
            lambda world: setattr(world.backups, "found", backups(latest=None)),
            "no recovery point",
            marks=pytest.mark.scenario("F47"),
        ),
        (
            lambda world: setattr(world, "plan", plan_with(lambda told: told.update(db_mode="aurora-global"))),
            "drill its failover",
        ),
    ],
)
def test_what_is_in_the_way_refuses_it_and_says_what_to_do(spoil: Callable[[RehearsalWorld], object], why: str) -> None:
    world = RehearsalWorld()
    spoil(world)
    found = world.check()(world.run())
    assert (found["allowed"], found["points"]) == (False, [])
    assert why in found["reason"]


def test_its_own_execution_is_not_in_its_way() -> None:
    world = RehearsalWorld()
    world.rehearsals.others = (RUN,)
    assert world.check()(world.run())["allowed"] is True


def test_the_region_that_leads_says_so_and_leaves_the_schedule_to_the_other() -> None:
    world = RehearsalWorld()
    assert world.check(PRIMARY)(world.run())["leads"] is True


def test_a_moment_that_is_none_is_refused_with_what_it_must_be() -> None:
    world = RehearsalWorld()
    world.state["rehearsal"] = {"to": "yesterday"}
    with pytest.raises(RunStateError, match="rehearsal must be"):
        world.check()(world.run())


def test_what_one_look_missed_is_looked_at_again() -> None:
    """A replica that was busy for a moment is no reason to fail a rehearsal."""
    world = RehearsalWorld()
    world.replica.unavailable = "OperationalError: timeout expired"
    world.clock.later(10, lambda: setattr(world.replica, "unavailable", None))
    assert world.check()(world.run())["before"]["lag"] == 0.0
    world.replica.unavailable = "OperationalError: timeout expired"
    began = world.clock.monotonic()
    assert world.check()(world.run())["before"]["lag"] is None
    assert world.clock.monotonic() - began <= 20
