"""Does a rehearsal prove what it says, leave nothing behind, and keep away from a run?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from control_plane_world import (
    NOW,
    PRIMARY,
    STANDBY,
    MemoryExecutions,
    MemoryHeartbeats,
    MemoryParameters,
    MemoryRds,
    MemoryRegister,
    MemorySecrets,
    MemoryServer,
    MemoryWeb,
    VirtualClock,
    plan_with,
)
from restore_world import DAMAGED, PLACEMENT, PUBLISHED, MemoryBackups, MemoryRestored, MemoryRestores, backups

from failover.application.ports import DatabaseInstance
from failover.application.rehearse_restore import RehearseRestore
from failover.domain.leader_record import Refusal
from failover.domain.rehearsal import Production, Rehearsed, disturbed

NAME = f"app-{STANDBY}-rehearsal"
PUBLIC = "https://app.example.com/healthz"


class TwoInstances:
    """The replica, which nothing may touch, beside the instance of the rehearsal."""

    def __init__(self, clock: VirtualClock) -> None:
        self.replica, self.isolated = MemoryRds(clock), MemoryRds(clock)
        self.isolated.instance = None

    def describe(self, identifier: str) -> DatabaseInstance | None:
        return self.replica.describe(identifier) or self.isolated.describe(identifier)


class Sessions:
    """The restored server's content, and the replica's own position and slots."""

    def __init__(self, restored: MemoryRestored, replica: MemoryServer) -> None:
        self.content, self.position = restored.content, replica.position
        self.slot_names: tuple[str, ...] = ()

    def slots(self, login: Any) -> tuple[str, ...]:
        return self.slot_names


class World:
    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.databases = TwoInstances(self.clock)
        self.restores = MemoryRestores(self.databases.isolated, self.clock)
        self.restored, self.replica = MemoryRestored(self.restores), MemoryServer()
        self.sessions = Sessions(self.restored, self.replica)
        self.register, self.executions = MemoryRegister(), MemoryExecutions()
        self.backups, self.web = MemoryBackups(backups(NOW - timedelta(hours=1))), MemoryWeb()
        self.web.say(PUBLIC, 200, PRIMARY)
        self.rehearse = RehearseRestore(
            plan_with(),
            STANDBY,
            self.register,
            self.executions,
            self.databases,  # type: ignore[arg-type]
            self.backups,
            self.restores,
            MemorySecrets(),
            self.sessions,  # type: ignore[arg-type]
            MemoryHeartbeats(PUBLISHED),
            self.web,
            MemoryParameters(**{"drlab/app/database-placement": PLACEMENT}),
            self.clock,
            timedelta(minutes=30),
        )

    def rehearsed(self) -> Rehearsed:
        found = self.rehearse(None)
        assert isinstance(found, Rehearsed), found
        return found


def test_the_newest_backup_is_restored_beside_production_timed_and_deleted() -> None:
    world = World()
    found = world.rehearsed()
    assert found.passed
    assert found.tried.restored_from == "the automated backups to 2026-11-23 02:57:00 UTC"
    assert found.tried.restore == timedelta(seconds=20)
    assert world.databases.isolated.instance is None
    assert world.databases.replica.instance is not None
    assert (world.databases.replica.promotions, world.restored.probes) == ([], []), "nothing is written anywhere"
    assert found.to_dict()["content"]["writes"] == 1000


def test_a_damaged_backup_fails_the_rehearsal_though_an_older_one_can_be_restored() -> None:
    world = World()
    world.restored.first.append(DAMAGED)
    found = world.rehearsed()
    assert found.passed is False
    assert found.tried.restored_from == "the snapshot snapshot-0200 to 2026-11-23 02:00:00 UTC"
    assert "cannot be read" in found.tried.unusable[0]["reason"]
    assert len(world.restores.deleted) == 2


def test_without_a_usable_backup_it_fails_and_leaves_nothing() -> None:
    world = World()
    world.restores.statuses = {point.identifier: "failed" for point in world.backups.found.snapshots}
    world.restored.first.append(DAMAGED)
    found = world.rehearsed()
    assert (found.passed, found.tried.restored_from) == (False, None)
    assert world.databases.isolated.instance is None


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda world: world.register.fenced_by(), "is in progress: rehearse when it has ended"),
        (lambda world: setattr(world.executions, "others", ("by-hand-1",)), "by-hand-1 is in progress"),
        (
            lambda world: setattr(world.register, "record", replace(world.register.record, leader=STANDBY)),
            "a restore is rehearsed in the standby",
        ),
        (
            lambda world: setattr(
                world.databases.isolated, "instance", DatabaseInstance(NAME, "available", None, None, None, 0)
            ),
            "left from an earlier rehearsal",
        ),
        (lambda world: setattr(world.backups, "found", backups(latest=None)), "no recovery point"),
    ],
)
def test_what_is_in_the_way_refuses_it_and_nothing_is_made(spoil: Any, why: str) -> None:
    world = World()
    spoil(world)
    found = world.rehearse(None)
    assert isinstance(found, Refusal)
    assert why in found.reason
    assert (world.restores.asked, world.restores.deleted) == ([], [])


def test_what_production_noticed_fails_it() -> None:
    world = World()
    world.clock.later(15, lambda: world.web.say(PUBLIC, 200, STANDBY))
    world.clock.later(15, lambda: setattr(world.sessions, "slot_names", ("left",)))
    found = world.rehearsed()
    assert found.passed is False
    assert found.disturbed == (
        "its slots changed from () to ('left',)",
        f"the public name changed from {PRIMARY} to {STANDBY}",
    )


def test_what_could_not_be_seen_proves_nothing() -> None:
    quiet = Production("arn", (), PRIMARY, timedelta(seconds=1))
    second = timedelta(seconds=1)
    assert disturbed(quiet, quiet, second) == ()
    assert disturbed(quiet, replace(quiet, lag=timedelta(seconds=9)), second) == ("the lag grew from 1.0 s to 9.0 s",)
    for name in ("source", "slots", "answered_by", "lag"):
        assert "could not be seen after" in disturbed(quiet, replace(quiet, **{name: None}), second)[0]
