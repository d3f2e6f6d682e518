"""What does a drill leave behind for those who measure it? Plain facts, collected and not yet judged."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

Outcome = Literal["ok", "fail", "unknown"]


@dataclass(frozen=True)
class Attempt:
    """One write that a client tried. Instants are this machine's monotonic clock, in seconds.

    ok: acknowledged. fail: certainly not written. unknown: perhaps written, not acknowledged.
    """

    writer: str
    number: int
    started: float
    ended: float
    outcome: Outcome
    region: str | None
    epoch: int | None


@dataclass(frozen=True)
class Span:
    """One state of the workflow; `exited` is None while it is open, or where it failed."""

    state: str
    entered: float
    exited: float | None
    error: str | None


@dataclass(frozen=True)
class Run:
    """One execution of the workflow. `state` is its data as far as it came: the output of a run that has ended."""

    name: str
    status: str
    started: float
    stopped: float | None
    spans: tuple[Span, ...]
    state: dict[str, Any]

    def entered(self, name: str) -> float | None:
        return next((span.entered for span in self.spans if span.state == name), None)

    def exited(self, name: str) -> float | None:
        return next((span.exited for span in reversed(self.spans) if span.state == name and not span.error), None)


@dataclass(frozen=True)
class DrillRecord:
    """Everything that one drill observed. None is unknown, an empty list is none."""

    drill: str
    started_at: datetime
    fault: str
    fault_description: str
    fault_at: float
    old_leader: str
    new_leader: str
    settings: dict[str, Any]
    environment: dict[str, str]
    attempts: tuple[Attempt, ...]
    survivor_rows: frozenset[tuple[str, int]] | None
    runs: tuple[Run, ...]
    journal: tuple[dict[str, Any], ...]
    record_before: dict[str, Any] | None
    record_after: dict[str, Any] | None
    webhook_notifications: int
    mailbox_messages: int


class HistoryError(ValueError):
    """A line of the workload's history cannot be read; the text says which and why."""


def read_history(path: Path) -> tuple[Attempt, ...]:
    """The workload's attempts in the order in which they ended. Raises HistoryError.

    A last line without an end was being written when its writer was stopped: it is left out.
    """
    text = path.read_text(encoding="utf-8")
    whole, _, _ = text.rpartition("\n")
    return tuple(sorted(_attempts(whole.splitlines()), key=lambda attempt: attempt.ended))


def _attempts(lines: Iterable[str]) -> Iterable[Attempt]:
    for number, line in enumerate(lines, 1):
        try:
            data = json.loads(line)
            outcome = data["outcome"]
            if outcome not in ("ok", "fail", "unknown"):
                raise ValueError(f"{outcome!r} is no outcome")
            yield Attempt(
                writer=str(data["writer"]),
                number=int(data["number"]),
                started=float(data["started"]),
                ended=float(data["ended"]),
                outcome=outcome,
                region=data["region"],
                epoch=data["epoch"],
            )
        except (ValueError, KeyError, TypeError) as error:
            raise HistoryError(f"line {number} of the history cannot be read: {error}") from error
