"""A world in which every GET and PUT of the real register can be interleaved, delayed, lost or cut off.

Time is one step counter that all share. Runs and tasks are generators that give way before and after each call, so a
seeded scheduler decides what happens between any two of them. Nothing here knows the protocol: the tries, the pauses
and what is asked of which copy are `register_protocol.proposal`'s own.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise

from failover.domain import register_protocol
from failover.domain.leader_record import Change, LeaderRecord, Refusal, State, fence, genesis, hand_over, reopen
from failover.domain.lease import Lease, grant
from failover.domain.register_protocol import Answers, Copy, Read, Request, Requests, Transition, Versioned, agreed

REGIONS = ("ap-southeast-2", "us-west-2", "us-east-1")
OLD, NEW = REGIONS[0], REGIONS[1]
LEASE_STEPS, MARGIN_STEPS = 400, 10
NOW = datetime(2026, 1, 1, tzinfo=UTC)
Steps = Generator[None, None, None]


@dataclass
class Object:
    """One S3 object. A call is atomic, as S3's are, and the ETag is that of the content, as S3's is."""

    copy: Copy | None = None

    def etag(self) -> str | None:
        return repr(self.copy) if self.copy else None

    def do(self, request: Request) -> Versioned | None:
        if isinstance(request, Read):
            return Versioned(self.copy or Copy(), self.etag())
        if request.expected != self.etag():
            return None
        self.copy = request.copy
        return Versioned(self.copy, self.etag())


@dataclass(frozen=True)
class Seen:
    """That `record` is the chosen one was reported to somebody who asked between `began` and `ended`."""

    began: int
    ended: int
    record: LeaderRecord


@dataclass
class World:
    """The copies, the schedule and everything that was observed."""

    seed: int
    wait_steps: int = LEASE_STEPS + MARGIN_STEPS
    forgets: bool = True
    now: int = 0
    leases: list[tuple[Lease, int]] = field(default_factory=list)
    holds: list[tuple[int, str]] = field(default_factory=list)
    released: dict[str, int] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    crashed: int = 0
    late: list[tuple[int, str, Request]] = field(default_factory=list)
    cut: set[tuple[str, str]] = field(default_factory=set)
    proposals: int = 0

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        first = genesis(OLD, NOW)
        self.objects = {region: Object() for region in REGIONS}
        for _ in self._propose("genesis", lambda current: current or first, founding=True):
            pass

    def call(self, who: str, region: str, request: Request) -> Generator[None, None, Versioned | None]:
        """None: it was refused, did not arrive, will arrive late, or its answer was lost; the caller can't tell which."""
        yield
        if (who, region) in self.cut:
            return None
        if self.now and self.random.random() < 0.03:
            self.late.append((self.now + self.random.randrange(500), region, request))
            return None
        answer = self.objects[region].do(request)
        yield
        return None if self.now and self.random.random() < 0.05 else answer

    def ask(self, who: str, requests: Requests) -> Generator[None, None, Answers]:
        answers = {}
        for region in self.random.sample(sorted(requests), len(requests)):
            answer = yield from self.call(who, region, requests[region])
            if answer is not None:
                answers[region] = answer
        return answers

    def change(self, who: str, change: Change) -> Generator[None, None, LeaderRecord | Refusal | None]:
        """What came of `change`; None when no majority could be had. A refusal also says something of the record."""
        began, refused_for = self.now, None

        def transition(current: LeaderRecord | None) -> LeaderRecord | Refusal:
            nonlocal refused_for
            assert current is not None, "there is always a record here"
            refused_for = current
            return change(current)

        outcome = yield from self._propose(who, transition)
        record = refused_for if isinstance(outcome, Refusal) else outcome
        if record is not None:
            self.seen.append(Seen(began, self.now, record))
        return outcome

    def _propose(
        self, who: str, transition: Transition, founding: bool = False
    ) -> Generator[None, None, LeaderRecord | Refusal | None]:
        self.proposals += 1
        writer = f"{who}:{self.proposals}"
        steps = register_protocol.proposal(transition, frozenset(REGIONS), writer, founding, self.random.random)
        answers: Answers = {}
        try:
            step = next(steps)
            while True:
                if isinstance(step, timedelta):
                    for _ in range(round(step.total_seconds() * 50)):
                        yield
                else:
                    answers = yield from self.ask(who, step)
                step = steps.send(answers)
        except StopIteration as end:
            outcome: LeaderRecord | Refusal | None = end.value
            return outcome

    def pass_time(self) -> None:
        """Late messages land, links come and go, and one copy is lost at some time."""
        self.now += 1
        for message in [one for one in self.late if one[0] <= self.now]:
            self.late.remove(message)
            self.objects[message[1]].do(message[2])
        if self.forgets and self.random.random() < 0.0005:
            self.forgets = False
            self.objects[self.random.choice(REGIONS)].copy = None


