"""Is a standby called one only when it is seen to follow the leader?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from control_plane_world import NOW, MemoryHeartbeats
from rebuild_world import EPOCH, HERE, INSTANCE, LEADER, SOURCE, RebuildWorld, checked

from failover.application.errors import StillInProgress
from failover.application.ports import DatabaseInstance
from failover.application.verify_standby import VerifyStandby
from failover.domain.heartbeat import Heartbeat, Lsn


def verify(world: RebuildWorld) -> dict[str, Any]:
    use_case = VerifyStandby(
        *world.at, world.register, world.instances, world.secrets, world.servers, world.heartbeats, world.clock
    )
    return use_case(checked())


def installed() -> RebuildWorld:
    world = RebuildWorld()
    world.instances.all[INSTANCE] = DatabaseInstance(INSTANCE, "available", SOURCE, "new", 5432, 7)
    return world


def test_one_that_has_the_leaders_newest_heartbeat_follows() -> None:
    answer = verify(installed())
    assert (answer["follows"], answer["region"], answer["behind_seconds"]) == (True, HERE, 0.0)


@pytest.mark.parametrize("status", ["backing-up", "storage-initialization"])
def test_one_that_follows_is_a_standby_though_its_storage_is_worked_on(status: str) -> None:
    world = installed()
    world.instances.all[INSTANCE] = DatabaseInstance(INSTANCE, status, SOURCE, "new", 5432, 7)
    assert verify(world)["follows"] is True


def behind(world: RebuildWorld) -> None:
    world.heartbeats = MemoryHeartbeats(Heartbeat(LEADER, EPOCH, 90, NOW + timedelta(minutes=5), Lsn(9000)))


def promoted(world: RebuildWorld) -> None:
    world.servers.follows = False


def silent(world: RebuildWorld) -> None:
    world.servers.silent.add("new")


def old_primary(world: RebuildWorld) -> None:
    world.instances.all[INSTANCE] = DatabaseInstance(INSTANCE, "available", None, "old", 5432, 7)


def rebooting(world: RebuildWorld) -> None:
    world.instances.all[INSTANCE] = DatabaseInstance(INSTANCE, "rebooting", SOURCE, "new", 5432, 7)


def quiet_leader(world: RebuildWorld) -> None:
    world.heartbeats = MemoryHeartbeats(None)


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (behind, "300.0 s behind"),
        (promoted, "does not replicate from us-west-2"),
        (silent, "does not answer"),
        (old_primary, "is no replica of us-west-2"),
        (rebooting, "is rebooting"),
        (quiet_leader, "has published no heartbeat"),
    ],
)
def test_anything_less_is_waited_for(broken: Any, why: str) -> None:
    world = installed()
    broken(world)
    with pytest.raises(StillInProgress, match=why):
        verify(world)
