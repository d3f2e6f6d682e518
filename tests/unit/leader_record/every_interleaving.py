"""Which states can a few proposers bring three copies to, in whatever order their calls arrive, fail or come late? All of them.

A search through every state that can be reached: nothing is drawn. A call is one step, as S3's are; between any two steps any
other proposer may take one. Of the calls, `faults` may go wrong, each in one of three ways: it never arrives (a dark copy), it
arrives and its answer is lost, or it arrives at any later time, its answer lost. A proposer that ended half-way needs no step
of its own: every state is judged, and so is the one in which it is never heard of again. What is asked of which copy is
`register_protocol`'s own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from failover.domain import register_protocol
from failover.domain.leader_record import Change, LeaderRecord, Refusal, fence, genesis
from failover.domain.register_protocol import Ballot, Chosen, Copy, Read, Request, Versioned, agreed

REGIONS = ("ap-southeast-2", "us-west-2", "us-east-1")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ABSENT = 0
FIRST = Copy(Ballot(1, "genesis"), Ballot(1, "genesis"), genesis(REGIONS[0], NOW))

Copies = tuple[int, int, int]
Answered = tuple[tuple[str, int], ...]  # by Region, the number of the copy that it answered with
Put = tuple[int, int]  # the numbers of the copy that is expected, and of the copy to be


class Proposer(NamedTuple):
    """Where one proposer is: what it was answered in its rounds so far, and in this one; `dealt` was asked already."""

    who: int
    rounds: tuple[Answered, ...] = ()
    answered: Answered = ()
    dealt: frozenset[str] = frozenset()


class Position(NamedTuple):
    """Everything on which the future depends. Copies are numbered: equal ones have the same number, as they have one ETag.

    Proposers are numbered alike, as that makes positions fast to compare.
    """

    copies: Copies
    proposers: tuple[int, ...]
    late: frozenset[tuple[str, int, int]] = frozenset()  # Region, the copy that is expected there, the copy to be
    faults: int = 0
    losses: int = 0


@dataclass
class Ended:
    """What a proposer was told: `record` is the one that is chosen, whether the change was made or refused; None: unknown."""

    record: LeaderRecord | None


Step = dict[str, Put | None] | Ended  # what a proposer asks of each copy: a change of it, or None for reading it


class Search:
    """Every state that proposers of `changes` can reach from three equal copies."""

    def __init__(self, changes: list[Change], faults: int, losses: int = 0, in_order: bool = False) -> None:
        """`in_order`: each proposer asks the copies one after the other, beginning with another one than the rest."""
        self._changes, self._in_order = changes, in_order
        self._copies: list[Copy | None] = [None]
        self._numbers: dict[Copy, int] = {}
        self._steps: dict[tuple[int, tuple[Answered, ...]], Step] = {}
        self._proposers: list[tuple[Proposer, Step]] = []
        self._places: dict[Proposer, int] = {}
        self._dealt_before: dict[tuple[int, str, int | None], int] = {}
        self._judged: dict[tuple[Copies, tuple[int, ...]], str | None] = {}
        self._next: dict[tuple[Copies, int | None], LeaderRecord | None] = {}
        self._agreed: dict[Copies, LeaderRecord | None] = {}
        first = self._number(FIRST)
        proposers = tuple(self._place(Proposer(who)) for who in range(len(changes)))
        self.start = Position((first, first, first), proposers, faults=faults, losses=losses)
        self.positions = 0
        self.fenced: set[str | None] = set()

    def violation(self) -> str | None:
        """The first broken promise in a sentence, or None when no state that can be reached breaks one."""
        known, waiting = {self.start}, [self.start]
        while waiting:
            position = waiting.pop()
            self.positions += 1
            if found := self._broken(position):
                return found
            for following in self._following(position):
                if following not in known:
                    known.add(following)
                    waiting.append(following)
        return None

    def _broken(self, position: Position) -> str | None:
        """Only what is told matters to it, and not how far the others are."""
        ended = tuple(one for one in position.proposers if isinstance(self._proposers[one][1], Ended))
        if (position.copies, ended) not in self._judged:
            self._judged[position.copies, ended] = self._judge(position.copies, ended)
        return self._judged[position.copies, ended]

    def _judge(self, copies: Copies, ended: tuple[int, ...]) -> str | None:
        """One record in an epoch, whoever is told of it, and none is lost again."""
        told: dict[int, LeaderRecord] = {}
        for _, step in (self._proposers[one] for one in ended):
            if isinstance(step, Ended) and step.record is not None:
                self.fenced.add(step.record.run)
                if told.setdefault(step.record.epoch, step.record) != step.record:
                    return f"{step.record.run} and {told[step.record.epoch].run} hold epoch {step.record.epoch}"
        # What a task reads by majority, and takes for its lease.
        read = self._read(copies)
        if read is not None and told.setdefault(read.epoch, read) != read:
            return f"a task reads {read.run} in epoch {read.epoch}, which {told[read.epoch].run} holds"
        return self._forgotten(copies, told[max(told)]) if told else None

    def _forgotten(self, copies: Copies, newest: LeaderRecord) -> str | None:
        """Whoever asks next, with any one copy dark, is told of the newest record or of a later one."""
        for dark in (None, *range(len(REGIONS))):
            found = self._told_next(copies, dark)
            if found is None and (dark is not None or copies.count(ABSENT) > 1):
                continue
            if found is None:
                return "the next proposer is told nothing"
            if found.epoch < newest.epoch:
                return f"epoch {newest.epoch} was chosen, and the next proposer is told of epoch {found.epoch}"
            if found.epoch == newest.epoch and found != newest:
                return (
                    f"{newest.run} was told that it holds epoch {newest.epoch}, and the next one that {found.run} does"
                )
        return None

    def _following(self, position: Position) -> Iterator[Position]:
        for message in position.late:
            yield self._arrived(position, *message)._replace(late=position.late - {message})
        if position.losses and ABSENT not in position.copies:
            for place in range(len(REGIONS)):
                yield _put(position, place, ABSENT)._replace(losses=position.losses - 1)
        for number in position.proposers:
            proposer, step = self._proposers[number]
            if not isinstance(step, Ended):
                for region in self._askable(proposer, step):
                    yield from self._asked(position, proposer.who, region, step[region])

    def _askable(self, proposer: Proposer, step: dict[str, Put | None]) -> list[str]:
        places = [REGIONS[(proposer.who + place) % len(REGIONS)] for place in range(len(REGIONS))]
        left = [region for region in places if region in step and region not in proposer.dealt]
        return left[:1] if self._in_order else left

    def _asked(self, position: Position, who: int, region: str, put: Put | None) -> Iterator[Position]:
        held = position.copies[REGIONS.index(region)]
        fewer = position._replace(faults=position.faults - 1)
        if position.faults:
            yield self._dealt(fewer, who, region, None)
        if put is None:
            yield self._dealt(position, who, region, held)
            return
        expected, wanted = put
        yield self._dealt(self._arrived(position, region, *put), who, region, wanted if held == expected else None)
        if position.faults:
            # Delivered at once, that is a lost answer.
            yield self._dealt(fewer._replace(late=fewer.late | {(region, *put)}), who, region, None)

    def _arrived(self, position: Position, region: str, expected: int, wanted: int) -> Position:
        place = REGIONS.index(region)
        return _put(position, place, wanted) if position.copies[place] == expected else position

    def _dealt(self, position: Position, who: int, region: str, answer: int | None) -> Position:
        before = position.proposers[who]
        after = self._dealt_before.get((before, region, answer))
        if after is None:
            after = self._dealt_before[before, region, answer] = self._place(self._after(before, region, answer))
        return position._replace(proposers=(*position.proposers[:who], after, *position.proposers[who + 1 :]))

    def _after(self, number: int, region: str, answer: int | None) -> Proposer:
        proposer, step = self._proposers[number]
        assert not isinstance(step, Ended)
        answered = proposer.answered if answer is None else tuple(sorted((*proposer.answered, (region, answer))))
        dealt = proposer.dealt | {region}
        if dealt == step.keys():
            return Proposer(proposer.who, (*proposer.rounds, answered))
        return Proposer(proposer.who, proposer.rounds, answered, dealt)

    def _place(self, proposer: Proposer) -> int:
        if proposer not in self._places:
            self._places[proposer] = len(self._proposers)
            self._proposers.append((proposer, self._step(proposer.who, proposer.rounds)))
        return self._places[proposer]

    def _step(self, who: int, rounds: tuple[Answered, ...]) -> Step:
        """What a proposer asks next, by playing its rounds again: a generator can't be copied."""
        known = self._steps.get((who, rounds))
        if known is None:
            known = self._steps[who, rounds] = self._play(self._changes[who], f"proposer-{who}", rounds)
        return known

    def _play(self, change: Change, writer: str, rounds: tuple[Answered, ...]) -> Step:
        refused_for: list[LeaderRecord] = []

        def transition(current: LeaderRecord | None) -> LeaderRecord | Refusal:
            assert current is not None, "there is always a record here"
            refused_for[:] = [current]
            return change(current)

        attempt = register_protocol.attempt(transition, frozenset(REGIONS), writer, 0)
        steps = register_protocol._among_intact(attempt, len(REGIONS), False)
        try:
            requests = next(steps)
            for answered in rounds:
                requests = steps.send({region: self._versioned(number) for region, number in answered})
        except StopIteration as end:
            result = end.value
            if not isinstance(result, Chosen):
                return Ended(None)
            if isinstance(result.outcome, LeaderRecord):
                return Ended(result.outcome)
            return Ended(refused_for[0] if refused_for else None)
        return {region: self._wanted(request) for region, request in requests.items()}

    def _wanted(self, request: Request) -> Put | None:
        return None if isinstance(request, Read) else (int(request.expected or ABSENT), self._number(request.copy))

    def _told_next(self, copies: Copies, dark: int | None) -> LeaderRecord | None:
        """What somebody is told who asks alone, while the copy at place `dark` does not answer."""
        if (copies, dark) not in self._next:
            rounds: tuple[Answered, ...] = ()
            held = dict(zip(REGIONS, copies, strict=True))
            while not isinstance(step := self._play(lambda record: record, "the next", rounds), Ended):
                answered = []
                for region, put in step.items():
                    if dark is not None and region == REGIONS[dark]:
                        continue
                    if put is None or held[region] == put[0]:
                        held[region] = held[region] if put is None else put[1]
                        answered.append((region, held[region]))
                rounds = (*rounds, tuple(sorted(answered)))
            self._next[copies, dark] = step.record
        return self._next[copies, dark]

    def _read(self, copies: Copies) -> LeaderRecord | None:
        if copies not in self._agreed:
            held = {region: self._versioned(number) for region, number in zip(REGIONS, copies, strict=True)}
            self._agreed[copies] = agreed(held, len(REGIONS))
        return self._agreed[copies]

    def _versioned(self, number: int) -> Versioned:
        copy = self._copies[number]
        return Versioned(copy, str(number)) if copy else Versioned(Copy(), None)

    def _number(self, copy: Copy) -> int:
        if copy not in self._numbers:
            self._copies.append(copy)
            self._numbers[copy] = len(self._copies) - 1
        return self._numbers[copy]


def _put(position: Position, place: int, number: int) -> Position:
    before, after = position.copies[:place], position.copies[place + 1 :]
    return position._replace(copies=(*before, number, *after))


def two_runs() -> list[Change]:
    return [fence("run-1", NOW), fence("run-2", NOW)]


def three_runs() -> list[Change]:
    return [*two_runs(), fence("run-3", NOW)]
