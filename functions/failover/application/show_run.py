"""What has a run done, state by state, what was decided in it, and how did it end?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from failover.application.by_hand_runs import ByHandRuns
from failover.application.errors import RunRefused
from failover.application.ports import JournalReader, Outcomes
from failover.application.run_ports import KnownRun, RunBook, VisitedState
from failover.domain.abandoned_run import driven_by_hand
from failover.domain.journal import Entry

# Each is one request; a run's entries are the newest ones while anybody asks about it.
ENTRIES_LOOKED_THROUGH = 100


@dataclass(frozen=True)
class RunTimeline:
    """`outcome` None: none is recorded (yet)."""

    run: KnownRun
    states: Sequence[VisitedState]
    entries: Sequence[Entry]
    outcome: Mapping[str, Any] | None


@dataclass(frozen=True)
class ShowRun:
    """One Region's runs."""

    book: RunBook
    by_hand: ByHandRuns
    journal: JournalReader
    outcomes: Outcomes

    def __call__(self, name: str) -> RunTimeline | None:
        """None: this Region does not know the run. Raises TransientFailure or RunRefused."""
        book: RunBook | ByHandRuns = self.by_hand if driven_by_hand(name) else self.book
        run = book.find(name)
        if run is None:
            return None
        newest = self.journal.newest_entries(ENTRIES_LOOKED_THROUGH)
        entries = [entry for entry in newest if entry.event.run == name]
        return RunTimeline(run, book.states(name), entries, self._outcome(name))

    def _outcome(self, name: str) -> Mapping[str, Any] | None:
        key = f"runs/{name}/outcome.json"
        text = self.outcomes.read(key)
        if text is None:
            return None
        try:
            found = json.loads(text)
            return {field: found[field] for field in ("result", "reason", "summary", "leader", "epoch", "recorded_at")}
        except (ValueError, KeyError, TypeError) as error:
            raise RunRefused(f"{key} is no outcome: {error}.") from error
