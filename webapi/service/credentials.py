"""As whom, and at which address, does the service reach its Region's database now?

The secret is read again every so often, at once when this Region becomes leader, and soon after the database was found
wanting: a rotated password or a promoted replica's endpoint needs no restart.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from failover.application.errors import RunRefused, TransientFailure
from failover.application.ports import DatabaseLogin

LOG = logging.getLogger(__name__)
READ_AGAIN_AFTER = timedelta(seconds=60)


class Credentials:
    """The database login, kept up to date by `run`."""

    def __init__(
        self,
        read: Callable[[], Awaitable[DatabaseLogin]],
        on_change: Callable[[DatabaseLogin], Awaitable[None]],
        spacing: timedelta,
    ) -> None:
        """`read` raises TransientFailure or RunRefused. `spacing` is the least pause between two readings by doubt."""
        self._read = read
        self._on_change = on_change
        self._spacing = spacing
        self._doubted = asyncio.Event()
        self._reading = asyncio.Lock()
        self.login: DatabaseLogin | None = None
        self.reason = "The database's secret has not been read yet."

    def doubt(self) -> None:
        """The database refused the login, or did not answer at its address: see soon whether there is a new one."""
        self._doubted.set()

    async def reload(self) -> None:
        """Read the secret now. A failure leaves the login as it was, and is told in `reason`."""
        async with self._reading:
            self._doubted.clear()
            try:
                login = await self._read()
            except (TransientFailure, RunRefused) as error:
                if str(error) != self.reason:
                    LOG.warning("secret not read", extra={"reason": str(error)})
                self.reason = str(error)
                return
            self.reason = ""
            if login != self.login:
                LOG.info("database login", extra={"changed": self.login is not None})
                self.login = login
                await self._on_change(login)

    async def run(self) -> None:
        """Keep the login up to date until cancelled."""
        while True:
            await self.reload()
            await asyncio.sleep(self._spacing.total_seconds())
            pause = READ_AGAIN_AFTER if self.login is not None else self._spacing
            # Not wait_for: before Python 3.12 it can swallow the cancellation that comes together with the doubt.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause.total_seconds()):
                    await self._doubted.wait()
