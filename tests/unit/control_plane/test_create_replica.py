"""Is one replica of the leader's database made, of the old primary's make, and called done only when it is available?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from rebuild_world import HERE, INSTANCE, KEPT, LEADER, REPLICA, SOURCE, RebuildWorld, checked

from failover.application.create_replica import CreateReplica
from failover.application.errors import RunRefused, StillInProgress
from failover.application.ports import DatabaseInstance
from failover.domain.instance_status import STUCK_STATUSES


def create(world: RebuildWorld) -> CreateReplica:
    return CreateReplica(*world.at, world.register, world.instances, world.clock)


def test_it_is_made_beside_the_old_primary_and_waited_for() -> None:
    world = RebuildWorld()
    answer = create(world)(checked())
    assert world.instances.calls == [("create", REPLICA, SOURCE, INSTANCE), ("parameters", REPLICA, "drlab")]
    assert answer == {"instance": REPLICA, "endpoint": "new", "port": 5432, "source": SOURCE}
    assert world.instances.all[INSTANCE].source is None, "the old primary is as it was"


def test_a_call_that_is_repeated_makes_no_second_one() -> None:
    world = RebuildWorld()
    assert create(world)(checked()) == create(world)(checked())
    assert len(world.instances.calls) == 2


def test_it_goes_by_the_old_primary_s_parameters_though_rds_makes_it_with_others() -> None:
    """Or it would lead one day with the default ones, without a limit to the log that an absent standby has it keep.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstanceReadReplica.html (DBParameterGroupName)
    """
    world = RebuildWorld()
    create(world)(checked())
    assert world.instances.all[REPLICA].parameter_group == "drlab"
    assert world.instances.all[REPLICA].status == "available", "what is done next opens it"


def test_an_old_primary_whose_parameters_are_not_told_leaves_the_new_replica_as_it_is() -> None:
    world = RebuildWorld()
    world.instances.all[INSTANCE] = replace(world.instances.all[INSTANCE], parameter_group=None)
    create(world)(checked())
    assert world.instances.calls == [("create", REPLICA, SOURCE, INSTANCE)]


def test_a_kept_old_primary_s_parameters_are_taken_too() -> None:
    """An earlier run was cut off in the exchange."""
    world = RebuildWorld()
    world.instances.all[KEPT] = replace(world.instances.all.pop(INSTANCE), identifier=KEPT)
    create(world)(checked())
    assert world.instances.calls == [("create", REPLICA, SOURCE, KEPT), ("parameters", REPLICA, "drlab")]


def test_a_large_database_takes_longer_than_one_call() -> None:
    world = RebuildWorld()
    world.instances.becomes = "creating"
    with pytest.raises(StillInProgress, match="is creating"):
        create(world)(checked())


@pytest.mark.parametrize("status", ["backing-up", "storage-initialization"])
def test_one_that_serves_is_there_though_its_storage_is_still_loaded(status: str) -> None:
    """It is made of a snapshot, whose blocks RDS loads for hours."""
    world = RebuildWorld()
    world.instances.all[INSTANCE] = replace(world.instances.all[INSTANCE], parameter_group="default.postgres16")
    world.instances.becomes = status
    assert create(world)(checked())["instance"] == REPLICA


@pytest.mark.parametrize("status", sorted(STUCK_STATUSES))
def test_one_that_does_not_become_available_is_said_so(status: str) -> None:
    """Otherwise it is waited for until the state's time is over, which is hours."""
    world = RebuildWorld()
    world.instances.becomes = status
    with pytest.raises(RunRefused, match=f"is {status} and .* remove it, and ask again"):
        create(world)(checked())


def test_another_instance_of_that_name_is_not_taken_for_it() -> None:
    world = RebuildWorld()
    world.instances.all[REPLICA] = DatabaseInstance(REPLICA, "available", None, "x", 5432, 0)
    with pytest.raises(RunRefused, match="replicates from nothing"):
        create(world)(checked())


def test_a_replica_that_has_the_name_already_is_the_replica() -> None:
    """An earlier run was cut off after the exchange."""
    world = RebuildWorld()
    world.instances.all[KEPT] = replace(world.instances.all[INSTANCE], identifier=KEPT)
    world.instances.all[INSTANCE] = DatabaseInstance(INSTANCE, "available", SOURCE, "new", 5432, 7)
    assert create(world)(checked())["instance"] == INSTANCE
    assert world.instances.calls == []


def test_nothing_is_made_once_the_leadership_has_moved() -> None:
    world = RebuildWorld()
    world.register.record = replace(world.register.record, epoch=5, leader=HERE)
    with pytest.raises(RunRefused, match="led by ap-southeast-2: nothing further is changed"):
        create(world)(checked())
    assert world.instances.calls == []
    assert LEADER in world.plan.regions
