"""Is "restored" said only of an instance that was made by this run, is whole, and loses no more than was accepted?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from control_plane_world import (
    NOW,
    PRIMARY,
    RUN,
    SOURCE_ARN,
    STANDBY,
    MemoryOutcomes,
    MemoryParameters,
    MemoryRds,
    MemoryRegister,
    MemorySecrets,
    VirtualClock,
    plan_with,
    run_with,
)
from restore_world import DAMAGED, NEWEST, PLACEMENT, PUBLISHED, MemoryRestored, MemoryRestores, backups

from failover.application.errors import DatabaseUnavailable, RunRefused, StillInProgress
from failover.application.restore_candidates import proof_key
from failover.application.restore_from_latest_snapshot import RestoreFromLatestSnapshot, aside
from failover.domain.instance_status import BROKEN_STATUSES, NO_CAPACITY
from failover.domain.recovery_point import RecoveryPoint, choose
from failover.domain.run import Run

HOUR_AGO = NOW - timedelta(hours=1)


class World:
    """A Region without a replica, and a gate that accepted `bound` seconds."""

    def __init__(self, *snapshots: Any, accepted: bool = True, bound: float = 210.0, **found: Any) -> None:
        self.clock = VirtualClock()
        self.rds = MemoryRds(self.clock)
        self.rds.instance = None
        self.restores = MemoryRestores(self.rds, self.clock)
        self.server = MemoryRestored(self.restores)
        self.outcomes = MemoryOutcomes()
        self.parameters = MemoryParameters(**{"drlab/app/database-placement": PLACEMENT})
        self.register = MemoryRegister().fenced_by()
        points = choose(backups(*snapshots, **found), None)
        assert isinstance(points, tuple)
        self.points: tuple[RecoveryPoint, ...] = points
        self.accepted, self.bound = accepted, bound
        self.restore = RestoreFromLatestSnapshot(
            plan_with(),
            STANDBY,
            self.register,
            self.rds,
            self.restores,
            MemorySecrets(),
            self.server,
            self.outcomes,
            self.parameters,
            self.clock,
        )

    def run(self) -> Run:
        approval = {} if self.accepted else {"approval": {"accepted": True, "bound_seconds": f"{self.bound:.1f}"}}
        loss = {
            "accepted": self.accepted,
            "known": True,
            "bound_seconds": self.bound,
            "evidence": {"published": PUBLISHED.to_dict(), "accepts_up_to_seconds": 300.0},
        }
        return run_with(
            readiness={"ready": True, "path": "restore", "points": [one.to_dict() for one in self.points]},
            fence={"held": True, "leader": PRIMARY},
            prepared={"loss": loss},
            **approval,
        )

    def until_done(self) -> dict[str, Any]:
        """As the workflow calls it: again and again."""
        for _ in range(20):
            try:
                return self.restore(self.run())
            except StillInProgress:
                continue
        raise AssertionError("it never ends")


def test_the_newest_backup_becomes_the_region_s_database_under_its_own_name() -> None:
    world = World()
    answer = world.until_done()
    assert (answer["instance"], answer["endpoint"]) == (f"app-{STANDBY}", "restored.example")
    assert [(one.newest, one.at) for one in world.restores.asked] == [(True, NEWEST)]
    assert world.restores.placements[0].subnet_group == "isolated"
    assert answer["content"]["writes"] == 1000
    assert (answer["unusable"], world.server.probes) == ([], [STANDBY])
    assert world.outcomes.read(proof_key(RUN, world.points[0].digest)) is not None


def test_a_broken_replica_keeps_its_data_under_another_name() -> None:
    world = World()
    world.rds.instance = MemoryRds(world.clock).instance
    world.until_done()
    (kept,) = world.restores.renamed.values()
    assert (kept.identifier, kept.source) == (aside(f"app-{STANDBY}", RUN), SOURCE_ARN)
    assert world.restores.deleted == []


def test_nothing_is_restored_while_the_one_with_the_backups_is_still_being_renamed() -> None:
    """RDS would refuse, and a backup that is refused counts as unusable."""
    world = World()
    world.rds.instance = MemoryRds(world.clock).instance
    assert world.until_done()["unusable"] == []
    assert [one.source for one in world.restores.asked] == [world.points[0].source]


@pytest.mark.parametrize("status", ["backing-up", "storage-initialization"])
def test_a_restored_instance_serves_while_rds_still_works_on_its_storage(status: str) -> None:
    """Blocks are loaded from the snapshot for hours, and the first backup takes as long as the database is large."""
    world = World()
    world.restores.statuses[world.points[0].source] = status
    assert world.until_done()["endpoint"] == "restored.example"


def test_a_replica_whose_storage_is_worked_on_gives_its_name_up_too() -> None:
    world = World()
    world.rds.instance = MemoryRds(world.clock, status="storage-optimization").instance
    world.until_done()
    assert len(world.restores.renamed) == 1


def test_a_call_that_died_does_not_begin_a_second_restore() -> None:
    world = World()
    world.restores.statuses[world.points[0].source] = "creating"
    with pytest.raises(StillInProgress):
        world.restore(world.run())
    world.rds.set(status="available")
    world.until_done()
    assert len(world.restores.asked) == 1


@pytest.mark.scenario("F47")
@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda world: world.server.first.append(DAMAGED), "cannot be read: DataCorrupted"),
        (lambda world: world.restores.statuses.update({world.points[0].source: "failed"}), "is failed"),
        (lambda world: world.restores.refused.update({world.points[0].source: "gone"}), "gone"),
    ],
)
def test_a_backup_that_cannot_be_used_gives_way_to_the_next_older_one_and_it_is_told(spoil: Any, why: str) -> None:
    world = World(NOW - timedelta(minutes=4))
    spoil(world)
    answer = world.until_done()
    assert answer["restored_from"] == "the snapshot snapshot-0256 to 2026-11-23 02:56:00 UTC"
    (told,) = answer["unusable"]
    assert told["point"] == str(world.points[0])
    assert why in told["reason"]
    assert answer["bound_seconds"] == 220.0, "from four minutes ago to 20 s after the newest heartbeat, of 40 s ago"
    assert world.restores.renamed == {}, "a copy of a backup that is still there is not worth keeping"


@pytest.mark.parametrize("status", sorted(BROKEN_STATUSES))
def test_a_status_that_nothing_leads_out_of_is_not_waited_for(status: str) -> None:
    world = World(NOW - timedelta(minutes=4))
    world.restores.statuses[world.points[0].source] = status
    (told,) = world.until_done()["unusable"]
    assert told["reason"] == f"RDS says that the instance is {status}."


def test_no_room_for_an_instance_is_no_fault_of_its_backup() -> None:
    """The older one would lose more, and find no room either."""
    world = World(NOW - timedelta(minutes=4))
    world.restores.full = 3
    world.restores.statuses[world.points[0].source] = NO_CAPACITY
    while not world.restores.deleted:
        with pytest.raises(StillInProgress):
            world.restore(world.run())
    world.restores.statuses.clear()
    answer = world.until_done()
    assert (answer["restored_from"], answer["unusable"]) == (str(world.points[0]), [])


def test_no_room_is_told() -> None:
    world = World()
    world.restores.full = 10_000
    with pytest.raises(StillInProgress, match="AWS has no room"):
        world.restore(world.run())


@pytest.mark.parametrize("status", ["storage-full", "stopped", "inaccessible-encryption-credentials-recoverable"])
def test_what_a_person_can_mend_is_not_thrown_away(status: str) -> None:
    world = World(NOW - timedelta(minutes=4))
    world.restores.statuses[world.points[0].source] = status
    with pytest.raises(StillInProgress, match=status):
        world.restore(world.run())
    assert world.restores.deleted == []


@pytest.mark.scenario("F47")
def test_an_older_backup_that_loses_more_than_was_accepted_is_not_restored_and_its_price_is_told() -> None:
    """The gate's figure was of the newest one; what the older one would lose is another question to a person."""
    world = World(HOUR_AGO)
    world.server.first.append(DAMAGED)
    with pytest.raises(RunRefused, match="which nobody accepted") as refused:
        world.until_done()
    assert "cannot be used: What is in it cannot be read" in str(refused.value)
    assert '{"to": "2026-11-23T02:00:00+00:00"}' in str(refused.value)
    assert [one.source for one in world.restores.asked] == [world.points[0].source]


