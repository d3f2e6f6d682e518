"""Does the new replica get the name that the plan knows, and backups, and only when the old primary has left it?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from rebuild_world import INSTANCE, KEPT, REPLICA, RebuildWorld, checked

from failover.application.errors import RunRefused, StillInProgress
from failover.application.install_replica import InstallReplica
from failover.domain.leader_record import LeaderRecord, acknowledge
from failover.domain.run import Run

KEPT_NOW = {"kept_as": KEPT, "backup_retention_days": 7}


def install(world: RebuildWorld) -> InstallReplica:
    return InstallReplica(*world.at, world.register, world.instances, world.clock)


def the_run() -> Run:
    return checked(kept=KEPT_NOW)


def test_it_takes_the_name_and_the_backups_of_the_old_primary() -> None:
    world = RebuildWorld()
    world.replica_is_there()
    del world.instances.all[INSTANCE]
    assert (
        install(world)(the_run())
        == install(world)(the_run())
        == {
            "instance": INSTANCE,
            "endpoint": "new",
            "port": 5432,
        }
    )
    assert world.instances.calls == [("rename", REPLICA, INSTANCE)]
    assert world.instances.all[INSTANCE].backup_retention_days == 7


def test_an_acknowledgement_meanwhile_leaves_no_region_without_a_database() -> None:
    """The names have the epoch in them: in another one a rebuild finds neither what it kept nor what it made."""
    world = RebuildWorld()
    world.register.record = replace(world.register.record, acknowledged=False)
    world.replica_is_there()
    world.instances.all[KEPT] = world.instances.all.pop(INSTANCE)
    assert isinstance(world.register.change(acknowledge(world.clock.now())), LeaderRecord)
    assert install(world)(the_run())["instance"] == INSTANCE


@pytest.mark.parametrize("status", ["backing-up", "storage-initialization"])
def test_it_is_installed_though_its_first_backup_or_its_storage_takes_hours(status: str) -> None:
    world = RebuildWorld()
    world.replica_is_there()
    world.instances.renamed_becomes = status
    del world.instances.all[INSTANCE]
    assert install(world)(the_run())["instance"] == INSTANCE


def test_it_waits_while_the_name_is_still_the_old_primarys() -> None:
    world = RebuildWorld()
    world.replica_is_there()
    with pytest.raises(StillInProgress, match="still names the old primary"):
        install(world)(the_run())
    assert world.instances.calls == []


def test_it_takes_no_name_once_a_run_moves_the_leadership() -> None:
    world = RebuildWorld()
    world.replica_is_there()
    del world.instances.all[INSTANCE]
    world.register.fenced_by("failover-e3-ffff0000")
    with pytest.raises(RunRefused):
        install(world)(the_run())
    assert world.instances.calls == []
