"""What did clients see? Reads the workload's history: one fact for each write that was tried."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, cast

Outcome = Literal["ok", "fail", "unknown"]
OUTCOMES = ("ok", "fail", "unknown")


@dataclass(frozen=True)
class Attempt:
    """One write that a client tried. Instants are this machine's monotonic clock, in seconds.

    ok: acknowledged. fail: certainly not written. unknown: perhaps written, not acknowledged. `region` is who answered,
    None where nobody did; `problem` says why a write was not acknowledged.
    """

    writer: str
    number: int
    started: float
    ended: float
    outcome: Outcome
    region: str | None
    epoch: int | None
    problem: str | None = None

    @property
    def key(self) -> tuple[str, int]:
        """What the row is called in the database, too."""
        return self.writer, self.number


class HistoryError(ValueError):
    """A line of the workload's history cannot be read; the text says which and why."""


def read_history(path: Path) -> tuple[Attempt, ...]:
    """The workload's attempts in the order in which they ended. Raises HistoryError, and OSError without the file.

    A last line without an end was being written when its writer was stopped: it is left out.
    """
    whole, _, _ = path.read_bytes().rpartition(b"\n")
    return tuple(sorted(_attempts(whole), key=lambda attempt: attempt.ended))


def first_acknowledged_by(attempts: Sequence[Attempt], region: str, after: float) -> float | None:
    """When a Region acknowledged its first write after an instant."""
    moments = (
        attempt.ended
        for attempt in attempts
        if attempt.outcome == "ok" and attempt.region == region and attempt.ended > after
    )
    return min(moments, default=None)


def outage(attempts: Sequence[Attempt], fault_at: float) -> tuple[float | None, float | None]:
    """The longest gap between two acknowledged writes that ends after the fault, and the time since the last one.

    The gap is None when no write was acknowledged after the fault, and when the silence in which the history ends is
    longer than every gap: then the outage had not ended, and the second figure is its lower limit. The second figure
    is None without any acknowledged write.
    """
    moments = sorted(attempt.ended for attempt in attempts if attempt.outcome == "ok")
    if not moments:
        return None, None
    silence = max(attempt.ended for attempt in attempts) - moments[-1]
    longest = max((later - earlier for earlier, later in pairwise(moments) if later > fault_at), default=None)
    return (None, silence) if longest is None or silence > longest else (longest, longest)


def _attempts(whole: bytes) -> Iterator[Attempt]:
    seen: set[tuple[str, int]] = set()
    for place, line in enumerate(whole.split(b"\n") if whole else (), 1):
        try:
            attempt = _attempt(json.loads(line))
            # A number is tried once: of two outcomes for one row, nobody could say which the row is evidence of.
            if attempt.key in seen:
                raise ValueError(f"{attempt.writer}/{attempt.number} was tried before")
        except (ValueError, KeyError, TypeError) as error:
            raise HistoryError(f"line {place} of the history cannot be read: {_said(error)}") from error
        seen.add(attempt.key)
        yield attempt


def _attempt(data: dict[str, Any]) -> Attempt:
    """Raises ValueError, KeyError or TypeError."""
    outcome, started, ended = data["outcome"], float(data["started"]), float(data["ended"])
    if outcome not in OUTCOMES:
        raise ValueError(f"{outcome!r} is no outcome")
    if not (math.isfinite(started) and math.isfinite(ended) and started <= ended):
        raise ValueError(f"it ended at {ended} and started at {started}")
    region, epoch, problem = data["region"], data["epoch"], data.get("problem")
    if not isinstance(region, str | None) or not isinstance(epoch, int | None):
        raise TypeError(f"{region!r} is no Region or {epoch!r} no epoch")
    return Attempt(
        writer=str(data["writer"]),
        number=int(data["number"]),
        started=started,
        ended=ended,
        outcome=cast(Outcome, outcome),
        region=region,
        epoch=epoch,
        problem=None if problem is None else str(problem),
    )


def _said(error: Exception) -> str:
    return f"it has no {error}" if isinstance(error, KeyError) else str(error)
