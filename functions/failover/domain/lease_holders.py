"""Does a replica show that it holds every write that the old leader acknowledged?

A task of the leader registers on the leader's database with each heartbeat, before it reads the leader record that
grants its lease. Once it reads that its Region is fenced it acknowledges nothing more, and then says so on the same
database, with the fence's epoch and for how long it has watched that fence. All of it reaches the replica in the order
in which it was committed, because the replica replays one log
(https://www.postgresql.org/docs/current/warm-standby.html#STREAMING-REPLICATION). So whoever reads only the replica knows:

- A confirmation of this fence is there: then so is every task that ever got a lease before it. A lease needs a record
  that was read before the fence was chosen, a registration comes before that reading, and a confirmation after it.
- Every registered task has stopped: then nothing is acknowledged any more, and what was is before those confirmations.
- Or one task has watched the fence for as long as any lease can last: then no task can acknowledge, not even one that
  died or hangs without a word.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from failover.domain.heartbeat import Lsn


@dataclass(frozen=True)
class LeaseHolder:
    """What a task last said of itself. `watched` None: it may acknowledge writes in `epoch`.

    Otherwise it acknowledges nothing, and has watched the fence of `epoch` for that long, by its own monotonic clock.
    `lsn` is where the database's log stood when that was written.
    """

    task: str
    epoch: int
    watched: timedelta | None
    lsn: Lsn

    def to_dict(self) -> dict[str, Any]:
        watched = None if self.watched is None else self.watched.total_seconds()
        return {"task": self.task, "epoch": self.epoch, "watched_seconds": watched, "lsn": str(self.lsn)}


@dataclass(frozen=True)
class Confirmations:
    """What a replica shows of the old leader's tasks, and how far it has replayed since; None: it does not say.

    `by_storage`: it has no positions to compare, since its storage is what replicates. SwitchoverGlobalCluster synchronizes
    that before it changes the roles, so that the tasks have stopped is all that must be shown.
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_SwitchoverGlobalCluster.html
    """

    holders: tuple[LeaseHolder, ...]
    replayed: Lsn | None
    by_storage: bool = False

    @property
    def source(self) -> Lsn | None:
        """Where the old leader's log stood at the newest of these confirmations."""
        return max((one.lsn for one in self.holders if one.watched is not None), default=None)


@dataclass(frozen=True)
class HoldsEverything:
    """No acknowledged write is missing, and the evidence, in one sentence."""

    reason: str


@dataclass(frozen=True)
class MayLack:
    """That cannot be shown yet, and why, in one sentence."""

    reason: str


def judge(confirmations: Confirmations, fence_epoch: int, lease: timedelta) -> HoldsEverything | MayLack:
    """Whether everything is there that was acknowledged before the fence of `fence_epoch`, and nothing can follow.

    `lease` is how long a lease can last, its margin for clocks included.
    """
    confirmed = [one for one in confirmations.holders if one.watched is not None and one.epoch == fence_epoch]
    silent = sorted(one.task for one in confirmations.holders if one.watched is None)
    if not confirmed:
        return MayLack(f"No task of the old leader has confirmed the fence of epoch {fence_epoch} on the replica.")
    there = _holds(confirmations)
    if isinstance(there, MayLack):
        return there
    if not silent:
        return HoldsEverything(
            f"All {len(confirmed)} tasks of the old leader confirmed that they stopped, and {there}."
        )
    longest = max(one.watched for one in confirmed if one.watched is not None)
    if longest >= lease:
        waited = f"{longest.total_seconds():.1f} s after the fence"
        return HoldsEverything(f"No lease of the old leader can hold {waited}, and {there}.")
    return MayLack(f"{_listed(silent)} of the old leader has not confirmed that it stopped.")


def _holds(confirmations: Confirmations) -> str | MayLack:
    """How it is known that what came before those confirmations is there, or will be."""
    if confirmations.by_storage:
        return "the switchover synchronizes the storage before it changes the roles"
    source, replayed = confirmations.source, confirmations.replayed
    if replayed is None or source is None or replayed < source:
        return MayLack(
            f"The replica has replayed to {replayed or 'no known position'}, and the leader was at {source}."
        )
    return f"the replica has replayed to {replayed}, past the leader's {source}"


def may_confirm(holders: Collection[LeaseHolder], epoch: int) -> bool:
    """Whether a task that leads in `epoch` is registered: without one, a fence would have nobody to confirm it."""
    return any(one.watched is None and one.epoch == epoch for one in holders)


def _listed(tasks: list[str]) -> str:
    return tasks[0] if len(tasks) == 1 else f"{tasks[0]} and {len(tasks) - 1} more"
