"""Copies of the leader record in memory, which can be dark, hang, fail at a write, or be lost."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from failover.application.leader_register import CopyUnavailable
from failover.domain.register_protocol import Copy, Versioned


@dataclass
class MemoryCopy:
    """`refuses` is asked of each write; while `let_go` is not set, every call hangs."""

    held: Versioned = field(default_factory=lambda: Versioned(Copy(), None))
    dark: bool = False
    refuses: Callable[[Copy], bool] = lambda _: False
    let_go: threading.Event = field(default_factory=threading.Event)
    calls: int = 0

    def __post_init__(self) -> None:
        self.let_go.set()
        self._versions = itertools.count(1)
        self._lock = threading.Lock()

    def lose(self) -> None:
        self.held = Versioned(Copy(), None)

    def read(self) -> Versioned:
        self._arrive()
        return self.held

    def write(self, copy: Copy, expected: str | None) -> str:
        self._arrive()
        with self._lock:
            if self.refuses(copy) or self.held.version != expected:
                raise CopyUnavailable("PreconditionFailed")
            version = str(next(self._versions))
            self.held = Versioned(copy, version)
            return version

    def _arrive(self) -> None:
        self.calls += 1
        self.let_go.wait(10)
        if self.dark:
            raise CopyUnavailable("ReadTimeoutError")
