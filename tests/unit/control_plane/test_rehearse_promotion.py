"""Does the drill on a throwaway replica prove what it says, leave nothing behind, and keep away from production?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from control_plane_world import (
    NOW,
    PRIMARY,
    SOURCE_ARN,
    STANDBY,
    MemoryHeartbeats,
    MemoryRds,
    MemoryRegister,
    MemorySecrets,
    MemoryServer,
    MemoryWeb,
    VirtualClock,
    plan_with,
)

from failover.application.errors import DamagedContent, RunRefused, TransientFailure
from failover.application.ports import DatabaseInstance, DatabaseLogin
from failover.application.rehearse_promotion import RehearsePromotion
from failover.application.see_production import SeeProduction, SeeStanding
from failover.application.under_way import DRILL, UnderWay
from failover.domain.heartbeat import Heartbeat, Lsn
from failover.domain.isolated_promotion import MADE_BY_TAG, IsolatedPromotion, changed
from failover.domain.leader_record import Refusal
from failover.domain.loss_bound import ReplicaPosition
from failover.domain.readiness.routing import FailoverRecord
from failover.domain.restored_content import TABLES, Content

NAME = f"app-{STANDBY}-isolated"
BEAT = Heartbeat(PRIMARY, 1, 41, NOW - timedelta(seconds=1), Lsn(900))
EVERYTHING = Content(False, TABLES, 1000, NOW, BEAT)


class Replicas:
    """RDS in the standby's Region: the replica of production beside the throwaway one, each with a life of its own."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.production, self.throwaway = MemoryRds(clock), MemoryRds(clock)
        self.throwaway.instance = None
        self.asked: list[tuple[str, str, str, Mapping[str, str]]] = []
        self.deleted: list[str] = []
        self.refusal: Refusal | None = None
        self.deletes = True
        self.made = "available"

    def describe(self, identifier: str) -> DatabaseInstance | None:
        return self.production.describe(identifier) or self.throwaway.describe(identifier)

    def create_replica(self, identifier: str, source_arn: str, like: str, tags: Mapping[str, str]) -> Refusal | None:
        if self.refusal:
            return self.refusal
        self.asked.append((identifier, source_arn, like, tags))
        self.throwaway.instance = DatabaseInstance(identifier, "creating", source_arn, None, None, 0)
        self.clock.later(20, lambda: self.throwaway.set(status=self.made, host="new", port=5432))
        return None

    def promote(self, identifier: str, backup_retention_days: int) -> Refusal | None:
        assert identifier == NAME, "production is promoted by nobody"
        return self.throwaway.promote(identifier, backup_retention_days)

    def delete(self, identifier: str) -> Refusal | None:
        assert identifier == NAME
        self.deleted.append(identifier)
        if self.deletes:
            self.throwaway.set(status="deleting")
            self.clock.later(10, lambda: setattr(self.throwaway, "instance", None))
        return None


class Sessions:
    """The throwaway server at host `new`, production's replica at its own."""

    def __init__(self, replicas: Replicas) -> None:
        self.production, self.throwaway = MemoryServer(), MemoryServer()
        self.production.heartbeat = self.throwaway.heartbeat = BEAT
        self.content_now: Content | Exception = EVERYTHING
        self.slot_names: tuple[str, ...] = ()
        replicas.throwaway.on_promoted = lambda: setattr(self.throwaway, "recovering", False)

    def position(self, login: DatabaseLogin, region: str) -> ReplicaPosition:
        return self._at(login).position(login, region)

    def in_recovery(self, login: DatabaseLogin) -> bool:
        return self._at(login).in_recovery(login)

    def write_probe(self, login: DatabaseLogin, region: str) -> None:
        assert login.host == "new", "nothing is written to production"
        self.throwaway.write_probe(login, region)

    def content(self, login: DatabaseLogin, region: str) -> Content:
        assert login.host == "new"
        if isinstance(self.content_now, Exception):
            raise self.content_now
        return self.content_now

    def slots(self, login: DatabaseLogin) -> tuple[str, ...]:
        assert login.host != "new"
        return self.slot_names

    def _at(self, login: DatabaseLogin) -> MemoryServer:
        return self.throwaway if login.host == "new" else self.production


class Names:
    def __init__(self) -> None:
        self.found = (FailoverRecord(PRIMARY, "PRIMARY", "check-1"), FailoverRecord(STANDBY, "SECONDARY", "check-2"))

    def records(self, name: str) -> tuple[FailoverRecord, ...]:
        assert name == "app.example.com"
        return self.found

    def health_check(self, check_id: str) -> None:
        raise AssertionError(check_id)


class Leaders:
    """RDS in the leader's Region. `left` is a replica that is listed there for ever."""

    def __init__(self, replicas: Replicas) -> None:
        self.replicas, self.left = replicas, ()

    def describe(self, identifier: str) -> DatabaseInstance:
        assert identifier == f"app-{PRIMARY}"
        both = (self.replicas.production.instance, self.replicas.throwaway.instance)
        listed = tuple(one.identifier for one in both if one is not None and one.source == SOURCE_ARN)
        return DatabaseInstance(identifier, "available", None, "leader", 5432, 7, replicas=(*listed, *self.left))


