"""Is the one-way step taken once, only with the fence, and called done only when a row was committed?"""

from __future__ import annotations

from typing import Any

import pytest
from control_plane_world import (
    PRIMARY,
    RUN,
    STANDBY,
    MemoryRds,
    MemoryRegister,
    MemorySecrets,
    MemoryServer,
    VirtualClock,
    plan_with,
    run_with,
)

from failover.application.errors import RunRefused, StillInProgress, TransientFailure
from failover.application.promote_replica import PromoteReplica
from failover.domain.run import Run


def the_run(accepted: bool = True, name: str = RUN) -> Run:
    return run_with(
        name=name,
        fence={"held": True, "leader": PRIMARY, "epoch": 2},
        prepared={"loss": {"accepted": accepted, "known": True, "bound_seconds": 20}},
    )


class World:
    def __init__(self, **instance: Any) -> None:
        self.clock, self.server, self.secrets = VirtualClock(), MemoryServer(), MemorySecrets()
        self.register = MemoryRegister().fenced_by(RUN)
        self.rds = MemoryRds(self.clock, **instance)
        self.rds.on_promoted = lambda: setattr(self.server, "recovering", False)
        self.promote = PromoteReplica(
            plan_with(), STANDBY, self.register, self.rds, self.secrets, self.server, self.clock
        )


def test_the_replica_is_promoted_and_a_row_committed_there() -> None:
    world = World()
    answer = world.promote(the_run())
    assert (answer["instance"], answer["endpoint"], answer["port"]) == (f"app-{STANDBY}", "db.example.com", 5432)
    assert answer["already_promoted"] is False
    assert world.rds.promotions == [1], "asked for once, and with backups, though the replica had none"
    assert world.server.probes == [STANDBY]
    assert world.clock.elapsed >= 14, "available while still a replica proves nothing"


def test_backups_are_kept_as_long_as_before() -> None:
    world = World(backup_retention_days=7)
    world.promote(the_run())
    assert world.rds.promotions == [7]


@pytest.mark.scenario("F25")
def test_an_available_server_that_is_still_in_recovery_is_not_done() -> None:
    world = World(source=None)
    with pytest.raises(StillInProgress, match="still in recovery"):
        world.promote(the_run())
    assert world.server.probes == []


@pytest.mark.scenario("F25")
def test_a_server_that_takes_no_write_yet_is_not_done() -> None:
    world = World(source=None)
    world.server.recovering = False
    world.server.unavailable = "OperationalError: the server closed the connection"
    world.clock.later(10, lambda: setattr(world.server, "unavailable", None))
    assert world.promote(the_run())["already_promoted"] is True
    assert world.clock.elapsed == 10


@pytest.mark.scenario("F19")
def test_a_replica_that_was_promoted_already_is_done_without_asking_again() -> None:
    world = World(source=None)
    world.server.recovering = False
    assert world.promote(the_run())["already_promoted"] is True
    assert world.rds.promotions == []


@pytest.mark.scenario("F20")
@pytest.mark.parametrize("status", ["backing-up", "modifying"])
def test_a_status_in_which_aws_refuses_promotion_is_waited_out(status: str) -> None:
    world = World(status=status)
    world.clock.later(15, lambda: world.rds.set(status="available"))
    assert world.promote(the_run())["already_promoted"] is False


@pytest.mark.scenario("F20")
@pytest.mark.parametrize("status", ["storage-optimization", "storage-initialization"])
def test_work_on_the_storage_that_lasts_for_hours_keeps_nobody_from_promoting(status: str) -> None:
    """The server works meanwhile: who waits for `available` has no database until the next day."""
    world = World(status=status)
    world.rds.becomes = status
    assert world.promote(the_run())["endpoint"] == "db.example.com"
    assert world.server.probes == [STANDBY]


@pytest.mark.scenario("F25")
def test_the_first_backup_of_a_promoted_database_is_not_waited_for() -> None:
    """It takes as long as the database is large, and the database serves meanwhile."""
    world = World()
    world.rds.becomes = "backing-up"
    assert world.promote(the_run())["endpoint"] == "db.example.com"
    assert world.server.probes == [STANDBY]


@pytest.mark.scenario("F25")
def test_a_server_that_is_restarted_is_not_done_though_its_source_is_gone() -> None:
    world = World(source=None, status="rebooting")
    world.server.recovering = False
    with pytest.raises(StillInProgress, match="no source any more and is rebooting"):
        world.promote(the_run())
    assert world.server.probes == []


@pytest.mark.scenario("F24")
def test_a_promotion_that_never_ends_is_reported_as_in_progress_and_asked_for_once_a_call() -> None:
    world = World()
    world.rds.completes = False
    for _ in range(2):
        with pytest.raises(StillInProgress):
            world.promote(the_run())
    assert world.rds.promotions == [1]


@pytest.mark.scenario("F23")
def test_an_answer_that_was_lost_leads_to_no_second_promotion() -> None:
    world = World()
    world.rds.promote(f"app-{STANDBY}", 1)
    assert world.promote(the_run())["instance"] == f"app-{STANDBY}"
    assert world.rds.promotions == [1]


def test_nothing_is_promoted_without_the_fence() -> None:
    world = World()
    with pytest.raises(RunRefused, match="does not hold the fence"):
        world.promote(the_run(name="failover-e1-ffffffff"))
    world.register.record = MemoryRegister().record
    with pytest.raises(RunRefused, match="the record is open in epoch 1"):
        world.promote(the_run())
    assert world.rds.promotions == []


def test_nothing_is_promoted_when_the_fence_is_against_another_leader() -> None:
    world = World()
    run = run_with(fence={"leader": STANDBY}, prepared={"loss": {"accepted": True, "known": True, "bound_seconds": 20}})
    with pytest.raises(RunRefused, match="leader is ap-southeast-2"):
        world.promote(run)


@pytest.mark.parametrize(
    ("loss", "approval", "promoted"),
    [
        ({}, {"accepted": True, "bound_seconds": "400.0"}, True),
        ({}, {"accepted": False, "bound_seconds": "400.0"}, False),
        ({}, {"accepted": True, "bound_seconds": "20.0"}, False),
        ({}, {}, False),
        ({"known": False}, {"accepted": True, "bound_seconds": "400.0"}, False),
    ],
)
def test_a_person_s_acceptance_opens_the_gate_for_the_figure_that_was_accepted(
    loss: dict[str, Any], approval: dict[str, Any], promoted: bool
) -> None:
    world = World()
    over_the_rpo = {"accepted": False, "known": True, "bound_seconds": 400.0, **loss}
    run = run_with(fence={"leader": PRIMARY}, prepared={"loss": over_the_rpo}, approval=approval)
    if promoted:
        assert world.promote(run)["endpoint"]
    else:
        with pytest.raises(RunRefused, match="No loss bound was accepted"):
            world.promote(run)


@pytest.mark.scenario("F41")
def test_nothing_is_promoted_without_an_accepted_bound_or_a_majority() -> None:
    world = World()
    with pytest.raises(RunRefused, match="No loss bound was accepted"):
        world.promote(the_run(accepted=False))
    world.register.majority = False
    with pytest.raises(TransientFailure):
        world.promote(the_run())
    assert world.rds.promotions == []


def test_an_instance_that_is_gone_is_refused() -> None:
    world = World()
    world.rds.instance = None
    with pytest.raises(RunRefused, match="no database instance"):
        world.promote(the_run())
