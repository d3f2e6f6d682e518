"""What must have come of a rebuild that a person asked for again, once nothing was disturbed any more?"""

from __future__ import annotations

from collections.abc import Iterator

from chaos.history import History
from chaos.ledgers import LACKED
from failover.domain.leader_record import State
from failover.domain.outcome import Result


def broken(history: History) -> Iterator[str]:
    """Each promise that was not kept, in a sentence."""
    yield from _the_leader_led_on(history)
    for name, outcome in history.outcomes.items():
        if outcome["result"] not in (Result.REBUILT, Result.NOT_REBUILT):
            yield f"{name} is recorded as {outcome['result']}, and it was a rebuild"
    last = history.ended[-1] if history.ended else None
    if last is None or last.entered[-1:] != ["Rebuilt"]:
        yield f"asked for again, it ended as {last.entered[-1:] if last else 'nothing'}"
    yield from _the_standby_is_one(history)


def _the_leader_led_on(history: History) -> Iterator[str]:
    record = history.record
    if len(history.chosen) > 1 or (record.state, record.leader) != (State.OPEN, history.old):
        yield f"the leader record is {record.state} in epoch {record.epoch}"
    if any(one.region != history.old for one in history.acknowledged):
        yield f"{history.new} acknowledged writes"


def _the_standby_is_one(history: History) -> Iterator[str]:
    standby = history.standby
    if standby is None:
        yield "nobody looked at the standby"
        return
    for kept, told in (
        (standby.follows, "the database here is no available replica of the leader's"),
        (standby.kept, "the old primary is not kept, or not protected"),
        (standby.named, "the secret or the parameter names another database"),
        (standby.objects_come, "the leader's objects do not come here"),
        (standby.listed == LACKED, f"the rows {standby.listed} are listed, and {LACKED} are what the leader lacks"),
        (standby.replicas == 1, f"{standby.replicas} replicas were made"),
    ):
        if not kept:
            yield told
