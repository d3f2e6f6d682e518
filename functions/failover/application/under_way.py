"""What is in progress in a Region, of whichever kind, who began it, since when, and how far has it come?

Runs of the workflows, and the instances that a person's drill makes: one that was cut off leaves its instance behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from failover.application.ports import Databases
from failover.application.run_ports import KnownRun, RunningRuns
from failover.domain.isolated_promotion import MADE_BY_TAG, throwaway_of
from failover.domain.journal import Entry

FAILOVER, REBUILD, REHEARSAL, DRILL = "failover", "rebuild", "rehearsal", "drill"
STARTED = "run-started"


@dataclass(frozen=True)
class UnderWay:
    """`state` is that of the workflow, or of the instance; `since`, `state` and `by` None: not known (yet)."""

    kind: str
    name: str
    since: datetime | None
    state: str | None
    by: str | None = None

    def __str__(self) -> str:
        since = f", since {self.since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if self.since else ""
        began = f", by {self.by}" if self.by else ""
        return f"{self.name}, a {self.kind}{began}{since}, in {self.state or 'no state yet'}"

    def to_dict(self) -> dict[str, Any]:
        since = self.since.isoformat() if self.since else None
        return {"kind": self.kind, "name": self.name, "since": since, "state": self.state, "by": self.by}


@dataclass(frozen=True)
class LookForWork:
    """In one Region, whose database is `instance`. `workflows` by their kind."""

    instance: str
    workflows: Mapping[str, RunningRuns]
    instances: Databases

    def __call__(self) -> Sequence[UnderWay]:
        """Raises TransientFailure or RunRefused."""
        return [*self._runs(), *self._drills()]

    def _runs(self) -> Iterator[UnderWay]:
        for kind, runs in self.workflows.items():
            yield from (UnderWay(kind, run.name, run.started_at, _state(runs, run)) for run in runs.running())

    def _drills(self) -> Iterator[UnderWay]:
        found = self.instances.describe(throwaway_of(self.instance))
        if found is not None:
            yield UnderWay(DRILL, found.identifier, found.made_at, found.status, found.tags.get(MADE_BY_TAG))


def begun_by(work: Iterable[UnderWay], entries: Iterable[Entry]) -> list[UnderWay]:
    """With who began it, where the journal's `entries` tell."""
    began = {entry.event.run: entry.event.by for entry in entries if entry.event.kind == STARTED}
    return [one if one.by else replace(one, by=began.get(one.name)) for one in work]


def _state(runs: RunningRuns, run: KnownRun) -> str | None:
    """The newest that was entered and not left."""
    return next((one.state for one in reversed(runs.states(run.name)) if one.left_at is None), None)
