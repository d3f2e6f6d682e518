"""Is a standby rebuilt only where that mends something, and refused with what to do instead?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from rebuild_world import CLUSTER, EPOCH, HERE, INSTANCE, KEPT, LEADER, REPLICA, SOURCE, RebuildWorld, asked

from failover.application.check_rebuild import CheckRebuild
from failover.application.errors import RunRefused, TransientFailure
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


def refusal(broken: Any) -> str:
    """Why a rebuild is refused in a world that `broken` has changed; nothing is changed by it."""
    world = RebuildWorld()
    broken(world)
    answer = check(world)
    assert answer["allowed"] is False
    assert world.instances.calls == []
    return str(answer["reason"])


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (fenced, "failover-e3-ffff0000 holds the fence"),
        (leads, "ap-southeast-2 leads, in epoch 3: rebuild us-west-2"),
        (replicates, "replicates from us-west-2 already"),
        (replicates_elsewhere, "look at it first"),
        (nothing_there, "rename back what an earlier rebuild kept"),
        (silent, "nobody can tell which rows only it has"),
    ],
)
def test_what_cannot_be_rebuilt_is_refused_with_the_reason(broken: Any, why: str) -> None:
    assert why in refusal(broken)


def test_of_a_global_database_the_rest_is_done_once_aurora_has_the_old_cluster_follow() -> None:
    """What only the old one had cannot be read: its volume is a new one."""
    world = RebuildWorld()
    world.aurora_has_it_follow()
    answer = check(world)
    assert (answer["allowed"], answer["db_mode"], answer["readable"]) == (True, "aurora-global", False)


def elsewhere(world: RebuildWorld) -> None:
    world.aurora_has_it_follow(CLUSTER.replace(f"app-{LEADER}", "other"))


def still_the_writer(world: RebuildWorld) -> None:
    world.aurora_has_it_follow(None)


def no_member(world: RebuildWorld) -> None:
    """As Aurora tells it before it has added the old cluster again."""

    def describe(identifier: str) -> DatabaseInstance | None:
        raise RunRefused(f"{identifier} is no member of the global database drlab-app.")

    world.aurora_has_it_follow()
    world.instances.describe = describe  # type: ignore[method-assign]


def no_cluster(world: RebuildWorld) -> None:
    world.aurora_has_it_follow()
    world.instances.all.clear()


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (elsewhere, f"follows {CLUSTER.replace(f'app-{LEADER}', 'other')}"),
        (still_the_writer, "follows nobody"),
        (no_member, "is no member of the global database"),
        (no_cluster, "deploy its stack instead"),
    ],
)
def test_until_aurora_has_it_follow_a_rebuild_is_refused_with_the_reason(broken: Any, why: str) -> None:
    reason = refusal(broken)
    assert why in reason
    assert ("Aurora adds the old primary cluster" in reason) is (broken is not no_cluster)


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
