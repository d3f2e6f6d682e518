"""Is a standby rebuilt only where that mends something, and refused with what to do instead?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from control_plane_world import plan_with
from rebuild_world import EPOCH, HERE, INSTANCE, KEPT, LEADER, REPLICA, SOURCE, RebuildWorld, asked

from failover.application.check_rebuild import CheckRebuild
from failover.application.errors import TransientFailure
from failover.application.ports import DatabaseInstance


def check(world: RebuildWorld, region: str = HERE, **how: Any) -> dict[str, Any]:
    use_case = CheckRebuild(world.plan, region, world.register, world.instances, world.secrets, world.servers)
    return use_case(asked(**how))


def test_what_was_the_primary_is_rebuilt_under_names_that_tell_the_epoch() -> None:
    answer = check(RebuildWorld())
    assert (answer["allowed"], answer["readable"]) == (True, True)
    assert (answer["leader"], answer["epoch"]) == (LEADER, EPOCH)
    assert (answer["instance"], answer["kept_as"], answer["replica"]) == (INSTANCE, KEPT, REPLICA)


def fenced(world: RebuildWorld) -> None:
    world.register.fenced_by("failover-e3-ffff0000")


def leads(world: RebuildWorld) -> None:
    world.register.record = replace(world.register.record, leader=HERE)


def replicates(world: RebuildWorld) -> None:
    world.instances.all[INSTANCE] = DatabaseInstance(INSTANCE, "available", SOURCE, "new", 5432, 7)


def replicates_elsewhere(world: RebuildWorld) -> None:
    source = SOURCE.replace(f"app-{LEADER}", "other")
    world.instances.all[INSTANCE] = DatabaseInstance(INSTANCE, "available", source, "new", 5432, 7)


def nothing_there(world: RebuildWorld) -> None:
    world.instances.all.clear()


def silent(world: RebuildWorld) -> None:
    world.servers.silent.add("old")


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (fenced, "failover-e3-ffff0000 holds the fence"),
        (leads, "ap-southeast-2 leads, in epoch 3: rebuild us-west-2"),
        (replicates, "replicates from us-west-2 already"),
        (replicates_elsewhere, "look at it first"),
        (nothing_there, "deploy its stack instead"),
        (silent, "nobody can tell which rows only it has"),
    ],
)
def test_what_cannot_be_rebuilt_is_refused_with_the_reason(broken: Any, why: str) -> None:
    world = RebuildWorld()
    broken(world)
    answer = check(world)
    assert answer["allowed"] is False
    assert why in answer["reason"]
    assert world.instances.calls == []


def test_aurora_rebuilds_its_old_primary_by_itself() -> None:
    world = RebuildWorld()
    world.plan = plan_with(lambda plan: plan.update(db_mode="aurora-global"))
    answer = check(world)
    assert (answer["allowed"], world.instances.calls) == (False, [])
    assert "Aurora adds the old primary cluster to the global database again by itself" in answer["reason"]


def test_a_run_that_was_asked_for_in_another_epoch_is_refused() -> None:
    assert "in epoch 2, and the record is in epoch 3" in check(RebuildWorld(), epoch=2)["reason"]


def test_a_person_may_accept_that_the_divergence_is_unknown() -> None:
    """The old primary is kept either way; nobody reads it for the list."""
    world = RebuildWorld()
    silent(world)
    answer = check(world, accept_unknown=True)
    assert (answer["allowed"], answer["readable"]) == (True, False)


def test_a_rebuild_that_was_cut_off_after_the_exchange_goes_on() -> None:
    world = RebuildWorld()
    world.instances.all[KEPT] = replace(world.instances.all[INSTANCE], identifier=KEPT)
    replicates(world)
    assert check(world)["allowed"] is True


def test_without_a_majority_of_the_record_nothing_is_decided() -> None:
    world = RebuildWorld()
    world.register.majority = False
    with pytest.raises(TransientFailure):
        check(world)
