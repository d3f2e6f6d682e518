"""What time is it in a case? The host's time, and whatever was waited for since, which passes at once.

How long anything takes is measured by the waits alone: a case must not go another way because the host is busy.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

LONGEST_STEP = timedelta(seconds=1)


@dataclass
class CaseClock:
    """Wall and monotonic time of everything in the world. `on_step` hears of every second that a wait passes over."""

    on_step: Callable[[], None] = lambda: None
    _passed: timedelta = timedelta(0)
    _began: float = field(default_factory=time.monotonic)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def reset(self) -> None:
        self._passed = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._passed

    def monotonic(self) -> float:
        return self._began + self._passed.total_seconds()

    def sleep(self, duration: timedelta) -> None:
        """Let `duration` pass, a second at a time: the service goes on meanwhile."""
        with self._lock:
            left = duration
            while left > timedelta(0):
                step = min(left, LONGEST_STEP)
                self._passed += step
                left -= step
                self.on_step()

    def sleep_seconds(self, seconds: float) -> None:
        self.sleep(timedelta(seconds=seconds))
