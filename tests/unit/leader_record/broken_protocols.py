"""Ways to get the register wrong that look right at first sight. The model has to catch each of them."""

from __future__ import annotations

from collections.abc import Generator

from failover.domain.leader_record import LeaderRecord, Refusal
from failover.domain.register_protocol import (
    Answers,
    Ballot,
    Chosen,
    Copy,
    Interrupted,
    Read,
    Requests,
    Transition,
    Write,
    attempt,
    majority,
)

Attempt = Generator[Requests, Answers, Chosen | Interrupted]


def compare_and_swap(transition: Transition, regions: frozenset[str], writer: str, floor: int) -> Attempt:
    """No promise: read, decide, and replace what was read on two of three copies."""
    found = yield {region: Read() for region in regions}
    ballot = Ballot(max([floor, *(one.copy.promise.number for one in found.values())]) + 1, writer)
    if len(found) < majority(len(regions)):
        return Interrupted(ballot.number)
    outcome = transition(max((one.copy for one in found.values()), key=lambda copy: copy.accepted).value)
    if isinstance(outcome, Refusal):
        return Chosen(outcome)
    accepted = yield {region: Write(Copy(ballot, ballot, outcome), one.version) for region, one in found.items()}
    if len(accepted) < majority(len(regions)):
        return Interrupted(ballot.number)
    return Chosen(outcome)


def believe_a_minority(transition: Transition, regions: frozenset[str], writer: str, floor: int) -> Attempt:
    """A refusal, or a change that was made already, is reported without having a majority accept what it rests on."""
    unchanged: list[LeaderRecord | Refusal] = []

    def watched(current: LeaderRecord | None) -> LeaderRecord | Refusal:
        outcome = transition(current)
        if isinstance(outcome, Refusal) or outcome == current:
            unchanged.append(outcome)
        return outcome

    protocol = attempt(watched, regions, writer, floor)
    requests = next(protocol)
    try:
        while True:
            requests = protocol.send((yield requests))
            if unchanged:
                return Chosen(unchanged[0])
    except StopIteration as end:
        result: Chosen | Interrupted = end.value
        return result


def trust_what_forgot(protocol: Attempt, copies: int, founding: bool) -> Attempt:
    """A copy that was lost is taken for one that never promised anything."""
    return (yield from protocol)
