"""Does this run still hold the fence, and how is the record's silence told to the workflow?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from failover.application.errors import RunRefused, TransientFailure
from failover.application.leader_register import NoMajority
from failover.application.ports import Register
from failover.domain.leader_record import LeaderRecord, State


@contextmanager
def majority_needed() -> Iterator[None]:
    """No majority of copies is a failure that may pass: TransientFailure."""
    try:
        yield
    except NoMajority as error:
        raise TransientFailure(str(error)) from error


def require_fence(register: Register, run: str, leader: str) -> LeaderRecord:
    """The record, fenced by `run` against `leader`. Raises RunRefused when it is not so, or TransientFailure."""
    with majority_needed():
        record = register.read()
    if record.state is not State.FENCED or record.run != run:
        raise RunRefused(
            f"{run} does not hold the fence: the record is {record.state} in epoch {record.epoch}, "
            f"led by {record.leader}, last changed by {record.run or 'nobody'}."
        )
    if record.leader != leader:
        raise RunRefused(f"{run} fenced {leader}, but the record's leader is {record.leader}.")
    return record
