"""A world in which every GET and PUT of the real protocol can be interleaved, delayed, lost or cut off.

Time is one step counter that all share. Runs and tasks are generators that give way before and after each call, so a
seeded scheduler decides what happens between any two of them. Nothing here knows the protocol: it is the product's own.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from failover.domain.leader_record import (
    Change,
    LeaderRecord,
    Refusal,
    fence,
    genesis,
    hand_over,
    reopen,
)
from failover.domain.lease import Lease, grant
from failover.domain.register_protocol import (
    Answers,
    Chosen,
    Copy,
    Read,
    Request,
    Versioned,
    agreed,
    attempt,
)

REGIONS = ("ap-southeast-2", "us-west-2", "us-east-1")
OLD, NEW = REGIONS[0], REGIONS[1]
LEASE_STEPS, MARGIN_STEPS = 400, 10
NOW = datetime(2026, 1, 1, tzinfo=UTC)
Steps = Generator[None, None, None]


@dataclass
class Object:
    """One S3 object: its version, and what it holds. A call is atomic, as S3's are."""

    version: int = 0
    copy: Copy = field(default_factory=Copy)

    def do(self, request: Request) -> Versioned | None:
        if isinstance(request, Read):
            return Versioned(self.copy, str(self.version) if self.version else None)
        if request.expected != (str(self.version) if self.version else None):
            return None
        self.version += 1
        self.copy = request.copy
        return Versioned(self.copy, str(self.version))


@dataclass
class World:
    """The copies, the schedule and everything that was observed."""

    seed: int
    wait_steps: int = LEASE_STEPS + MARGIN_STEPS
    now: int = 0
    leases: list[tuple[Lease, int]] = field(default_factory=list)
    holds: list[tuple[int, str]] = field(default_factory=list)
    released: dict[str, int] = field(default_factory=dict)
    chosen: list[LeaderRecord] = field(default_factory=list)
    cut: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        first = genesis(OLD, NOW)
        self.objects = {region: Object() for region in REGIONS}
        drain(self.change("genesis", lambda current: current or first))

    def call(self, who: str, region: str, request: Request) -> Generator[None, None, Versioned | None]:
        """None: it did not arrive, was refused, or its answer was lost; the caller cannot tell which."""
        yield
        if (who, region) in self.cut:
            return None
        answer = self.objects[region].do(request)
        yield
        return None if self.now and self.random.random() < 0.05 else answer

    def ask(self, who: str, requests: dict[str, Request]) -> Generator[None, None, Answers]:
        answers = {}
        for region in self.random.sample(sorted(requests), len(requests)):
            answer = yield from self.call(who, region, requests[region])
            if answer is not None:
                answers[region] = answer
        return answers

    def change(self, who: str, transition: object) -> Generator[None, None, LeaderRecord | Refusal | None]:
        """What `transition` made of the record; None when no majority could be had."""
        floor = 0
        for number in range(6):
            protocol = attempt(transition, frozenset(REGIONS), f"{who}:{number}", floor)  # type: ignore[arg-type]
            requests = next(protocol)
            while True:
                answers = yield from self.ask(who, dict(requests))
                try:
                    requests = protocol.send(answers)
                except StopIteration as end:
                    result = end.value
                    break
            if isinstance(result, Chosen):
                if isinstance(result.outcome, LeaderRecord):
                    self.chosen.append(result.outcome)
                return result.outcome
            floor = result.highest
        return None


def drain(steps: Generator[None, None, object]) -> None:
    for _ in steps:
        pass


def changing(change: Change) -> object:
    """As LeaderRegister does: there is always a record here."""
    return lambda current: change(current)


def failover_run(world: World, name: str, to: str) -> Steps:
    """Fence, wait out the lease, hand over or stand down; may crash after the fence, and repeats what got no answer."""
    held = yield from world.change(name, changing(fence(name, NOW)))
    if not isinstance(held, LeaderRecord):
        return
    world.holds.append((world.now, name))
    until = world.now + world.wait_steps
    while world.now < until:
        yield
    if world.random.random() < 0.15:
        return  # crashed: the record stays fenced
    last = reopen(name, NOW) if world.random.random() < 0.3 else hand_over(name, to, NOW, NOW + timedelta(hours=1))
    world.released[name] = world.now
    for _ in range(3):
        if (yield from world.change(name, changing(last))) is not None:
            return


def task(world: World, name: str, region: str) -> Steps:
    """A service task: reads by majority, and may acknowledge until its lease has run out."""
    while True:
        asked_at = world.now
        answers = yield from world.ask(name, dict.fromkeys(REGIONS, Read()))
        record = agreed(answers, len(REGIONS))
        if record is not None:
            granted = grant(record, region, asked_at, timedelta(seconds=LEASE_STEPS))
            if isinstance(granted, Lease):
                world.leases.append((granted, asked_at))
        for _ in range(world.random.randrange(1, 12)):
            yield


def play(world: World, steps: int = 6000) -> World:
    """Let three runs and three tasks meet, with links that come and go."""
    actors: dict[str, Steps] = {
        "task-old-1": task(world, "task-old-1", OLD),
        "task-old-2": task(world, "task-old-2", OLD),
        "task-new": task(world, "task-new", NEW),
    }
    starts = {f"run{number}": world.random.randrange(1, 3000) for number in range(3)}
    for number, name in enumerate(starts):
        actors[name] = failover_run(world, name, NEW if number % 2 == 0 else OLD)
    for _ in range(steps):
        world.now += 1
        if world.random.random() < 0.02:
            world.cut ^= {(world.random.choice(sorted(actors)), world.random.choice(REGIONS))}
        name = world.random.choice(sorted(actors))
        if world.now >= starts.get(name, 0):
            try:
                next(actors[name])
            except StopIteration:
                del actors[name]
    return world


def violation(world: World) -> str | None:
    """The first broken promise in a sentence, or None."""
    for lease, _ in world.leases:
        for other, asked_at in world.leases:
            later_leader = other.record.epoch > lease.record.epoch and other.record.leader != lease.record.leader
            if later_leader and asked_at < lease.valid_until_seconds:
                return f"{lease.record.leader} could still acknowledge when {other.record.leader} had opened"
            if other.record.epoch == lease.record.epoch and other.record.leader != lease.record.leader:
                return f"epoch {lease.record.epoch} has two leaders"
    holds = sorted(world.holds)
    for (_, first), (taken_at, second) in pairwise(holds):
        if world.released.get(first, taken_at + 1) > taken_at:
            return f"{second} took the fence while {first} held it"
    by_epoch: dict[int, LeaderRecord] = {}
    for record in world.chosen:
        if by_epoch.setdefault(record.epoch, record) != record:
            return f"epoch {record.epoch} was chosen twice, with different records"
    return None
