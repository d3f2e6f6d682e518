"""May this task acknowledge a write at this moment, and if not, why?"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from failover.domain.lease import Lease

LOG = logging.getLogger(__name__)
# Linux stops its monotonic clock while the host is suspended, and a lease must run out meanwhile; others count on.
# https://man7.org/linux/man-pages/man2/clock_gettime.2.html
CLOCK: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def clock_seconds() -> float:
    """The task's monotonic clock, by which its lease is granted and runs out. It counts while the host is suspended."""
    return time.clock_gettime(CLOCK)


@dataclass(frozen=True)
class Leading:
    """The task may acknowledge writes of this epoch, and its last heartbeat was committed."""

    epoch: int


@dataclass(frozen=True)
class NotLeading:
    """It may not, and why, in one sentence."""

    reason: str


class Standing:
    """What the lease keeper found out last, against the monotonic clock of whoever asks.

    Nothing here waits for the keeper: a keeper that is late, hangs or died leaves a lease that runs out by itself.
    """

    def __init__(self) -> None:
        self._lease: Lease | None = None
        self._beating = False
        self._leading = Leading(0)
        self._not_leading = NotLeading("The task has just started: it has not read the leader record yet.")
        self._told: Leading | NotLeading | None = None

    def lease(self) -> Lease | None:
        """The lease that holds now. Ask again after the commit, for time has passed."""
        lease = self._lease
        return lease if lease is not None and lease.holds_at(clock_seconds()) else None

    def now(self) -> Leading | NotLeading:
        """What a health check is told: the same object as long as nothing changed."""
        return self._leading if self._beating and self.lease() is not None else self._not_leading

    @property
    def reason(self) -> str:
        """Why the lease does not hold, where it does not."""
        return self._not_leading.reason

    def hold(self, lease: Lease) -> None:
        """The lease was renewed, after a heartbeat that was committed and published."""
        if self._lease is None or lease.record.epoch != self._leading.epoch:
            self._leading = Leading(lease.record.epoch)
        self._lease = lease
        self._beating = True
        self._because("The lease ran out: it was not renewed in time.")
        self._tell(self._leading)

    def keep_unrenewed(self, reason: str) -> None:
        """The lease could not be renewed this time; it holds as long as it was granted for."""
        self._because(reason)
        self._tell(self._not_leading)

    def lose_heartbeat(self, reason: str) -> None:
        """The database did not commit the heartbeat: not healthy at once, whatever is left of the lease."""
        self._beating = False
        self.keep_unrenewed(reason)

    def lose(self, reason: str) -> None:
        """Another Region leads, or a run holds the fence: nothing is acknowledged from here on."""
        self._lease = None
        self.keep_unrenewed(reason)

    def _because(self, reason: str) -> None:
        if reason != self._not_leading.reason:
            self._not_leading = NotLeading(reason)

    def _tell(self, found: Leading | NotLeading) -> None:
        if found == self._told:
            return
        self._told = found
        if isinstance(found, Leading):
            LOG.info("leading", extra={"epoch": found.epoch})
        else:
            LOG.warning("not renewed", extra={"reason": found.reason})
