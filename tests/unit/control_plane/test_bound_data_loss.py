"""Is the loss bounded from what can be shown, and refused when it cannot?"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from control_plane_world import (
    NOW,
    PRIMARY,
    STANDBY,
    MemoryHeartbeats,
    MemoryObjects,
    MemoryRds,
    MemorySecrets,
    MemoryServer,
    VirtualClock,
    holder,
    plan_with,
    planned_run,
    run_with,
)

from failover.application.bound_data_loss import BoundDataLoss
from failover.application.errors import RunRefused
from failover.domain.heartbeat import Heartbeat, Lsn
from failover.domain.object_backlog import Backlog, UnknownBacklog
from failover.domain.plan import Plan

RUN = run_with(fence={"held": True, "leader": PRIMARY, "epoch": 2})


class World:
    """The replica's newest heartbeat is 40 s old, the newest published one 38 s."""

    def __init__(self, plan: Plan | None = None, majority: bool = True) -> None:
        self.clock, self.server, self.secrets = VirtualClock(), MemoryServer(), MemorySecrets()
        self.rds = MemoryRds(self.clock)
        published = Heartbeat(PRIMARY, 1, 43, NOW - timedelta(seconds=38), Lsn(1500))
        self.heartbeats = MemoryHeartbeats(published, majority)
        self.objects = MemoryObjects()
        self.bound = BoundDataLoss(
            plan or plan_with(), STANDBY, self.rds, self.secrets, self.server, self.heartbeats, self.objects, self.clock
        )


def test_a_bound_within_the_rpo_is_accepted_with_its_evidence() -> None:
    answer = World().bound(RUN)
    assert (answer["accepted"], answer["known"]) == (True, True)
    assert answer["bound_seconds"] == 22.0
    assert answer["bytes_behind"] == 500
    assert answer["evidence"]["drained"] is True
    assert answer["evidence"]["replica_heartbeat"]["sequence"] == 41
    assert answer["evidence"]["published"]["sequence"] == 43
    json.dumps(answer)


@pytest.mark.scenario("F45")
def test_objects_that_wait_for_replication_are_told_and_decide_nothing() -> None:
    """They are not in the database, and they are late rather than lost where the Region comes back."""
    world = World()
    world.objects.waiting = Backlog(12, 34_000, timedelta(seconds=40), NOW)
    answer = world.bound(RUN)
    assert answer["accepted"] is True
    assert (answer["objects"]["operations"], answer["objects"]["bytes"]) == (12, 34_000)
    assert "12 object operations (34000 bytes) were waiting" in answer["objects"]["reason"]
    json.dumps(answer)


@pytest.mark.scenario("F45")
def test_a_backlog_that_nobody_knows_is_unknown_and_not_zero() -> None:
    world = World()
    world.objects.waiting = UnknownBacklog("S3 has published no figure within 20 minutes.")
    answer = world.bound(RUN)
    assert answer["objects"]["operations"] is None
    assert "unknown" in answer["objects"]["reason"]


@pytest.mark.scenario("F16")
def test_a_bound_over_the_rpo_is_refused_with_its_number() -> None:
    answer = World(plan_with(lambda d: d.update(rpo_target_seconds=21))).bound(RUN)
    assert (answer["accepted"], answer["known"], answer["bound_seconds"]) == (False, True, 22.0)
    assert "22.0 s could be lost, more than the RPO of 21 s" in answer["reason"]


@pytest.mark.scenario("F17")
def test_the_bound_is_no_larger_an_hour_after_the_leader_died() -> None:
    """A lag that is counted from now grows with every minute of the outage, though nothing more is lost."""
    world = World()
    at_once = world.bound(RUN)
    world.clock.elapsed += 3600
    assert world.bound(RUN)["bound_seconds"] == at_once["bound_seconds"] == 22.0


def test_a_policy_that_asks_a_person_refuses_and_says_so() -> None:
    answer = World(plan_with(lambda d: d.update(failover_policy="approve"))).bound(RUN)
    assert answer["accepted"] is False
    assert "a person must accept" in answer["reason"]


def test_the_replica_is_given_time_to_replay_what_it_received() -> None:
    """Until then the newest heartbeat it has may still be in its log, and the bound would be too large."""
    world = World()
    world.server.replayed = Lsn(950)
    newer = Heartbeat(PRIMARY, 1, 42, NOW - timedelta(seconds=39), Lsn(990))

    def replay() -> None:
        world.server.replayed, world.server.heartbeat = Lsn(1000), newer

    world.clock.later(12, replay)
    answer = world.bound(RUN)
    assert answer["bound_seconds"] == 21.0
    assert world.clock.elapsed == 15


def test_a_replica_whose_replay_is_stuck_still_bounds_the_loss_from_above() -> None:
    world = World()
    world.server.replayed = Lsn(950)
    answer = world.bound(RUN)
    assert (answer["known"], answer["bound_seconds"], answer["evidence"]["drained"]) == (True, 22.0, False)
    assert world.clock.elapsed < 45


