"""Is everything that a switchover can prepare there before anybody is stopped, and is it refused otherwise?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from control_plane_world import (
    NOW,
    PRIMARY,
    STANDBY,
    MemoryEcs,
    MemoryHeartbeats,
    MemoryRds,
    MemorySecrets,
    MemoryServer,
    VirtualClock,
    holder,
    plan_with,
    planned_run,
    run_with,
)

from failover.application.errors import RunRefused, StillInProgress
from failover.application.scale_secondary_ecs import ScaleSecondaryECS
from failover.application.warm_secondary import WarmSecondary
from failover.domain.heartbeat import Heartbeat, Lsn

HEALTH: dict[str, Any] = {"leader": PRIMARY, "epoch": 1}
RUN = planned_run(health=HEALTH, readiness={"ready": True, "tasks": 1})


class World:
    """The replica is half a second behind, and a task of the leader is registered on it."""

    def __init__(self) -> None:
        self.clock, self.server = VirtualClock(), MemoryServer()
        self.ecs, self.rds, self.secrets = MemoryEcs(self.clock), MemoryRds(self.clock), MemorySecrets()
        self.server.holders = (holder("a"),)
        self.heartbeats = MemoryHeartbeats(Heartbeat(PRIMARY, 1, 42, NOW - timedelta(seconds=39.5), Lsn(1000)))
        plan = plan_with()
        capacity = ScaleSecondaryECS(plan, STANDBY, self.ecs, self.ecs, self.clock)
        self.warm = WarmSecondary(
            plan, STANDBY, capacity, self.rds, self.secrets, self.server, self.heartbeats, self.clock
        )


def test_the_standby_is_scaled_and_its_replica_found_close_behind() -> None:
    world = World()
    answer = world.warm(RUN)
    assert (answer["healthy"], answer["desired"], answer["behind_seconds"]) == (2, 2, 0.5)
    assert "0.5 s behind ap-southeast-2" in answer["reason"]
    assert world.warm(RUN) == answer
    assert world.ecs.resized == [2], "a repeat asks for nothing more"


def test_a_replica_that_catches_up_is_waited_for() -> None:
    world = World()
    world.server.heartbeat = Heartbeat(PRIMARY, 1, 1, NOW - timedelta(seconds=100), Lsn(10))
    newer = Heartbeat(PRIMARY, 1, 42, NOW - timedelta(seconds=40), Lsn(900))
    world.clock.later(30, lambda: setattr(world.server, "heartbeat", newer))
    assert world.warm(RUN)["behind_seconds"] == 0.5


def far_behind(world: World) -> None:
    world.server.heartbeat = Heartbeat(PRIMARY, 1, 1, NOW - timedelta(seconds=100), Lsn(10))


def nobody_registered(world: World) -> None:
    world.server.holders = (holder("a", epoch=7), holder("b", 1, watched_seconds=3))


def never_published(world: World) -> None:
    world.heartbeats.answer = MemoryHeartbeats(None).answer


def silent(world: World) -> None:
    world.server.unavailable = "UndefinedTable: relation lease_holder does not exist"


def not_replicating(world: World) -> None:
    world.server.recovering = False


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (far_behind, r"60\.5 s behind ap-southeast-2; a switchover begins at 20 s or less"),
        (nobody_registered, "No task of ap-southeast-2 is registered on the replica in epoch 1"),
        (never_published, "has published no heartbeat"),
        (silent, "lease_holder does not exist"),
        (not_replicating, "does not replicate from ap-southeast-2"),
    ],
)
def test_a_standby_that_is_not_ready_is_waited_for_with_its_reason(broken: Callable[[World], None], why: str) -> None:
    """The workflow asks again for a while, and then stands down with the last of these reasons: nobody was stopped."""
    world = World()
    broken(world)
    with pytest.raises(StillInProgress, match=why):
        world.warm(RUN)


def test_tasks_that_do_not_become_healthy_are_waited_for() -> None:
    world = World()
    world.ecs.start_seconds = 1000
    with pytest.raises(StillInProgress, match="1 of the 2 targets"):
        world.warm(RUN)


def test_a_database_that_is_gone_and_a_run_that_is_no_switchover_are_refused() -> None:
    world = World()
    world.rds.instance = None
    with pytest.raises(RunRefused, match="no database instance"):
        world.warm(RUN)
    with pytest.raises(RunRefused, match="Only a switchover"):
        world.warm(run_with(health=HEALTH))
