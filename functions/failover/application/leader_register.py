"""How is the leader record read and changed, with copies that may hang, fail, forget or lose an answer?

Every copy is asked at once, and a majority is enough to go on: a dark Region costs a short grace, not its timeout.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, wait
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from failover.domain.leader_record import Change, LeaderRecord, Refusal
from failover.domain.register_protocol import (
    TRIES,
    Answers,
    Copy,
    Read,
    Request,
    Requests,
    Transition,
    Versioned,
    agreed,
    intact,
    majority,
    proposal,
)


class CopyUnavailable(Exception):
    """A copy did not do what it was asked, or it is unknown whether it did: lost race, timeout, error, corrupt object."""


class NoMajority(Exception):
    """No majority of the copies could be read or changed; the text says of each copy what came of it."""


class Acceptor(Protocol):
    """One copy. Both calls are bounded in time and raise CopyUnavailable, and nothing else."""

    def read(self) -> Versioned: ...

    def write(self, copy: Copy, expected: str | None) -> str:
        """Become `copy` if still at version `expected` (None: absent), and return the new version."""
        ...


@dataclass(frozen=True)
class LeaderRegister:
    """The leader record on all its copies, by Region. `writer` says in the ballots who wrote.

    `executor` must have a thread for every call that can be under way: each try may leave one hanging call behind.

    Safe with any number of proposers, crashed ones and lost answers included, and when one copy is lost (its bucket
    emptied or recreated): it has forgotten what it promised, so it counts for nothing until a majority of the others has
    chosen a value and given it that. Not safe when a second copy is lost before then, nor when a copy is put back to an
    older version, which nobody can tell from a current one: delete such a copy instead.
    """

    acceptors: Mapping[str, Acceptor]
    writer: str
    grace: timedelta
    executor: Executor
    patience: timedelta = timedelta(seconds=10)
    sleep: Callable[[float], None] = time.sleep
    draw: Callable[[], float] = random.random

    def read(self) -> LeaderRecord:
        """The record that a majority holds. Raises NoMajority.

        A change that was cut off may leave no two copies in agreement: reading then fails until the next change.
        """
        size = len(self.acceptors)
        told: dict[str, str] = {}
        reads = {region: Read() for region in self.acceptors}
        answers = self._ask(reads, lambda found: agreed(found, size) is not None, timedelta(0), told)
        record = agreed(answers, size)
        if record is None:
            raise NoMajority(f"no majority of the leader record's copies agrees: {_listed(told)}.")
        return record

    def change(self, change: Change) -> LeaderRecord | Refusal:
        """Apply `change` to the record. Raises NoMajority when that can't be told to have happened or not."""

        def transition(current: LeaderRecord | None) -> LeaderRecord | Refusal:
            return change(current) if current else Refusal("there is no leader record yet: initialise it first.")

        return self._carry_out(transition, founding=False)

    def initialise(self, first: LeaderRecord) -> LeaderRecord:
        """Write the first record where there is none; an existing record is left as it is, and returned.

        The first record needs an answer from every copy: one that is silent might hold the record that the others have
        lost. Where there is a record, this repairs a copy that has lost it. Raises NoMajority.
        """
        outcome = self._carry_out(lambda current: current or first, founding=True)
        if isinstance(outcome, Refusal):
            raise NoMajority(outcome.reason)
        return outcome

    def _carry_out(self, transition: Transition, founding: bool) -> LeaderRecord | Refusal:
        # Two proposals under one ballot could both be chosen, and two functions may work for one run at once.
        writer = f"{self.writer}:{uuid.uuid4().hex[:12]}"
        steps = proposal(transition, frozenset(self.acceptors), writer, founding, self.draw)
        told: dict[str, str] = {}
        answers: Answers = {}
        try:
            step = next(steps)
            while True:
                if isinstance(step, timedelta):
                    self.sleep(step.total_seconds())
                else:
                    answers = self._ask(step, self._enough(founding), self.grace, told)
                step = steps.send(answers)
        except StopIteration as end:
            outcome: LeaderRecord | Refusal | None = end.value
        if outcome is None:
            raise NoMajority(f"the leader record could not be changed in {TRIES} tries: {_listed(told)}.")
        return outcome

    def _enough(self, founding: bool) -> Callable[[Answers], bool]:
        needed = len(self.acceptors) if founding else majority(len(self.acceptors))
        return lambda found: len(intact(found)) >= needed

    def _ask(
        self, requests: Requests, enough: Callable[[Answers], bool], grace: timedelta, told: dict[str, str]
    ) -> Answers:
        """Ask all copies at once; go on `grace` after there is enough, so that a slow copy still gets its share.

        Goes on at once when a majority has become impossible. `told` keeps what came of each copy. A call that is left
        behind may still take effect later: to the protocol that is a delayed message, nothing worse.
        """
        pending = {self.executor.submit(_call, self.acceptors[region], one): region for region, one in requests.items()}
        told.update(dict.fromkeys(requests, "has not answered"))
        needed = min(majority(len(self.acceptors)), len(requests))
        found: dict[str, Versioned] = {}
        deadline = time.monotonic() + self.patience.total_seconds()
        satisfied = False
        while pending and len(found) + len(pending) >= needed:
            done, _ = wait(pending, max(0.0, deadline - time.monotonic()), FIRST_COMPLETED)
            if not done:
                break
            for future in done:
                region = pending.pop(future)
                try:
                    found[region] = future.result()
                    told[region] = "answered" if found[region].version else "holds no record"
                except CopyUnavailable as error:
                    told[region] = f"failed ({error})"
            if not satisfied and enough(found):
                satisfied = True
                deadline = min(deadline, time.monotonic() + grace.total_seconds())
        for future in pending:
            future.cancel()  # one that still queues behind hanging calls would only keep the next ones waiting
        return found


def _call(acceptor: Acceptor, request: Request) -> Versioned:
    if isinstance(request, Read):
        return acceptor.read()
    return Versioned(request.copy, acceptor.write(request.copy, request.expected))


def _listed(told: Mapping[str, str]) -> str:
    return ", ".join(f"{region} {what}" for region, what in sorted(told.items()))