def test_a_person_s_figure_covers_an_older_backup_up_to_it() -> None:
    world = World(NOW - timedelta(minutes=7), HOUR_AGO, accepted=False, bound=420.0)
    world.server.first += [DAMAGED]
    assert world.until_done()["restored_from"].startswith("the snapshot snapshot-0253")


@pytest.mark.scenario("F47")
def test_when_none_can_be_used_nothing_is_called_restored() -> None:
    world = World()
    world.server.first.append(DAMAGED)
    with pytest.raises(RunRefused, match="Nothing was restored"):
        world.until_done()
    assert world.rds.instance is None, "what cannot be used is deleted"
    assert world.outcomes.read(proof_key(RUN, world.points[0].digest)) is None


@pytest.mark.scenario("F47")
def test_logs_that_are_missing_from_a_backup_are_seen_in_its_heartbeat() -> None:
    world = World()
    assert world.server.content_now.heartbeat is not None
    old = MemoryRestored(heartbeat=PUBLISHED.__class__(PRIMARY, 1, 3, NEWEST - timedelta(minutes=10), PUBLISHED.lsn))
    world.server.first.append(old.content_now)
    with pytest.raises(RunRefused, match="logs are missing from the backup"):
        world.until_done()


def test_a_server_that_does_not_answer_yet_is_waited_for() -> None:
    world = World()
    world.server.first += [DatabaseUnavailable("starting up")] * 3
    assert world.until_done()["unusable"] == []


@pytest.mark.scenario("F18", "F48")
def test_without_the_fence_or_the_gate_nothing_is_restored() -> None:
    world = World()
    world.register.record = MemoryRegister().record
    with pytest.raises(RunRefused, match="does not hold the fence"):
        world.restore(world.run())
    world = World(accepted=False, bound=210.0)
    refused = world.run()
    with pytest.raises(RunRefused, match="No loss bound was accepted"):
        world.restore(run_with(**{**refused.state, "approval": {"accepted": False}}))
    assert world.restores.asked == []


def test_a_region_that_does_not_say_where_its_database_belongs_gets_none() -> None:
    world = World()
    world.parameters.values.clear()
    with pytest.raises(RunRefused, match="deploy the data plane's database stack anew"):
        world.restore(world.run())
