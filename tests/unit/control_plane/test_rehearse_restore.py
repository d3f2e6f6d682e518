"""Is the newest backup restored beside production, timed, and is nothing of an earlier rehearsal in its way?"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from control_plane_world import STANDBY
from rehearsal_world import NAME, RUN, TAG, RehearsalWorld
from restore_world import BACKUP_ARN, DAMAGED

from failover.application.errors import RunRefused, SomebodyElses, StillInProgress


def restored(world: RehearsalWorld) -> dict[str, object]:
    return world.restore()(world.run())


def in_the_end(world: RehearsalWorld) -> dict[str, object]:
    """As the workflow asks again."""
    for _ in range(9):
        with suppress(StillInProgress):
            return restored(world)
    raise AssertionError("it is never done")


def test_the_newest_backup_is_restored_beside_production_and_timed() -> None:
    world = RehearsalWorld()
    world.checked()
    found = restored(world)
    assert (found["instance"], found["seconds"], found["unusable"]) == (NAME, 20.0, [])
    assert found["restored_from"] == "the automated backups to 2026-11-23 02:57:00 UTC"
    assert (world.databases.replica.promotions, world.restored.probes) == ([], []), "nothing is written anywhere"


def test_nobody_reaches_it_whom_a_failovers_restore_lets_in() -> None:
    world = RehearsalWorld()
    world.checked()
    restored(world)
    (placement,) = world.restores.placements
    assert placement.security_groups == ("sg-rehearsal",)


def test_without_a_group_of_its_own_nothing_is_made() -> None:
    """RDS would take the network's default group."""
    world = RehearsalWorld()
    world.checked()
    name = "/drlab/app/database-placement"
    world.parameters.values[name] = world.parameters.values[name].replace("rehearsal_security_groups", "other")
    with pytest.raises(RunRefused, match="No security group for a rehearsal"):
        restored(world)
    assert world.restores.asked == []


def test_a_restore_that_takes_longer_than_a_call_is_timed_from_the_first_one() -> None:
    """The clock of a function that died is lost; the time of asking is on the instance."""
    world = RehearsalWorld()
    world.checked()
    slow = world.restores.clock.later
    world.restores.clock.later = lambda after, do: slow(after * 4, do)  # type: ignore[method-assign]
    with pytest.raises(StillInProgress, match="being restored from"):
        restored(world)
    assert restored(world)["seconds"] == 80.0


def test_what_an_earlier_rehearsal_left_is_deleted_first() -> None:
    world = RehearsalWorld()
    world.checked()
    world.leave(**{TAG: "rehearsal-e1-earlier"})
    assert restored(world)["seconds"] == 20.0
    assert len(world.restores.deleted) == 1
    assert world.databases.isolated.instance.tags[TAG] == RUN


def test_an_instance_of_that_name_that_no_rehearsal_made_is_nobodys_to_delete() -> None:
    world = RehearsalWorld()
    world.checked()
    world.leave()
    with pytest.raises(SomebodyElses, match=f"{NAME} was made by no rehearsal"):
        restored(world)
    assert world.restores.deleted == []


@pytest.mark.scenario("F47")
def test_a_damaged_backup_gives_way_to_an_older_one_and_is_told() -> None:
    world = RehearsalWorld()
    world.checked()
    world.restored.first.append(DAMAGED)
    found = in_the_end(world)
    assert found["restored_from"] == "the snapshot snapshot-0200 to 2026-11-23 02:00:00 UTC"
    (unusable,) = found["unusable"]  # type: ignore[misc]
    assert "cannot be read" in unusable["reason"]


@pytest.mark.scenario("F47")
@pytest.mark.parametrize(
    ("lacks", "why"),
    [({"writes": 0}, "Its ledger is empty"), ({"heartbeat": None}, "It has no heartbeat of a leader")],
)
def test_a_backup_that_can_be_read_and_holds_not_what_it_promised_is_not_the_proof(
    lacks: dict[str, Any], why: str
) -> None:
    world = RehearsalWorld()
    world.checked()
    world.restored.first.append(replace(world.restored.content_now, **lacks))
    found = in_the_end(world)
    assert found["restored_from"] == "the snapshot snapshot-0200 to 2026-11-23 02:00:00 UTC"
    (unusable,) = found["unusable"]  # type: ignore[misc]
    assert why in unusable["reason"]


def test_it_does_not_wait_until_all_blocks_of_the_snapshot_are_loaded() -> None:
    """Nor would a failover: the time that is kept is the one until rows were read."""
    world = RehearsalWorld()
    world.checked()
    world.restores.statuses = {BACKUP_ARN: "storage-initialization"}
    assert float(str(in_the_end(world)["seconds"])) < 60


def test_no_room_for_an_instance_is_no_fault_of_its_backup() -> None:
    world = RehearsalWorld()
    world.checked()
    world.restores.full = 3
    assert in_the_end(world)["unusable"] == []


@pytest.mark.scenario("F47")
def test_without_a_usable_backup_it_says_what_became_of_each() -> None:
    world = RehearsalWorld()
    world.checked()
    world.restores.statuses = {point.identifier: "failed" for point in world.backups.found.snapshots}
    world.restored.first.append(DAMAGED)
    with pytest.raises(
        RunRefused, match=r"No backup proved usable\. .*cannot be read.* RDS says that the instance is failed"
    ):
        in_the_end(world)


def test_it_gives_way_to_a_run_that_began_meanwhile() -> None:
    world = RehearsalWorld()
    world.checked()
    world.register.fenced_by()
    with pytest.raises(RunRefused, match="nothing further is changed"):
        restored(world)
    assert world.restores.asked == []


def test_a_leader_that_changed_ends_it_too() -> None:
    world = RehearsalWorld()
    world.checked()
    world.register.record = replace(world.register.record, leader=STANDBY, epoch=2)
    with pytest.raises(RunRefused, match=f"led by {STANDBY}"):
        restored(world)
