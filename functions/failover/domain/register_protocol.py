"""How do three copies that know only GET and conditional PUT agree on one record? CASPaxos, without the I/O.

Each copy is an acceptor: `promise` (no ballot below it will be accepted), `accepted` and `value`. A GET followed by a PUT
that is conditional on what was got is the acceptor's atomic step. D. Rystsov, "CASPaxos: Replicated State Machines
without logs", 2018, https://arxiv.org/abs/1802.07000, section 2.2.

Comparing and swapping two of three copies is not enough: two runs could each see the other's half, and both
believe that they hold the fence.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from failover.domain.leader_record import LeaderRecord, Refusal

TRIES = 8
FIRST_PAUSE = timedelta(milliseconds=50)
LONGEST_PAUSE = timedelta(milliseconds=400)


@dataclass(frozen=True, order=True)
class Ballot:
    """Totally ordered; `writer` is unique to one proposer, so that no two proposals share a ballot."""

    number: int
    writer: str


NO_BALLOT = Ballot(0, "")


@dataclass(frozen=True)
class Copy:
    """What one acceptor holds; a copy that does not exist yet is this with nothing promised."""

    promise: Ballot = NO_BALLOT
    accepted: Ballot = NO_BALLOT
    value: LeaderRecord | None = None


@dataclass(frozen=True)
class Versioned:
    """A copy and the version (an ETag) that a conditional PUT must name; None where the object is absent."""

    copy: Copy
    version: str | None


@dataclass(frozen=True)
class Read:
    """Ask a copy for what it holds."""


@dataclass(frozen=True)
class Write:
    """Ask a copy to become `copy`, on condition that it is still at `expected`."""

    copy: Copy
    expected: str | None


Request = Read | Write
Requests = Mapping[str, Request]
Answers = Mapping[str, Versioned]  # of the copies that did what was asked; no answer is not a refusal


@dataclass(frozen=True)
class Chosen:
    """A majority holds `outcome`; a Refusal leaves it holding the record that the change was refused for."""

    outcome: LeaderRecord | Refusal


@dataclass(frozen=True)
class Interrupted:
    """No majority this time: another proposer was faster, or copies did not answer. Nothing can be said of the value."""

    highest: int


Transition = Callable[[LeaderRecord | None], LeaderRecord | Refusal]


def majority(copies: int) -> int:
    return copies // 2 + 1


def attempt(
    transition: Transition, regions: frozenset[str], writer: str, floor: int
) -> Generator[Requests, Answers, Chosen | Interrupted]:
    """One round of the protocol: yields what to ask of which copies, is sent what they answered.

    `floor` is the highest ballot number seen so far. A refused change still has the value that it was refused for accepted
    by a majority: otherwise the refusal could rest on a value that was never chosen.
    """
    needed = majority(len(regions))
    found = yield {region: Read() for region in regions}
    ballot = Ballot(max([floor, *(one.copy.promise.number for one in found.values())]) + 1, writer)
    if len(found) < needed:
        return Interrupted(ballot.number)

    promised = yield {
        region: Write(Copy(ballot, one.copy.accepted, one.copy.value), one.version) for region, one in found.items()
    }
    if len(promised) < needed:
        return Interrupted(ballot.number)

    current = max((one.copy for one in promised.values()), key=lambda copy: copy.accepted).value
    outcome = transition(current)
    value = current if isinstance(outcome, Refusal) else outcome
    if value is None:
        return Chosen(outcome)  # refused, and no copy of this majority holds any record

    accepted = yield {region: Write(Copy(ballot, ballot, value), one.version) for region, one in promised.items()}
    if len(accepted) < needed:
        return Interrupted(ballot.number)
    return Chosen(outcome)


Attempt = Generator[Requests, Answers, Chosen | Interrupted]
Steps = Generator[Requests | timedelta, Answers, LeaderRecord | Refusal | None]


def proposal(
    transition: Transition, regions: frozenset[str], writer: str, founding: bool, draw: Callable[[], float]
) -> Steps:
    """Up to TRIES attempts at one change, without the I/O: yields what to ask of which copies, or how long to pause.

    Is sent what was answered. `draw` answers with a number from 0 to 1. The outcome is None when no try got its
    majority: nobody can say then whether the change was made.
    """
    floor = 0
    for number in range(TRIES):
        if number:
            # Two proposers that retry in step would outbid each other for ever.
            yield draw() * min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (number - 1))
        result = yield from _among_intact(attempt(transition, regions, writer, floor), len(regions), founding)
        if isinstance(result, Chosen):
            return result.outcome
        floor = result.highest
    return None


def _among_intact(protocol: Attempt, copies: int, founding: bool) -> Attempt:
    """`protocol`, asking only copies that can't have forgotten a promise; the others are given what these choose.

    An absent copy may take part only in `founding`, when every copy has answered and none holds a record.
    """
    found = yield next(protocol)
    remembering = intact(found)
    if founding and len(found) == copies and all(one.copy.value is None for one in found.values()):
        remembering = dict(found)
    absent = found.keys() - remembering.keys()
    if len(absent) >= majority(copies):
        return Chosen(Refusal(f"there is no leader record in {_named(absent)}: initialise it while all copies answer."))
    requests: Requests = {}
    try:
        requests = protocol.send(remembering)
        while True:
            requests = protocol.send((yield requests))
    except StopIteration as end:
        result: Chosen | Interrupted = end.value
    if absent and isinstance(result, Chosen):
        # Not before the others have chosen: a proposal of which nothing came must not gain a copy here.
        chosen = next((one.copy for one in requests.values() if isinstance(one, Write) and one.copy.value), None)
        if chosen is not None:
            yield {region: Write(chosen, None) for region in absent}
    return result


def intact(found: Answers) -> dict[str, Versioned]:
    """The copies that exist: an absent one may have been lost, and with it what it promised."""
    return {region: one for region, one in found.items() if one.version is not None}


def agreed(answers: Answers, copies: int) -> LeaderRecord | None:
    """The record that a majority holds under one accepted ballot, or None. Two majorities meet, so it was chosen."""
    held = [one.copy for one in answers.values() if one.copy.value is not None]
    for copy in held:
        same = sum(other.accepted == copy.accepted and other.value == copy.value for other in held)
        if same >= majority(copies):
            return copy.value
    return None


def _named(regions: set[str]) -> str:
    return ", ".join(sorted(regions))
