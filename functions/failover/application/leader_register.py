"""How is the leader record read and changed, with copies that may hang, fail or lose an answer?

Every copy is asked at once, and a majority is enough to go on: a dark Region costs a short grace, not its timeout.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from failover.domain.leader_record import Change, LeaderRecord, Refusal
from failover.domain.register_protocol import (
    Answers,
    Chosen,
    Copy,
    Interrupted,
    Read,
    Request,
    Requests,
    Transition,
    Versioned,
    agreed,
    attempt,
    majority,
)

TRIES = 8
LONGEST_PAUSE = timedelta(milliseconds=400)


class CopyUnavailable(Exception):
    """A copy did not do what it was asked, or it is unknown whether it did: lost race, timeout, error, corrupt object."""


class NoMajority(Exception):
    """No majority of the copies could be read or changed; the text names those that answered."""


class Acceptor(Protocol):
    """One copy. Both calls are bounded in time and raise CopyUnavailable, and nothing else."""

    def read(self) -> Versioned: ...

    def write(self, copy: Copy, expected: str | None) -> str:
        """Become `copy` if still at version `expected` (None: absent), and return the new version."""
        ...


@dataclass(frozen=True)
class LeaderRegister:
    """The leader record on all its copies, by Region. `writer` must be unique to this proposer, never reused.

    Safe with any number of proposers, crashed ones and lost answers included. Not safe if a copy forgets: a bucket
    that was emptied or restored has lost its promises, and counts as one failed copy only as long as the other two have
    not. Restore it from them while no run is in progress.
    """

    acceptors: Mapping[str, Acceptor]
    writer: str
    grace: timedelta
    executor: Executor

    def read(self) -> LeaderRecord:
        """The record that a majority holds. Raises NoMajority."""
        size = len(self.acceptors)
        reads = {region: Read() for region in self.acceptors}
        answers = self._ask(reads, lambda found: agreed(found, size) is not None, timedelta(0))
        record = agreed(answers, size)
        if record is None:
            raise NoMajority(f"no majority of the leader record's copies agrees; {_named(answers)} answered.")
        return record

    def change(self, change: Change) -> LeaderRecord | Refusal:
        """Apply `change` to the record. Raises NoMajority when that can't be told to have happened or not."""

        def transition(current: LeaderRecord | None) -> LeaderRecord | Refusal:
            return change(current) if current else Refusal("there is no leader record yet: initialise it first.")

        return self._propose(transition)

    def initialise(self, first: LeaderRecord) -> LeaderRecord:
        """Write the first record where there is none; an existing record is left as it is, and returned."""
        outcome = self._propose(lambda current: current or first)
        if isinstance(outcome, Refusal):
            raise NoMajority(outcome.reason)
        return outcome

    def _propose(self, transition: Transition) -> LeaderRecord | Refusal:
        floor = 0
        answered: frozenset[str] = frozenset()
        for number in range(TRIES):
            result = self._drive(attempt(transition, frozenset(self.acceptors), self.writer, floor))
            if isinstance(result, Chosen):
                return result.outcome
            floor, answered = result.highest, result.answered
            # Two proposers that retry in step would outbid each other for ever.
            time.sleep(random.random() * min(LONGEST_PAUSE.total_seconds(), 0.025 * 2**number))  # noqa: S311
        raise NoMajority(f"the leader record could not be changed in {TRIES} tries; {_named(answered)} answered last.")

    def _drive(self, protocol: Generator[Requests, Answers, Chosen | Interrupted]) -> Chosen | Interrupted:
        """Do what the protocol asks of the copies until it has a result."""
        enough = majority(len(self.acceptors))
        try:
            requests = next(protocol)
            while True:
                answers = self._ask(requests, lambda found: len(found) >= enough, self.grace)
                requests = protocol.send(answers)
        except StopIteration as end:
            result: Chosen | Interrupted = end.value
            return result

    def _ask(self, requests: Requests, enough: Callable[[Answers], bool], grace: timedelta) -> Answers:
        """Ask all copies at once; go on `grace` after there is enough, so that a slow copy still gets its share.

        A call that is left behind may still take effect later: to the protocol that is a delayed message, nothing worse.
        """
        pending = {self.executor.submit(_call, self.acceptors[region], one): region for region, one in requests.items()}
        found: dict[str, Versioned] = {}
        deadline: float | None = None
        while pending:
            left = None if deadline is None else deadline - time.monotonic()
            done, _ = wait(pending, left, FIRST_COMPLETED)
            if not done:
                break
            for future in done:
                region = pending.pop(future)
                if (answer := _answer(future)) is not None:
                    found[region] = answer
            if deadline is None and enough(found):
                deadline = time.monotonic() + grace.total_seconds()
        return found


def _call(acceptor: Acceptor, request: Request) -> Versioned:
    if isinstance(request, Read):
        return acceptor.read()
    return Versioned(request.copy, acceptor.write(request.copy, request.expected))


def _answer(future: Future[Versioned]) -> Versioned | None:
    try:
        return future.result()
    except CopyUnavailable:
        return None


def _named(regions: Iterable[str]) -> str:
    return ", ".join(sorted(regions)) or "no copy"