def without_majority(world: World) -> None:
    world.heartbeats.answer = replace(world.heartbeats.answer, majority=False)


def never_published(world: World) -> None:
    world.heartbeats.answer = replace(world.heartbeats.answer, newest=None)


def silent(world: World) -> None:
    world.server.unavailable = "ConnectionTimeout: connection timeout expired"


def no_heartbeat(world: World) -> None:
    world.server.heartbeat = None


def promoted_already(world: World) -> None:
    world.server.recovering = False


@pytest.mark.scenario("F21")
@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (without_majority, "No majority of the heartbeat's copies"),
        (never_published, "never published"),
        (silent, "does not answer: ConnectionTimeout"),
        (no_heartbeat, "has no heartbeat"),
        (promoted_already, "not in recovery"),
    ],
)
def test_what_cannot_be_shown_makes_the_loss_unknown_and_that_is_refused(broken: Any, why: str) -> None:
    world = World()
    broken(world)
    answer = world.bound(RUN)
    assert (answer["accepted"], answer["known"]) == (False, False)
    assert (answer["bound_seconds"], answer["bytes_behind"]) == (None, None)
    assert why in answer["reason"]
    json.dumps(answer)


def test_the_session_goes_to_the_endpoint_that_rds_names() -> None:
    world = World()
    world.rds.set(host="moved.example.com", port=6432)
    world.bound(RUN)
    login = world.server.logins[0]
    assert (login.host, login.port, login.username) == ("moved.example.com", 6432, "app")
    assert "not-shown" not in repr(login)


@pytest.mark.parametrize("missing", ["username", "password", "dbname"])
def test_a_secret_without_a_login_is_refused_by_name(missing: str) -> None:
    world = World()
    del world.secrets.value[missing]
    with pytest.raises(RunRefused, match=missing):
        world.bound(RUN)


def test_an_instance_that_is_gone_or_has_no_endpoint_is_refused() -> None:
    world = World()
    world.rds.set(host=None)
    with pytest.raises(RunRefused, match="no endpoint"):
        world.bound(RUN)
    world.rds.instance = None
    with pytest.raises(RunRefused, match="no database instance"):
        world.bound(RUN)


SWITCHOVER = planned_run(fence={"held": True, "leader": PRIMARY, "epoch": 2})


def confirming(world: World, after_seconds: float) -> None:
    stopped = (holder("a", 2, 0.1), holder("b", 2, 0.3, lsn=998))
    world.clock.later(after_seconds, lambda: setattr(world.server, "holders", stopped))


def test_a_switchover_waits_until_the_replica_shows_everything_and_then_loses_nothing() -> None:
    world = World()
    world.server.holders = (holder("a"), holder("b"))
    confirming(world, 8)
    answer = world.bound(SWITCHOVER)
    assert world.clock.elapsed == 10
    assert (answer["accepted"], answer["known"], answer["bound_seconds"], answer["bytes_behind"]) == (True, True, 0, 0)
    evidence = answer["evidence"]
    assert (evidence["source_lsn"], evidence["replayed_lsn"]) == ("0/3E6", "0/3E8")
    assert [one["task"] for one in evidence["lease_holders"]] == ["a", "b"]
    json.dumps(answer)


def test_a_switchover_asks_nobody_to_accept_a_loss_and_no_policy_lets_one_pass() -> None:
    """A person started it to lose nothing: there is no figure to accept."""
    for policy in ("auto", "approve", "auto-within-rpo"):
        world = World(plan_with(lambda d, policy=policy: d.update(failover_policy=policy)))
        world.server.holders = (holder("a", 2, 1), holder("b"))
        refused = world.bound(SWITCHOVER)
        assert (refused["accepted"], refused["askable"], refused["known"]) == (False, False, False)
        assert "b of the old leader has not confirmed that it stopped." in refused["reason"]
        assert "promotes only what is shown to hold everything" in refused["reason"]
        assert refused["bound_seconds"] is None
        confirming(world, 0)
        assert world.bound(SWITCHOVER)["accepted"] is True


def test_a_task_that_died_costs_a_switchover_the_whole_lease_and_no_write() -> None:
    world = World()
    dead = holder("dead")
    world.server.holders = (dead, holder("b", 2, 0.1))
    world.clock.later(21, lambda: setattr(world.server, "holders", (dead, holder("b", 2, 20.5))))
    answer = world.bound(SWITCHOVER)
    assert (answer["accepted"], world.clock.elapsed) == (True, 25)
    assert "No lease of the old leader can hold 20.5 s after the fence" in answer["reason"]


def test_a_replica_that_does_not_answer_ends_a_switchover_in_its_time() -> None:
    world = World()
    silent(world)
    answer = world.bound(SWITCHOVER)
    assert (answer["accepted"], answer["evidence"]["lease_holders"]) == (False, None)
    assert "does not answer: ConnectionTimeout" in answer["reason"]
    assert world.clock.elapsed < 45