class World:
    def __init__(self) -> None:
        self.clock, self.register, self.web = VirtualClock(), MemoryRegister(), MemoryWeb()
        self.replicas, self.names = Replicas(self.clock), Names()
        self.sessions, self.leaders = Sessions(self.replicas), Leaders(self.replicas)
        self.under_way: list[UnderWay] = []
        self.heartbeats = MemoryHeartbeats(BEAT)
        self.web.say("https://app.example.com/healthz", 200, PRIMARY)
        self.said: list[str] = []
        self.plan, secrets = plan_with(), MemorySecrets()
        see = SeeProduction(self.plan, STANDBY, self.replicas, secrets, self.sessions, self.heartbeats, self.web)
        self.drill = RehearsePromotion(
            self.plan,
            STANDBY,
            "arn:aws:sts::123456789012:assumed-role/on-call/jane",
            self.register,
            [lambda: self.under_way],
            self.replicas,
            secrets,
            self.sessions,
            self.heartbeats,
            SeeStanding(see, self.register, lambda _: self.leaders, self.names, "app.example.com"),
            self.clock,
            timedelta(minutes=10),
            self.said.append,
        )

    def drilled(self) -> IsolatedPromotion:
        found = self.drill()
        assert isinstance(found, IsolatedPromotion), found
        return found

    def nothing_is_left(self) -> bool:
        return self.replicas.throwaway.instance is None and self.replicas.production.instance is not None


def test_a_throwaway_replica_is_made_promoted_read_and_deleted_and_each_step_is_timed() -> None:
    world = World()
    found = world.drilled()
    assert found.passed, found.verdict
    assert [step.name for step in found.steps] == ["create", "catch up", "promote", "check", "delete"]
    assert (found.seconds("create"), found.seconds("promote"), found.seconds("delete")) == (20, 15, 10)
    assert found.lasted == timedelta(seconds=45)
    assert world.nothing_is_left()
    ((name, source, like, tags),) = world.replicas.asked
    assert (name, source, like) == (NAME, SOURCE_ARN, f"app-{STANDBY}")
    assert tags == {MADE_BY_TAG: "arn:aws:sts::123456789012:assumed-role/on-call/jane"}
    assert world.replicas.throwaway.promotions == [0], "nothing of it is backed up"
    assert (world.replicas.production.promotions, world.sessions.production.probes) == ([], [])
    assert len(world.said) == 5
    assert found.to_dict()["content"]["writes"] == 1000
    assert found.event("jane").kind == "promotion-rehearsed"


def test_a_replica_whose_blocks_are_still_loaded_from_its_snapshot_is_promoted_as_in_a_failover() -> None:
    world = World()
    world.replicas.made = world.replicas.throwaway.becomes = "storage-initialization"
    assert world.drilled().passed
    assert world.nothing_is_left()


def test_it_is_promoted_only_when_it_has_all_that_was_published_when_it_became_available() -> None:
    world = World()
    world.sessions.throwaway.heartbeat = replace(BEAT, at=BEAT.at - timedelta(seconds=30))
    world.clock.later(55, lambda: setattr(world.sessions.throwaway, "heartbeat", BEAT))
    found = world.drilled()
    assert found.passed
    assert found.seconds("catch up") == 35


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda world: setattr(world.replicas.throwaway, "completes", False), "promote: not within 600 s"),
        (lambda world: setattr(world.sessions.throwaway, "heartbeat", None), "catch up: not within 600 s"),
        (lambda world: setattr(world.heartbeats, "answer", MemoryHeartbeats().answer), "has published no heartbeat"),
        (
            lambda world: setattr(world.sessions, "content_now", DamagedContent("invalid page in block 3")),
            "invalid page",
        ),
        (
            lambda world: setattr(world.sessions, "content_now", replace(EVERYTHING, tables=frozenset({"probe"}))),
            "this is not the service's database",
        ),
        (
            lambda world: setattr(
                world.sessions,
                "content_now",
                replace(EVERYTHING, heartbeat=replace(BEAT, at=BEAT.at - timedelta(minutes=1))),
            ),
            "was published before it was promoted",
        ),
        (lambda world: world.clock.later(10, lambda: world.replicas.throwaway.set(status="failed")), "is failed"),
    ],
)
def test_a_drill_that_fails_says_why_and_leaves_nothing(spoil: Any, why: str) -> None:
    world = World()
    spoil(world)
    found = world.drilled()
    assert not found.passed
    assert why in found.verdict
    assert world.nothing_is_left()


def test_whoever_interrupts_it_finds_nothing_left() -> None:
    """Ctrl-C comes as an exception that is no Exception."""
    world = World()

    def interrupt(*_: Any) -> Any:
        raise KeyboardInterrupt

    world.clock.later(15, lambda: setattr(world.sessions, "position", interrupt))
    with pytest.raises(KeyboardInterrupt):
        world.drill()
    assert world.nothing_is_left()


