"""What has happened in the emulated AWS, in order? An append-only list that others can wait on."""

from __future__ import annotations

import threading
import time
from typing import Any


class Journal:
    """Entries are numbered from 1. Safe from any thread."""

    def __init__(self) -> None:
        self._entries: list[dict[str, Any]] = []
        self._grown = threading.Condition()

    def add(self, kind: str, **fields: Any) -> None:
        """Append what just happened, with the wall clock and this machine's monotonic clock."""
        with self._grown:
            self._entries.append(
                {
                    "n": len(self._entries) + 1,
                    "at": time.time(),
                    "monotonic": time.monotonic(),
                    "kind": kind,
                    **fields,
                }
            )
            self._grown.notify_all()

    def after(self, number: int, wait_seconds: float = 0.0) -> list[dict[str, Any]]:
        """Entries after `number`; waits for at least one for up to `wait_seconds`."""
        with self._grown:
            self._grown.wait_for(lambda: len(self._entries) > number, wait_seconds)
            return self._entries[number:]
