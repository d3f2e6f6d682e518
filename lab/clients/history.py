"""What does a workload remember of its writes, and what does it tell while it runs?"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

from lab.clients.attempt import Verdict


class History:
    """One JSON line for each attempt, handed to the system at once: a crash loses nothing that was recorded."""

    def __init__(self, path: Path) -> None:
        """Raises FileExistsError: another history's numbers would be taken for this one's."""
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)

    def record(self, entry: dict[str, Any]) -> None:
        """Raises OSError when the line is not written as a whole."""
        line = json.dumps(entry).encode() + b"\n"
        if os.write(self._file, line) != len(line):
            raise OSError("the history could not be written: the disk is full")

    def close(self) -> None:
        os.close(self._file)


class Tally:
    """What the progress lines tell."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._last_ok_region: str | None = None
        self.held_back = 0

    def count(self, found: Verdict) -> None:
        self._counts[found.outcome] += 1
        if found.outcome == "ok":
            self._last_ok_region = found.region

    def line(self, in_flight: int, final: bool) -> str:
        """`held_back` are writes that were not sent because too many were without an answer."""
        return json.dumps(
            {
                "acked": self._counts["ok"],
                "failed": self._counts["fail"],
                "unknown": self._counts["unknown"],
                "last_ok_region": self._last_ok_region,
                "in_flight": in_flight,
                "held_back": self.held_back,
                "monotonic": time.monotonic(),
                "final": final,
            }
        )
