"""What does this task know of its right to accept writes?"""

from __future__ import annotations

import time
from dataclasses import dataclass

from failover.domain.lease import Lease


@dataclass(frozen=True)
class Leadership:
    """An immutable fact that the lease keeper replaces; everybody else only reads it."""

    lease: Lease | None
    reason: str

    def leading(self) -> Lease | None:
        """The lease, if it holds at this very moment."""
        if self.lease is not None and self.lease.holds_at(time.monotonic()):
            return self.lease
        return None

    def why_not(self) -> str:
        """One sentence for a task that may not accept writes."""
        if self.lease is not None and not self.lease.holds_at(time.monotonic()):
            return f"The lease of epoch {self.lease.record.epoch} has run out: {self.reason}"
        return self.reason


NOT_YET = Leadership(None, "The leader record has not been read yet.")


class LeadershipCell:
    """Where the newest fact stands. One writer, any number of readers: a reference is replaced in one step."""

    def __init__(self) -> None:
        self.now = NOT_YET
