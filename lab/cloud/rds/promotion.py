"""Which status does a read replica show while it is promoted, and when is it through?"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

from lab.cloud.context import CloudContext

# The instance is `available` for a while after PromoteReadReplica was accepted, so that waiting for `available`
# returns at once: aws-samples/aws-cross-region-dr-databases sleeps a minute because of it. Then RDS modifies and
# reboots it. How long each takes is our figure; AWS says "several minutes or longer" for the whole.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReadRepl.Promote.html
STILL_AVAILABLE = timedelta(seconds=15)
MODIFYING = timedelta(seconds=15)
REBOOTING = timedelta(seconds=15)


class Promotion:
    """available, modifying, rebooting; then `on_done`, once the real server is promoted too, whichever is later."""

    def __init__(self, context: CloudContext, on_status: Callable[[str], None], on_done: Callable[[], None]) -> None:
        self._context = context
        self._on_status = on_status
        self._on_done = on_done
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._rebooted = False
        self._server_promoted = False
        self._over = False

    def start(self) -> None:
        self._later(STILL_AVAILABLE, lambda: self._show("modifying", MODIFYING, self._reboot))

    def server_is_promoted(self) -> None:
        """The real server takes writes now."""
        with self._lock:
            self._server_promoted = True
        self._finish()

    def cancel(self) -> None:
        """No further status is shown."""
        with self._lock:
            self._over = True
            if self._timer is not None:
                self._timer.cancel()

    def _reboot(self) -> None:
        self._show("rebooting", REBOOTING, self._has_rebooted)

    def _has_rebooted(self) -> None:
        with self._lock:
            self._rebooted = True
        self._finish()

    def _show(self, status: str, lasting: timedelta, then: Callable[[], None]) -> None:
        with self._lock:
            if self._over:
                return
        self._on_status(status)
        self._later(lasting, then)

    def _later(self, delay: timedelta, then: Callable[[], None]) -> None:
        with self._lock:
            if self._over:
                return
            self._timer = threading.Timer(self._context.scaled(delay), then)
            self._timer.daemon = True
            self._timer.start()

    def _finish(self) -> None:
        with self._lock:
            if self._over or not (self._rebooted and self._server_promoted):
                return
            self._over = True
        self._on_done()
