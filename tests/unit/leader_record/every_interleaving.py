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

Answered = tuple[tuple[str, int], ...]  # by Region, the number of the copy that it answered with


class Proposer(NamedTuple):
    """Where one proposer is: what it was answered in its rounds so far, and in this one; `dealt` was asked already."""

    rounds: tuple[Answered, ...] = ()
    answered: Answered = ()
    dealt: frozenset[str] = frozenset()


class Position(NamedTuple):
    """Everything on which the future depends. Copies are numbered: equal ones have the same number, as they have one ETag."""

    copies: tuple[int, int, int]
    proposers: tuple[Proposer, ...]
    late: frozenset[tuple[str, int, int]] = frozenset()  # Region, the copy that is expected there, the copy to be
    faults: int = 0
    losses: int = 0


@dataclass
class Ended:
    """What a proposer was told: `record` is the one that is chosen, whether the change was made or refused; None: unknown."""

    record: LeaderRecord | None


class Search:
    """Every state that proposers of `changes` can reach from three equal copies."""

    def __init__(self, changes: list[Change], faults: int, losses: int = 0, in_order: bool = False) -> None:
        """`in_order`: each proposer asks the copies one after the other, beginning with another one than the rest."""
        self._changes, self._in_order = changes, in_order
        self._copies: list[Copy | None] = [None]
        self._numbers: dict[Copy, int] = {}
        self._steps: dict[tuple[int, tuple[Answered, ...]], dict[str, Request] | Ended] = {}
        self._next: dict[tuple[tuple[int, int, int], int | None], LeaderRecord | None] = {}
        self._agreed: dict[tuple[int, int, int], LeaderRecord | None] = {}
        first = self._number(FIRST)
        proposers = tuple(Proposer() for _ in changes)
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
        """One record in an epoch, whoever is told of it, and none is lost again."""
        told: dict[int, LeaderRecord] = {}
        for who, proposer in enumerate(position.proposers):
            step = self._step(who, proposer.rounds)
            if isinstance(step, Ended) and step.record is not None:
                self.fenced.add(step.record.run)
                if told.setdefault(step.record.epoch, step.record) != step.record:
                    return f"{step.record.run} and {told[step.record.epoch].run} hold epoch {step.record.epoch}"
        # What a task reads by majority, and takes for its lease.
        read = self._read(position.copies)
        if read is not None and told.setdefault(read.epoch, read) != read:
            return f"a task reads {read.run} in epoch {read.epoch}, which {told[read.epoch].run} holds"
        return self._forgotten(position.copies, told[max(told)]) if told else None

    def _forgotten(self, copies: tuple[int, int, int], newest: LeaderRecord) -> str | None:
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
        for who, proposer in enumerate(position.proposers):
            step = self._step(who, proposer.rounds)
            if isinstance(step, Ended):
                continue
            for region in self._askable(who, proposer, step):
                yield from self._asked(position, who, region, step)

    def _askable(self, who: int, proposer: Proposer, step: dict[str, Request]) -> list[str]:
        places = [REGIONS[(who + place) % len(REGIONS)] for place in range(len(REGIONS))]
        left = [region for region in places if region in step and region not in proposer.dealt]
        return left[:1] if self._in_order else left

    def _asked(self, position: Position, who: int, region: str, step: dict[str, Request]) -> Iterator[Position]:
        request, place = step[region], REGIONS.index(region)
        fewer = position._replace(faults=position.faults - 1)
        if isinstance(request, Read):
            yield self._dealt(position, who, region, step, position.copies[place])
            if position.faults:
                yield self._dealt(fewer, who, region, step, None)
            return
        expected, wanted = int(request.expected or ABSENT), self._number(request.copy)
        arrived = self._arrived(position, region, expected, wanted)
        accepted = position.copies[place] == expected
        yield self._dealt(arrived, who, region, step, wanted if accepted else None)
        if position.faults:
            yield self._dealt(fewer, who, region, step, None)
            late = fewer.late | {(region, expected, wanted)}
            # Delivered at once, that is a lost answer.
            yield self._dealt(fewer._replace(late=late), who, region, step, None)

    def _arrived(self, position: Position, region: str, expected: int, wanted: int) -> Position:
        place = REGIONS.index(region)
        return _put(position, place, wanted) if position.copies[place] == expected else position

    def _dealt(
        self, position: Position, who: int, region: str, step: dict[str, Request], answer: int | None
    ) -> Position:
        proposer = position.proposers[who]
        answered = proposer.answered if answer is None else tuple(sorted((*proposer.answered, (region, answer))))
        dealt = proposer.dealt | {region}
        after = Proposer(proposer.rounds, answered, dealt)
        if dealt == step.keys():
            after = Proposer((*proposer.rounds, answered))
        proposers = tuple(after if one == who else known for one, known in enumerate(position.proposers))
        return position._replace(proposers=proposers)

    def _step(self, who: int, rounds: tuple[Answered, ...]) -> dict[str, Request] | Ended:
        """What a proposer asks next, by playing its rounds again: a generator can't be copied."""
        known = self._steps.get((who, rounds))
        if known is None:
            known = self._steps[who, rounds] = self._play(self._changes[who], f"proposer-{who}", rounds)
        return known

    def _play(self, change: Change, writer: str, rounds: tuple[Answered, ...]) -> dict[str, Request] | Ended:
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
        return dict(requests)

    def _told_next(self, copies: tuple[int, int, int], dark: int | None) -> LeaderRecord | None:
        """What somebody is told who asks alone, while the copy at place `dark` does not answer."""
        if (copies, dark) not in self._next:
            rounds: tuple[Answered, ...] = ()
            held = dict(zip(REGIONS, copies, strict=True))
            while not isinstance(step := self._play(lambda record: record, "the next", rounds), Ended):
                answered = []
                for region, request in step.items():
                    if dark is not None and region == REGIONS[dark]:
                        continue
                    if isinstance(request, Read) or held[region] == int(request.expected or ABSENT):
                        held[region] = held[region] if isinstance(request, Read) else self._number(request.copy)
                        answered.append((region, held[region]))
                rounds = (*rounds, tuple(sorted(answered)))
            self._next[copies, dark] = step.record
        return self._next[copies, dark]

    def _read(self, copies: tuple[int, int, int]) -> LeaderRecord | None:
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
