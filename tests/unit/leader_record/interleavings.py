"""A world in which every GET and PUT of the real register can be interleaved, delayed, lost or cut off.

Time is one step counter that all share. Whoever changes or reads the record is a generator that gives way before and
after each call, so that whoever plays decides what happens between any two of them. Nothing here knows the protocol:
the tries, the pauses and what is asked of which copy are `register_protocol.proposal`'s own.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
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


class Mishap(Enum):
    """What becomes of a call: the caller can tell no one of these from another."""

    REQUEST_LOST = auto()
    REQUEST_LATE = auto()
    ANSWER_LOST = auto()


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
    """The copies, what is on its way to them, and everything that was observed."""

    now: int = 0
    leases: list[tuple[Lease, int]] = field(default_factory=list)
    holds: list[tuple[int, str]] = field(default_factory=list)
    released: dict[str, int] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    late: list[tuple[str, Request]] = field(default_factory=list)
    dark: str | None = None
    mishaps: dict[str, Mishap] = field(default_factory=dict)
    proposals: int = 0

    def __post_init__(self) -> None:
        first = genesis(OLD, NOW)
        self.objects = {region: Object() for region in REGIONS}
        for _ in self._propose("genesis", lambda current: current or first, founding=True):
            pass

    def call(self, who: str, region: str, request: Request) -> Generator[None, None, Versioned | None]:
        """None: it was refused, did not arrive, will arrive late, or its answer was lost; the caller can't tell which."""
        yield
        if region == self.dark:
            return None
        mishap = self.mishaps.pop(who, None)
        if mishap is Mishap.REQUEST_LATE:
            self.late.append((region, request))
        if mishap in (Mishap.REQUEST_LATE, Mishap.REQUEST_LOST):
            return None
        answer = self.objects[region].do(request)
        yield
        return None if mishap is Mishap.ANSWER_LOST else answer

    def ask(self, who: str, requests: Requests) -> Generator[None, None, Answers]:
        answers = {}
        # Each begins with another copy: were all to ask in one order, whoever comes first would be first everywhere.
        begin = sum(map(ord, who)) % len(REGIONS)
        for region in (*REGIONS[begin:], *REGIONS[:begin]):
            if region in requests:
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
        # How long a proposer pauses is for whoever plays to decide: it goes on when it is let.
        steps = register_protocol.proposal(transition, frozenset(REGIONS), writer, founding, lambda: 0.0)
        answers: Answers = {}
        try:
            step = next(steps)
            while True:
                if isinstance(step, timedelta):
                    yield
                else:
                    answers = yield from self.ask(who, step)
                step = steps.send(answers)
        except StopIteration as end:
            outcome: LeaderRecord | Refusal | None = end.value
            return outcome


@dataclass
class Run:
    """A run and what its controller knows: whether it holds the fence, and what it does last, if it is at that."""

    name: str
    to: str
    tried: bool = False
    held_since: int | None = None
    last: Change | None = None
    over: bool = False

    def fences(self, world: World) -> Steps:
        self.tried = True
        held = yield from world.change(self.name, fence(self.name, NOW))
        if isinstance(held, Refusal):
            self.over = True
        elif held is not None:
            self.held_since = world.now
            world.holds.append((world.now, self.name))

    def hands_over(self, world: World) -> Steps:
        return self._ends(world, hand_over(self.name, self.to, NOW, NOW + timedelta(hours=1)))

    def reopens(self, world: World) -> Steps:
        return self._ends(world, reopen(self.name, NOW))

    def _ends(self, world: World, last: Change) -> Steps:
        """What got no answer is repeated, and nothing else is tried then."""
        self.last = self.last or last
        if self.held_since is not None:
            world.released.setdefault(self.name, world.now)
        self.over = (yield from world.change(self.name, self.last)) is not None


def renews(world: World, name: str, region: str) -> Steps:
    """A service task reads by majority, and may acknowledge writes from then until its lease has run out."""
    asked_at = world.now
    answers = yield from world.ask(name, {copy: Read() for copy in REGIONS})
    record = agreed(answers, len(REGIONS))
    if record is not None:
        world.seen.append(Seen(asked_at, world.now, record))
        granted = grant(record, region, asked_at, timedelta(seconds=LEASE_STEPS))
        if isinstance(granted, Lease):
            world.leases.append((granted, world.now))


def age(record: LeaderRecord) -> tuple[int, bool]:
    """What a record can only gain: an acknowledgement keeps its epoch."""
    return record.epoch, record.acknowledged


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
    """One record of an age, and none is lost: whoever asks later is told of the same record or a later one."""
    by_age: dict[tuple[int, bool], LeaderRecord] = {}
    for one in world.seen:
        if by_age.setdefault(age(one.record), one.record) != one.record:
            return f"epoch {one.record.epoch} was chosen twice, with different records"
    ordered = sorted(world.seen, key=lambda one: one.ended)
    ends = [one.ended for one in ordered]
    newest = list(accumulate((age(one.record) for one in ordered), max, initial=(0, False)))
    for one in world.seen:
        known = newest[bisect_left(ends, one.began)]
        if age(one.record) < known:
            return f"epoch {one.record.epoch} was reported after epoch {known[0]}: a change was lost"
    return None