def failover_run(world: World, name: str, to: str) -> Steps:
    """Fence, wait out the lease, hand over or stand down; repeats what got no answer, and gives up what it can't have."""
    held = yield from world.change(name, fence(name, NOW))
    if isinstance(held, Refusal):
        return
    last = reopen(name, NOW)
    if held is not None:
        world.holds.append((world.now, name))
        until = world.now + world.wait_steps
        while world.now < until:
            yield
        if world.random.random() < 0.7:
            last = hand_over(name, to, NOW, NOW + timedelta(hours=1))
        world.released[name] = world.now
    for _ in range(3):
        if (yield from world.change(name, last)) is not None:
            return


def task(world: World, name: str, region: str) -> Steps:
    """A service task: reads by majority, and may acknowledge from then until its lease has run out."""
    while True:
        asked_at = world.now
        answers = yield from world.ask(name, {copy: Read() for copy in REGIONS})
        record = agreed(answers, len(REGIONS))
        if record is not None:
            world.seen.append(Seen(asked_at, world.now, record))
            granted = grant(record, region, asked_at, timedelta(seconds=LEASE_STEPS))
            if isinstance(granted, Lease):
                world.leases.append((granted, world.now))
        for _ in range(world.random.randrange(1, 12)):
            yield


def play(world: World, steps: int = 6000) -> World:
    """Let four runs and three tasks meet. A run may crash at any call, and is never heard of again."""
    actors: dict[str, Steps] = {
        "task-old-1": task(world, "task-old-1", OLD),
        "task-old-2": task(world, "task-old-2", OLD),
        "task-new": task(world, "task-new", NEW),
    }
    starts = {f"run{number}": world.random.randrange(1, 3000) for number in range(4)}
    for number, name in enumerate(starts):
        actors[name] = failover_run(world, name, NEW if number % 2 == 0 else OLD)
    for _ in range(steps):
        world.pass_time()
        if world.random.random() < 0.02:
            world.cut ^= {(world.random.choice(sorted(actors)), world.random.choice(REGIONS))}
        name = world.random.choice(sorted(actors))
        if world.now < starts.get(name, 0):
            continue
        if name in starts and world.random.random() < 0.001:
            del actors[name]
            world.crashed += 1
            continue
        try:
            next(actors[name])
        except StopIteration:
            del actors[name]
    return world


def violation(world: World) -> str | None:
    """The first broken promise in a sentence, or None."""
    return _late_acknowledgement(world) or _two_holders(world) or _history_broken(world)


def _late_acknowledgement(world: World) -> str | None:
    """A leader's lease must have run out before another opens, as reported to anybody."""
    openings = [
        (one.record.epoch, one.record.leader, one.ended) for one in world.seen if one.record.state is State.OPEN
    ]
    for lease, _ in world.leases:
        for epoch, leader, opened_at in openings:
            if epoch > lease.record.epoch and leader != lease.record.leader and opened_at < lease.valid_until_seconds:
                return f"{lease.record.leader} could still acknowledge when {leader} had opened"
    return None


def _two_holders(world: World) -> str | None:
    for (_, first), (taken_at, second) in pairwise(sorted(world.holds)):
        if world.released.get(first, taken_at + 1) > taken_at:
            return f"{second} took the fence while {first} held it"
    return None


def _history_broken(world: World) -> str | None:
    """One record in an epoch, and none is lost: whoever asks later is told of the same epoch or a later one."""
    by_epoch: dict[int, LeaderRecord] = {}
    for one in world.seen:
        if by_epoch.setdefault(one.record.epoch, one.record) != one.record:
            return f"epoch {one.record.epoch} was chosen twice, with different records"
    ordered = sorted(world.seen, key=lambda one: one.ended)
    ends = [one.ended for one in ordered]
    newest = list(accumulate((one.record.epoch for one in ordered), max, initial=0))
    for one in world.seen:
        known = newest[bisect_left(ends, one.began)]
        if one.record.epoch < known:
            return f"epoch {one.record.epoch} was reported after epoch {known}: a change was lost"
    return None