def test_whoever_interrupts_it_is_told_of_what_could_not_be_deleted() -> None:
    """There is no report then, and an instance costs money for as long as nobody knows of it."""
    world = World()
    world.replicas.deletes = False

    def interrupt(*_: Any) -> Any:
        raise KeyboardInterrupt

    world.clock.later(15, lambda: setattr(world.sessions, "position", interrupt))
    with pytest.raises(KeyboardInterrupt):
        world.drill()
    assert world.said[-1].startswith(f"{NAME} is left behind: ")


def test_an_api_that_does_not_answer_for_a_while_ends_nothing() -> None:
    world = World()
    describe, silent = world.replicas.describe, iter(range(3))

    def shaky(identifier: str) -> DatabaseInstance | None:
        if identifier == NAME and world.clock.elapsed > 5 and next(silent, None) is not None:
            raise TransientFailure("Describing: no answer from AWS.")
        return describe(identifier)

    world.replicas.describe = shaky  # type: ignore[method-assign]
    assert world.drilled().passed


def test_why_rds_would_not_delete_or_promote_it_is_told() -> None:
    world = World()
    world.replicas.delete = lambda _: Refusal("It is being modified.")  # type: ignore[method-assign]
    world.replicas.promote = lambda *_: Refusal("It is backing up.")  # type: ignore[method-assign]
    found = world.drilled()
    assert "It is backing up." in (found.failure or "")
    assert "It is being modified." in (found.left_behind or "")


def test_an_instance_that_cannot_be_deleted_is_the_first_thing_told() -> None:
    world = World()
    world.replicas.deletes = False
    found = world.drilled()
    assert found.verdict.startswith(f"Failed: {NAME} is left behind")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda world: world.register.fenced_by(), "is in progress: drill when it has ended"),
        (
            lambda world: world.under_way.append(UnderWay("rebuild", "rebuild-e3", NOW, "CreateReplica", "jane")),
            "In progress: rebuild-e3, a rebuild, by jane, since 2026-11-23 03:00:00 UTC, in CreateReplica. Drill when it",
        ),
        (
            lambda world: world.under_way.append(UnderWay(DRILL, NAME, None, "available")),
            f"{NAME}, a drill, in available. Delete it where nobody drills.",
        ),
        (
            lambda world: setattr(world.register, "record", replace(world.register.record, leader=STANDBY)),
            "promoted in the standby",
        ),
        (lambda world: setattr(world.replicas.production, "instance", None), f"has no app-{STANDBY}"),
        (lambda world: setattr(world.replicas, "refusal", Refusal("AWS does not make it now.")), "AWS does not make"),
    ],
)
def test_what_is_in_the_way_refuses_it_and_nothing_is_made_or_deleted(spoil: Any, why: str) -> None:
    world = World()
    spoil(world)
    found = world.drill()
    assert isinstance(found, Refusal)
    assert why in found.reason
    assert (world.replicas.asked, world.replicas.deleted) == ([], [])


def test_what_cannot_be_looked_at_beforehand_makes_nothing() -> None:
    world = World()

    def dark() -> list[UnderWay]:
        raise TransientFailure("Listing the runs in progress: no answer from AWS.")

    world.drill = replace(world.drill, work=[dark])
    with pytest.raises(TransientFailure):
        world.drill()
    assert world.replicas.asked == []


def test_what_production_noticed_fails_it() -> None:
    world = World()
    world.clock.later(15, lambda: world.register.fenced_by("failover-e1-1"))
    world.clock.later(15, lambda: setattr(world.leaders, "left", ("stray",)))
    world.clock.later(15, lambda: setattr(world.names, "found", world.names.found[:1]))
    found = world.drilled()
    assert not found.passed
    assert found.changed == (
        f"the replicas of the leader changed from app-{STANDBY} to app-{STANDBY}, stray",
        f"the public name's records changed from PRIMARY {PRIMARY} check-1, SECONDARY {STANDBY} check-2 to "
        f"PRIMARY {PRIMARY} check-1",
        f"the leader record changed from {PRIMARY}, open, epoch 1 to {PRIMARY}, fenced, epoch 2",
    )


def test_what_could_not_be_seen_proves_nothing() -> None:
    world = World()
    seen = world.drill.see(PRIMARY)
    second = timedelta(seconds=1)
    assert changed(seen, seen, second) == ()
    for name in ("replicas", "names", "record"):
        assert "could not be seen after" in changed(seen, replace(seen, **{name: None}), second)[0]


def test_a_look_at_production_that_is_refused_is_told_as_not_seen() -> None:
    world = World()

    def denied(name: str) -> tuple[FailoverRecord, ...]:
        raise RunRefused("Looking for the records: AccessDenied.")

    world.names.records = denied  # type: ignore[method-assign]
    found = world.drilled()
    assert found.verdict == "Failed: the public name's records could not be seen before the drill."
