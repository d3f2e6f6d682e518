"""How does a task get, renew and lose the right to acknowledge writes?

A renewal is: commit a heartbeat, publish it to a majority of Regions within the heartbeat timeout, read the leader
record by majority, and count the lease from before that reading. So nothing is acknowledged later than the newest
published heartbeat plus that timeout plus the lease, which is what bounds the loss of a failover. A task elsewhere
only reads.

A task that finds its Region fenced stops first and then says so on the database, again and again, for how long it has
watched that fence: its replica shows it, and a switchover need not wait for the clock.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from datetime import timedelta
from typing import TypeVar

from failover.application.errors import DatabaseUnavailable
from failover.application.leader_register import NoMajority
from failover.domain.leader_record import LeaderRecord, Refusal, State
from failover.domain.lease import Lease, grant
from failover.domain.plan import Timing
from webapi.service.cloud import LeaderRecordCopies, PublishedHeartbeats
from webapi.service.credentials import Credentials
from webapi.service.ledger import Ledger
from webapi.service.standing import Standing, clock_seconds

LOG = logging.getLogger(__name__)
NOT_PUBLISHED = "The heartbeat could not be published to a majority of Regions in time."
LATE = "The heartbeat was too old when the leader record was to be read."
Answer = TypeVar("Answer")


class LeaseKeeper:
    """Runs in the event loop; calls to AWS block, so they are made in `threads`."""

    def __init__(
        self,
        region: str,
        timing: Timing,
        record: LeaderRecordCopies,
        heartbeats: PublishedHeartbeats,
        ledger: Ledger,
        credentials: Credentials,
        standing: Standing,
        threads: Executor,
        recovered: Callable[[], Awaitable[None]],
    ) -> None:
        """`recovered` is awaited when the database commits again after it did not."""
        self._region = region
        self._timing = timing
        self._record = record
        self._heartbeats = heartbeats
        self._ledger = ledger
        self._credentials = credentials
        self._standing = standing
        self._threads = threads
        self._recovered = recovered
        self._epoch: int | None = None
        self._seen_at = 0.0
        self._database_failed = False
        self._fence: tuple[int, float] | None = None

    async def run(self) -> None:
        """Renew every `timing.renew` until cancelled; at once in a new epoch of this Region."""
        while True:
            began = clock_seconds()
            if await self._round():
                continue
            await asyncio.sleep(max(0.0, began + self._timing.renew.total_seconds() - clock_seconds()))

    async def _round(self) -> bool:
        """Whether another round is due at once."""
        if clock_seconds() - self._seen_at > self._timing.lease.total_seconds():
            # Another Region may lead by now: its heartbeat must not be replaced by one from here.
            self._epoch = None
        proven_since = await self._prove(self._epoch) if self._epoch is not None else None
        asked_at = clock_seconds()
        record = await self._read()
        if record is None:
            return False
        granted = grant(record, self._region, asked_at, self._timing.lease)
        if isinstance(granted, Refusal):
            self._epoch = None
            self._standing.lose(granted.reason)
            await self._confirm_fence(record)
            return False
        self._seen_at = asked_at
        if record.epoch != self._epoch:
            self._epoch = record.epoch
            # Whoever opened this Region may have given it a new database before.
            await self._credentials.reload()
            return True
        if proven_since is not None:
            self._renew(granted, asked_at - proven_since)
        return False

    def _renew(self, lease: Lease, age_seconds: float) -> None:
        if age_seconds > self._timing.heartbeat_timeout.total_seconds():
            self._standing.keep_unrenewed(LATE)
        else:
            self._standing.hold(lease)

    async def _confirm_fence(self, record: LeaderRecord) -> None:
        """The fence was there before it was first read, so watching it is counted from after that reading."""
        login = self._credentials.login
        if record.state is not State.FENCED or record.leader != self._region or login is None:
            return
        now = clock_seconds()
        if self._fence is None or self._fence[0] != record.epoch:
            self._fence = (record.epoch, now)
        try:
            await self._ledger.confirm_stopped(login, record.epoch, timedelta(seconds=now - self._fence[1]))
        except DatabaseUnavailable as error:
            LOG.warning("the fence could not be confirmed", extra={"reason": str(error)})

    async def _prove(self, epoch: int) -> float | None:
        """Commit and publish a heartbeat: when that began, in monotonic seconds, or None when it failed."""
        login = self._credentials.login
        if login is None:
            self._standing.lose_heartbeat(self._credentials.reason)
            self._credentials.doubt()
            return None
        began = clock_seconds()
        try:
            heartbeat = await self._ledger.beat(login, epoch)
        except DatabaseUnavailable as error:
            self._database_failed = True
            self._standing.lose_heartbeat(str(error))
            self._credentials.doubt()
            return None
        if self._database_failed:
            self._database_failed = False
            await self._recovered()
        left = self._timing.heartbeat_timeout - timedelta(seconds=clock_seconds() - began)
        if left <= timedelta(0) or not await self._in_thread(lambda: self._heartbeats.publish(heartbeat, left)):
            self._standing.keep_unrenewed(NOT_PUBLISHED)
            return None
        return began

    async def _read(self) -> LeaderRecord | None:
        try:
            return await self._in_thread(self._record.read)
        except NoMajority as error:
            self._standing.keep_unrenewed(f"The leader record: {error}")
            return None

    async def _in_thread(self, call: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)
