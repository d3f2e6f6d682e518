"""From what could a Region's database be restored, and in which order is it tried?

An automated backup can be restored to any moment of its window, a snapshot to its own moment alone. RDS takes one
snapshot a day and keeps the logs after it, so a moment a day earlier rests upon other files than the newest one:
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from failover.domain.digest import digest_of
from failover.domain.instants import aware
from failover.domain.leader_record import Refusal
from failover.domain.run import Run, RunInputError, RunStateError, as_typed

# A run's state is at most 256 KiB, and nobody waits for a tenth restore.
MOST_POINTS = 8
ONE_BASE = timedelta(days=1)
LATEST = "latest"
# Of the automated backups, those that RDS brought here from another Region are named by their ARN, others by the instance.
AUTOMATED, REPLICATED, SNAPSHOT = "automated", "replicated", "snapshot"


class Path(StrEnum):
    """How a Region comes to a database of its own."""

    PROMOTE = "promote"
    RESTORE = "restore"


@dataclass(frozen=True)
class AutomatedBackup:
    """What RDS keeps of one instance. `arn` is None for backups that were made in this Region."""

    instance: str
    resource_id: str
    arn: str | None
    earliest: datetime
    latest: datetime


@dataclass(frozen=True)
class Snapshot:
    """One DB snapshot that is available. `at` is the newest moment in it."""

    identifier: str
    at: datetime


@dataclass(frozen=True)
class Backups:
    """All that is in a Region, of the leader's instance and of the Region's own."""

    automated: tuple[AutomatedBackup, ...]
    snapshots: tuple[Snapshot, ...]


@dataclass(frozen=True)
class RecoveryPoint:
    """One moment that can be restored. `source` names the backup or the snapshot.

    `newest`: the end of an automated backup, which may have moved on when it is restored.
    """

    kind: str
    source: str
    at: datetime
    newest: bool = False

    @property
    def digest(self) -> str:
        """Names it where its source has characters that a name may not have."""
        moment = LATEST if self.newest else self.at.isoformat()
        return digest_of(f"{self.kind} {self.source} {moment}")[:8]

    def __str__(self) -> str:
        what = f"the snapshot {self.source}" if self.kind == SNAPSHOT else "the automated backups"
        return f"{what} to {shown(self.at)}"

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "source": self.source, "at": self.at.isoformat(), "newest": self.newest}

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> RecoveryPoint:
        """Raises KeyError, TypeError or ValueError on anything that `to_dict` could not have written."""
        return RecoveryPoint(str(data["kind"]), str(data["source"]), aware(data["at"]), data["newest"] is True)


@dataclass(frozen=True)
class RestoreRequest:
    """What a person asked for in the run's input. `to` None: the newest moment that can be had."""

    to: datetime | None


def requested(run: Run, key: str = "restore") -> RestoreRequest | None:
    """`key` of the run's input, None where it has none. Raises RunInputError for one that makes no sense."""
    asked = run.value(key)
    if asked is None:
        return None
    to = asked.get("to") if isinstance(asked, Mapping) and set(asked) == {"to"} else None
    try:
        if not isinstance(to, str):
            raise TypeError(to)
        return RestoreRequest(None if to == LATEST else aware(to).astimezone(UTC))
    except (TypeError, ValueError) as error:
        raise RunInputError(
            f'{key} must be {{"to": "latest"}} or {{"to": "<a time with its zone, such as 2026-11-27T03:00:00Z>"}}, '
            f"not {as_typed(asked)}."
        ) from error


def points_of(run: Run, state: str = "readiness") -> tuple[RecoveryPoint, ...]:
    """Those that the run's first look found, kept under `state`, the best first. Raises RunStateError when there are none."""
    try:
        points = tuple(RecoveryPoint.from_dict(one) for one in run.value(state, "points") or ())
    except (KeyError, TypeError, ValueError) as error:
        raise RunStateError("The run's state has recovery points that make no sense.") from error
    if not points:
        raise RunStateError("The run's state has no recovery points.")
    return points


def choose(backups: Backups, wanted: datetime | None) -> tuple[RecoveryPoint, ...] | Refusal:
    """What to try, the best first. With `wanted`, that very moment first, then older ones; never a newer one.

    A Refusal where there is nothing, or where `wanted` lies outside of every window.
    """
    found = sorted(_all(backups, wanted), key=lambda one: (one.at, one.kind != SNAPSHOT), reverse=True)
    if not backups.automated and not backups.snapshots:
        return Refusal("There is no recovery point here: no automated backup and no snapshot.")
    if wanted is not None and not any(one.at == wanted for one in found):
        return Refusal(f"Nothing can be restored to {_exactly(wanted)}. {_windows(backups)}")
    return tuple(found[:MOST_POINTS])


def _all(backups: Backups, wanted: datetime | None) -> Iterator[RecoveryPoint]:
    for backup in backups.automated:
        end = backup.latest if wanted is None else min(wanted, backup.latest)
        kind, source = (REPLICATED, backup.arn) if backup.arn else (AUTOMATED, backup.resource_id)
        if wanted is not None and wanted > backup.latest:
            continue
        at = end
        while at >= backup.earliest:
            yield RecoveryPoint(kind, source, at, newest=wanted is None and at == end)
            at -= ONE_BASE
    for snapshot in backups.snapshots:
        if wanted is None or snapshot.at <= wanted:
            yield RecoveryPoint(SNAPSHOT, snapshot.identifier, snapshot.at)


def _windows(backups: Backups) -> str:
    windows = [f"{_exactly(one.earliest)} to {_exactly(one.latest)}" for one in backups.automated]
    moments = [_exactly(one.at) for one in sorted(backups.snapshots, key=lambda one: one.at, reverse=True)]
    told = []
    if windows:
        told.append(f"Any moment from {' or from '.join(windows)} can be had.")
    if moments:
        told.append(f"Snapshots are of {_and(moments[:MOST_POINTS])}.")
    return " ".join(told)


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def restore_estimate(took: timedelta | None) -> str:
    """How long a restore may take, in one sentence: what the newest rehearsal measured, or that nobody knows."""
    if took is None:
        return "How long the restore takes is unknown: none was rehearsed here."
    minutes = f" ({took / timedelta(minutes=1):.0f} min)" if took >= timedelta(minutes=2) else ""
    return f"The restore took {took.total_seconds():.1f} s{minutes} in its newest rehearsal."


def _exactly(at: datetime) -> str:
    """With the fraction of a second that RDS tells: a snapshot can be asked for by its very moment alone."""
    return f"{at.astimezone(UTC).replace(tzinfo=None)} UTC"


def shown(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
