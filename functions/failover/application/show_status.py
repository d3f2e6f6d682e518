"""How does this installation stand: who leads, what holds a run back, what runs, and what was decided lately?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from failover.application.by_hand_runs import ByHandRuns
from failover.application.errors import RunRefused, TransientFailure
from failover.application.leader_register import NoMajority
from failover.application.ports import Clock, JournalReader, Register
from failover.application.show_run import ENTRIES_LOOKED_THROUGH
from failover.application.under_way import FAILOVER, LookForWork, UnderWay, begun_by
from failover.domain.abandoned_run import driven_by_hand, holder
from failover.domain.intake import TriggerKind, held_back
from failover.domain.journal import Entry
from failover.domain.leader_record import LeaderRecord

T = TypeVar("T")


@dataclass(frozen=True)
class RegionBooks:
    """What one Region knows."""

    work: LookForWork
    by_hand: ByHandRuns
    journal: JournalReader


@dataclass(frozen=True)
class RegionStatus:
    """`silent`: why the Region gave no answer, None when it did."""

    region: str
    under_way: tuple[UnderWay, ...]
    silent: str | None

    def to_dict(self) -> dict[str, Any]:
        running = [one.name for one in self.under_way if one.kind == FAILOVER]
        return {
            "region": self.region,
            "running": running,
            "under_way": [one.to_dict() for one in self.under_way],
            "silent": self.silent,
        }


@dataclass(frozen=True)
class Status:
    """`record` None: no majority of its copies answers, and `unknown` says so. `entries`: newest first."""

    record: LeaderRecord | None
    unknown: str | None
    held_back: str | None
    regions: tuple[RegionStatus, ...]
    entries: tuple[tuple[str, Entry], ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "record": self.record.to_dict() if self.record else None,
            "unknown": self.unknown,
            "held_back": self.held_back,
            "regions": [one.to_dict() for one in self.regions],
            "entries": [{"region": region, **_shown(entry)} for region, entry in self.entries],
        }


@dataclass(frozen=True)
class ShowStatus:
    """Each Region is asked for itself: one that is silent hides nothing of the other."""

    register: Register
    books: Mapping[str, RegionBooks]
    clock: Clock

    def __call__(self, count: int = 10) -> Status:
        """Never raises because something is silent."""
        record, unknown = self._record()
        entries: list[tuple[str, Entry]] = []
        regions = []
        for region, books in self.books.items():
            work, silent = _asked(partial(_work_in, region, books, record))
            # Whoever began what is under way may be further back than what is shown.
            wanted = max(count, ENTRIES_LOOKED_THROUGH) if any(one.by is None for one in work) else count
            newest, also_silent = _asked(partial(books.journal.newest_entries, wanted))
            regions.append(RegionStatus(region, tuple(begun_by(work, newest)), silent or also_silent))
            entries += [(region, entry) for entry in newest]
        entries.sort(key=lambda one: one[1].at, reverse=True)
        held = held_back(record, "", TriggerKind.ALARM, self.clock.now()) if record else None
        return Status(record, unknown, held, tuple(regions), tuple(entries[:count]))

    def _record(self) -> tuple[LeaderRecord | None, str | None]:
        try:
            return self.register.read(), None
        except NoMajority as error:
            return None, str(error)


def _work_in(region: str, books: RegionBooks, record: LeaderRecord | None) -> Sequence[UnderWay]:
    """With the run that holds the fence, where a person drives it to make this Region the leader."""
    run = holder(record) if record is not None else None
    if record is None or run is None or not driven_by_hand(run) or record.leader == region:
        return books.work()
    return [*books.work(), books.by_hand.under_way(run, record.changed_at)]


def _asked(ask: Callable[[], Sequence[T]]) -> tuple[Sequence[T], str | None]:
    """What was answered, or nothing and why."""
    try:
        return ask(), None
    except (RunRefused, TransientFailure) as error:
        return (), str(error)


def _shown(entry: Entry) -> dict[str, Any]:
    event = entry.event
    return {
        "number": entry.number,
        "at": entry.at.isoformat(),
        "kind": event.kind,
        "by": event.by,
        "reason": event.reason,
        "run": event.run,
    }
