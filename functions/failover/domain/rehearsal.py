"""May a restore be rehearsed now, what does the rehearsal prove, and did production notice?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from failover.domain.intake import Start
from failover.domain.leader_record import LeaderRecord, Refusal, State
from failover.domain.plan import DatabaseMode, Plan
from failover.domain.recovery_point import LATEST

# RDS bills by the second, and ten minutes at least: https://aws.amazon.com/rds/postgresql/pricing/
LEAST_BILLED = timedelta(minutes=10)
HOUR = timedelta(hours=1)


def instance_name(plan: Plan, region: str) -> str:
    """Of the instance that a rehearsal makes in `region`, and deletes: the same for each, so that none is forgotten."""
    return f"{plan.region(region).database_instance}-rehearsal"


def why_not(region: str, plan: Plan, record: LeaderRecord, running: Collection[str]) -> str | None:
    """Why no restore may be rehearsed in `region` now, with what to do instead; None when one may.

    `running` are the other runs in progress there, of whatever workflow.
    """
    if plan.db_mode is DatabaseMode.AURORA:
        return (
            "An Aurora global database is not restored by a run, so no restore of it is rehearsed: drill its failover."
        )
    if record.leader == region:
        return f"{region} leads: a restore is rehearsed in the standby, {plan.standby_of(region)}."
    if record.state is State.FENCED:
        return f"{record.run} is in progress: rehearse when it has ended."
    if running:
        return f"{sorted(running)[0]} is in progress: rehearse when it has ended."
    return None


def decide(
    region: str,
    plan: Plan,
    record: LeaderRecord,
    running: Collection[str],
    wanted: datetime | None,
    trigger: Mapping[str, Any],
    now: datetime,
) -> Start | Refusal:
    """The rehearsal to start in `region`, or why none is. `wanted` None: the newest moment that can be had."""
    if reason := why_not(region, plan, record, running):
        return Refusal(reason)
    to = LATEST if wanted is None else wanted.astimezone(UTC).isoformat()
    name = f"rehearsal-e{record.epoch}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return Start(name, {"rehearsal": {"to": to}, "trigger": dict(trigger), "expected_epoch": None})


@dataclass(frozen=True)
class Production:
    """What a rehearsal must leave as it is. None: it could not be seen, which proves nothing.

    `source` is that of the replica here, `slots` the replication slots on it, `answered_by` the Region that the public name
    answers with, and `lag` how far the replica's newest heartbeat is behind the newest that was published.
    """

    source: str | None
    slots: tuple[str, ...] | None
    answered_by: str | None
    lag: timedelta | None

    @property
    def whole(self) -> bool:
        return None not in (self.source, self.slots, self.answered_by, self.lag)

    def to_dict(self) -> dict[str, Any]:
        lag = None if self.lag is None else self.lag.total_seconds()
        return {**asdict(self), "slots": None if self.slots is None else list(self.slots), "lag": lag}

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Production:
        """Raises KeyError, TypeError or ValueError on anything that `to_dict` could not have written."""
        slots, lag = data["slots"], data["lag"]
        return Production(
            data["source"],
            None if slots is None else tuple(str(one) for one in slots),
            data["answered_by"],
            None if lag is None else timedelta(seconds=float(lag)),
        )


def disturbed(before: Production, after: Production, allowed_lag: timedelta) -> tuple[str, ...]:
    """What is not as it was, or was not seen; nothing where production did not notice.

    `allowed_lag`: a replica that was behind by less than this before may be behind by as much after.
    """
    found = []
    for name, told in (("source", "the replica's source"), ("slots", "its slots"), ("answered_by", "the public name")):
        was, now = getattr(before, name), getattr(after, name)
        if was is None or now is None:
            found.append(f"{told} could not be seen {'before' if was is None else 'after'} the rehearsal")
        elif was != now:
            found.append(f"{told} changed from {was} to {now}")
    if before.lag is None or after.lag is None:
        found.append(f"the lag could not be seen {'before' if before.lag is None else 'after'} the rehearsal")
    elif after.lag > max(before.lag, allowed_lag):
        found.append(f"the lag grew from {before.lag.total_seconds():.1f} s to {after.lag.total_seconds():.1f} s")
    return tuple(found)


@dataclass(frozen=True)
class Rehearsed:
    """A rehearsal that took place. `restored_from` None: no backup proved usable, and `failure` says why.

    `restore` is the time from the request to rows that were read; `unusable` says of each backup that was tried before it
    why it was not; `left_behind` says what could not be deleted, and why.
    """

    restored_from: str | None
    restore: timedelta | None
    unusable: tuple[str, ...]
    failure: str | None
    left_behind: str | None
    disturbed: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Only if the very newest backup was restored, all was cleared away, and production did not notice."""
        newest = self.restored_from is not None and self.restore is not None and not self.unusable
        return newest and not self.disturbed and self.left_behind is None

    @property
    def reason(self) -> str:
        """One sentence, or one for each thing that was not as it must be."""
        if self.passed and self.restore is not None:
            return f"{self.restored_from} was restored in {self.restore.total_seconds():.1f} s, and production did not notice."
        told = [f"{one.rstrip('.')}." for one in self.unusable]
        if self.restored_from is None:
            told.append(self.failure or "Nothing was restored.")
        elif self.unusable:
            told.append(f"{self.restored_from} can be restored.")
        if self.left_behind is not None:
            told.append(f"{self.left_behind.rstrip('.')}.")
        if self.disturbed:
            told.append(f"Production is not as it was: {'; '.join(self.disturbed)}.")
        return " ".join(told)


def billed(lasted: timedelta | None) -> timedelta:
    """How much of an instance's life is paid for; None: it is not known how long it was there."""
    return max(lasted or LEAST_BILLED, LEAST_BILLED)


def price_usd(hourly_usd: float, lasted: timedelta | None) -> float:
    """Of an instance that was there for as long, without its storage, to a hundredth of a cent."""
    return round(hourly_usd * (billed(lasted) / HOUR), 4)
