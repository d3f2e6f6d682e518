"""Is everything that would make a failover impossible seen before anything changes?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from control_plane_world import (
    PRIMARY,
    SOURCE_ARN,
    STANDBY,
    MemoryEcs,
    MemoryRds,
    VirtualClock,
    plan_with,
    planned_run,
    run_with,
)
from restore_world import MemoryBackups, MemoryKeys, MemoryRestoreTimes, backups

from failover.application.check_secondary_readiness import CheckSecondaryReadiness
from failover.application.errors import TransientFailure
from failover.domain.run import RunStateError

RUN_STATE = {"health": {"allowed": True, "leader": PRIMARY, "epoch": 1}}


class World:
    def __init__(self, **instance: Any) -> None:
        self.clock = VirtualClock()
        self.rds, self.ecs = MemoryRds(self.clock, **instance), MemoryEcs(self.clock)
        self.backups, self.keys = MemoryBackups(), MemoryKeys()
        self.rehearsals = MemoryRestoreTimes()
        self.check = CheckSecondaryReadiness(
            plan_with(), STANDBY, self.rds, self.backups, self.keys, self.ecs, self.rehearsals, self.clock
        )


def test_an_available_replica_of_the_leader_and_a_service_are_ready() -> None:
    answer = World().check(run_with(**RUN_STATE))
    assert answer["ready"] is True
    assert (answer["db_mode"], answer["instance"], answer["tasks"]) == ("rds-postgres", f"app-{STANDBY}", 1)


@pytest.mark.scenario("F29")
@pytest.mark.parametrize(
    ("instance", "why"),
    [
        ({"source": None}, "is no replica"),
        ({"source": SOURCE_ARN.replace(PRIMARY, "eu-west-1", 1)}, "not from app-ap-southeast-2 in ap-southeast-2"),
        ({"source": SOURCE_ARN.replace(f"app-{PRIMARY}", "other")}, "replicates from other"),
        ({"source": f"app-{PRIMARY}"}, f"in {STANDBY}"),
        ({"status": "storage-full"}, "is storage-full"),
        ({"status": "inaccessible-encryption-credentials"}, "is inaccessible-encryption-credentials"),
        ({"status": "stopped"}, "is stopped"),
    ],
)
def test_a_replica_that_cannot_be_promoted_is_not_ready_at_once(instance: dict[str, Any], why: str) -> None:
    world = World(**instance)
    answer = world.check(run_with(**RUN_STATE))
    assert answer["ready"] is False
    assert why in answer["reason"]
    assert world.clock.elapsed == 0


@pytest.mark.scenario("F18")
def test_what_does_not_exist_is_not_ready() -> None:
    world = World()
    world.rds.instance = None
    assert "no database instance" in world.check(run_with(**RUN_STATE))["reason"]
    world = World()
    world.ecs.desired = None
    answer = world.check(run_with(**RUN_STATE))
    assert (answer["ready"], answer["tasks"]) == (False, None)


@pytest.mark.scenario("F20")
@pytest.mark.parametrize("status", ["backing-up", "modifying"])
def test_a_status_that_passes_is_waited_for_and_not_longer_than_the_budget(status: str) -> None:
    world = World(status=status)
    world.clock.later(20, lambda: world.rds.set(status="available"))
    assert world.check(run_with(**RUN_STATE))["ready"] is True
    stuck = World(status=status)
    answer = stuck.check(run_with(**RUN_STATE))
    assert answer["ready"] is False
    assert status in answer["reason"]
    assert stuck.clock.elapsed < 45


@pytest.mark.scenario("F20")
@pytest.mark.parametrize("status", ["storage-optimization", "storage-initialization"])
def test_work_on_the_storage_that_lasts_for_hours_stands_in_no_failover_s_way(status: str) -> None:
    """The replica has what no backup has: it is neither waited for in vain nor given up for a restore."""
    world = World(status=status)
    world.backups.found = backups()
    answer = world.check(run_with(**RUN_STATE))
    assert (answer["ready"], answer["path"]) == (True, "promote")
    assert world.clock.elapsed == 0


@pytest.mark.scenario("F20")
def test_a_switchover_waits_until_the_storage_is_at_rest() -> None:
    """The leader serves: it is not fenced for a promotion that AWS might put off."""
    answer = World(status="storage-optimization").check(planned_run(**RUN_STATE))
    assert answer["ready"] is False
    assert "is storage-optimization, in which AWS may refuse promotion" in answer["reason"]


@pytest.mark.scenario("F20")
def test_a_status_that_rds_has_added_since_costs_no_replica() -> None:
    """Nobody knows whether that server works: it is not given up for an older backup, and nobody is told to delete it."""
    world = World(status="polishing")
    world.backups.found = backups()
    answer = world.check(run_with(**RUN_STATE))
    assert (answer["ready"], answer["path"], answer["points"]) == (False, "promote", [])
    assert (
        f"app-{STANDBY} is polishing, of which this version does not know what it means: https://docs.aws"
        in answer["reason"]
    )
    assert "rename it first" in answer["reason"]
    assert "delete" not in answer["reason"]

    world = World(status="polishing")
    world.clock.later(20, lambda: world.rds.set(status="available"))
    assert world.check(run_with(**RUN_STATE))["ready"] is True, "most of them pass"


def test_a_restore_that_is_asked_for_beside_such_a_replica_needs_its_name() -> None:
    world = World(status="polishing")
    world.backups.found = backups()
    answer = world.check(run_with(restore={"to": "latest"}, **RUN_STATE))
    assert answer["ready"] is False
    assert "rename it first" in answer["reason"]
    assert "delete" not in answer["reason"]


def test_a_run_that_skipped_the_second_look_is_refused() -> None:
    with pytest.raises(RunStateError):
        World().check(run_with())


@pytest.mark.scenario("F18")
@pytest.mark.parametrize("lost", [None, {"source": None}, {"status": "storage-full"}])
def test_for_want_of_a_replica_a_backup_is_found(lost: dict[str, Any] | None) -> None:
    world = World(**(lost or {}))
    if lost is None:
        world.rds.instance = None
    world.backups.found = backups()
    answer = world.check(run_with(**RUN_STATE))
    assert (answer["ready"], answer["path"], len(answer["points"])) == (True, "restore", 1)
    assert "It can be made of the automated backups to 2026-11-23 02:57:00 UTC" in answer["reason"]
    assert world.backups.asked == [(f"app-{PRIMARY}", f"app-{STANDBY}")]


@pytest.mark.scenario("F29")
@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("Disabled", "alias/drlab-app is Disabled"),
        ("PendingDeletion", "alias/drlab-app is PendingDeletion"),
        (None, "no key alias/drlab-app"),
    ],
)
def test_a_restore_under_a_key_that_is_not_enabled_is_refused_with_that_reason(state: str | None, why: str) -> None:
    """Before the fence: RDS would refuse it after, with the old leader stopped for nothing."""
    world = World()
    world.rds.instance = None
    world.backups.found, world.keys.found = backups(), state
    answer = world.check(run_with(**RUN_STATE))
    assert (answer["ready"], answer["points"]) == (False, [])
    assert why in answer["reason"]
    assert "RDS restores none while it is not enabled" in answer["reason"]


def test_a_key_that_nobody_tells_of_is_no_reason_to_give_up() -> None:
    """RDS asks KMS itself; what is not known is said."""
    world = World()
    world.rds.instance = None
    world.backups.found, world.keys.dark = backups(), True
    answer = world.check(run_with(**RUN_STATE))
    assert (answer["ready"], answer["path"]) == (True, "restore")
    assert "Whether alias/drlab-app is enabled is not known" in answer["reason"]


def test_a_usable_replica_goes_before_every_backup_unless_a_person_asks_for_one() -> None:
    world = World()
    world.backups.found = backups()
    assert world.check(run_with(**RUN_STATE))["path"] == "promote"
    assert world.backups.asked == []
    asked = world.check(run_with(restore={"to": "2026-11-23T02:30:00Z"}, **RUN_STATE))
    assert (asked["path"], asked["points"][0]["at"]) == ("restore", "2026-11-23T02:30:00+00:00")


@pytest.mark.scenario("F18", "F47")
def test_without_a_replica_and_without_a_backup_nothing_is_ready() -> None:
    """It fails before anything was changed, and people are told why."""
    world = World()
    world.rds.instance = None
    answer = world.check(run_with(**RUN_STATE))
    assert (answer["ready"], answer["points"]) == (False, [])
    assert "no database instance" in answer["reason"]
    assert "There is no recovery point here" in answer["reason"]


def test_a_moment_that_no_backup_has_is_not_ready_and_told_with_the_window() -> None:
    world = World()
    world.backups.found = backups()
    answer = world.check(run_with(restore={"to": "2026-11-20T00:00:00Z"}, **RUN_STATE))
    assert answer["ready"] is False
    assert "Any moment from 2026-11-23 01:57:00 UTC to 2026-11-23 02:57:00 UTC can be had" in answer["reason"]


def test_a_switchover_restores_nothing() -> None:
    world = World(source=None)
    world.backups.found = backups()
    answer = world.check(planned_run(**RUN_STATE))
    assert answer["ready"] is False
    assert "restores nothing" in answer["reason"]


def test_an_instance_that_cannot_be_renamed_keeps_the_name_from_a_restored_one() -> None:
    world = World(status="failed")
    world.backups.found = backups()
    answer = world.check(run_with(**RUN_STATE))
    assert answer["ready"] is False
    assert "delete it" in answer["reason"]


@pytest.mark.parametrize(
    ("took", "seconds", "told"),
    [
        (timedelta(seconds=9.5), 9.5, "The restore took 9.5 s in its newest rehearsal."),
        (timedelta(minutes=20), 1200.0, "The restore took 1200.0 s (20 min) in its newest rehearsal."),
        (None, None, "How long the restore takes is unknown: none was rehearsed here."),
        (TransientFailure("S3: no answer."), None, "How long the restore takes is unknown"),
    ],
)
def test_how_long_a_restore_takes_is_what_the_newest_rehearsal_measured_or_unknown(
    took: Any, seconds: float | None, told: str
) -> None:
    """An estimate that cannot be had keeps nobody from a restore."""
    world = World(source=None)
    world.backups.found = backups()
    world.rehearsals.took = took
    answer = world.check(run_with(**RUN_STATE))
    assert (answer["ready"], answer["path"], answer["restore_seconds"]) == (True, "restore", seconds)
    assert told in answer["reason"]


def test_a_promotion_has_no_restore_to_take_time() -> None:
    world = World()
    world.rehearsals.took = timedelta(seconds=9)
    answer = world.check(run_with(**RUN_STATE))
    assert (answer["restore_seconds"], "restore" in answer["reason"]) == (None, False)
