"""What do people ask of a Region's runs? As in ports.py: calls raise TransientFailure or RunRefused, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True)
class KnownRun:
    """A run in Step Functions' words. `ended_at` None: it goes on."""

    name: str
    status: str
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class VisitedState:
    """A state that a run entered. `left_at` None: the run is in it, or ended there."""

    state: str
    entered_at: datetime
    left_at: datetime | None


class RunningRuns(Protocol):
    """The runs of one workflow in one Region, while they go on."""

    def running(self) -> Sequence[KnownRun]: ...

    def states(self, name: str) -> Sequence[VisitedState]:
        """In the order in which they were entered."""
        ...


class RunBook(Protocol):
    """This Region's runs, for people."""

    def newest(self, count: int) -> Sequence[KnownRun]: ...

    def find(self, name: str) -> KnownRun | None: ...

    def states(self, name: str) -> Sequence[VisitedState]:
        """In the order in which they were entered."""
        ...

    def definition(self) -> Mapping[str, Any]:
        """The workflow as it is deployed."""
        ...
