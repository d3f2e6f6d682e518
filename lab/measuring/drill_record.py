"""What does a drill leave behind for those who measure it? Plain facts, collected and not yet judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from lab.measuring.history import Attempt, HistoryError, Outcome, read_history

Expected = Literal["failover", "no failover"]


@dataclass(frozen=True)
class Span:
    """One state of the workflow; `exited` is None while it is open, or where it failed."""

    state: str
    entered: float
    exited: float | None
    error: str | None


@dataclass(frozen=True)
class Run:
    """One execution of the workflow. `state` is its output; empty for one that has none (it failed, or still runs).

    `failure` is the cause of one that failed, None where Step Functions tells none.
    """

    name: str
    status: str
    started: float
    stopped: float | None
    spans: tuple[Span, ...]
    state: dict[str, Any]
    failure: str | None = None

    def entered(self, *names: str) -> float | None:
        """When one of these states was first entered; None: never."""
        return next((span.entered for span in self.spans if span.state in names), None)

    def exited(self, *names: str) -> float | None:
        """When one of these states was last left without an error; None: never."""
        return next((span.exited for span in reversed(self.spans) if span.state in names and not span.error), None)


@dataclass(frozen=True)
class DrillRecord:
    """Everything that one drill observed. None is unknown, an empty list is none.

    Instants are the machine's monotonic clock in seconds, but for `started_at`. `survivor_rows` are what `new_leader`'s
    database held at the end. `permissions` is by function, as CloudControl.permissions has it. `expected`: what this
    fault should lead to. `planned`: nothing broke, but a person asked for a switchover; `fault` and `fault_at` are those of
    the request.
    """

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
    permissions: dict[str, Any] | None
    expected: Expected = "failover"
    planned: bool = False


__all__ = ["Attempt", "DrillRecord", "Expected", "HistoryError", "Outcome", "Run", "Span", "read_history"]
