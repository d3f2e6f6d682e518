"""What does one task of the service consist of, and what keeps it going?

It starts whatever state AWS is in: what is missing is told by /healthz and tried again. It never ends by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

from failover.application.errors import DatabaseUnavailable, RunRefused, TransientFailure
from failover.application.ports import DatabaseLogin
from failover.domain.plan import DatabaseMode, Plan
from webapi.problem_details import Problem
from webapi.service import database_check, database_seen, problems
from webapi.service.cloud import Cloud
from webapi.service.credentials import Credentials
from webapi.service.database import NOT_CONNECTED, Database
from webapi.service.lease_keeper import LeaseKeeper
from webapi.service.ledger import Ledger
from webapi.service.settings import Settings
from webapi.service.shared import Shared
from webapi.service.standing import Standing

LOG = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(milliseconds=500), timedelta(seconds=5)
LEAST_SPACING = timedelta(seconds=1)
Answer = TypeVar("Answer")


class Task:
    """The parts that its routes share. Made in any thread; `start` and everything after it in the event loop."""

    def __init__(self, settings: Settings, cloud: Cloud) -> None:
        self.settings = settings
        self.standing = Standing()
        self._cloud = cloud
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="aws")
        self._running: asyncio.Task[None] | None = None
        self._plan: Plan | None = None
        self._database: Database | None = None
        self._ledger: Ledger | None = None
        self._credentials: Credentials | None = None
        # Both are asked by whoever likes, over the internet, and by the run that must not wait for them.
        self.check_database = Shared(self._check_database, time.monotonic)
        self.look_at_database = Shared(self._look_at_database, time.monotonic)

    @property
    def alive(self) -> bool:
        """Whether it still looks after its lease. It has no reason to stop: False means a defect."""
        return self._running is not None and not self._running.done()

    def start(self) -> None:
        self._running = asyncio.create_task(self._run(), name="service")
        self._running.add_done_callback(_tell_the_end)

    async def stop(self) -> None:
        """Acknowledge nothing from here on, then close what is open. Bounded by a few of the database's limits."""
        self.standing.lose("The task is shutting down.")
        if self._running is not None:
            self._running.cancel()
            if self._ledger is not None:
                self._ledger.abandon()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running
        if self._ledger is not None:
            if self._credentials is not None and self._credentials.login is not None:
                # Otherwise a switchover of the next hour would wait for a confirmation that never comes.
                with contextlib.suppress(DatabaseUnavailable):
                    await self._ledger.leave(self._credentials.login)
            await self._ledger.close()
        if self._database is not None:
            await self._database.close()
        # A call to a dark Region ends by its own timeout; nobody waits for it.
        self._threads.shutdown(wait=False, cancel_futures=True)

    def connected(self) -> Database:
        """The database. Raises Problem before the plan is known."""
        if self._database is None:
            raise Problem(problems.DATABASE_UNAVAILABLE, NOT_CONNECTED)
        return self._database

    async def _check_database(self, since: float) -> database_check.Checked:
        """Write and read back, whoever leads. Raises DatabaseUnavailable within the plan's API timeout."""

        async def check(login: DatabaseLogin, limit: timedelta) -> database_check.Checked:
            return await database_check.check(login, self.settings.region, self.settings.task_id, limit)

        return await self._on_the_database(check, since)

    async def _look_at_database(self, since: float) -> database_seen.Seen:
        """How it stands, whoever leads. Raises DatabaseUnavailable within the plan's API timeout."""
        mode = self._plan.db_mode if self._plan is not None else DatabaseMode.RDS
        return await self._on_the_database(
            lambda login, limit: database_seen.look(login, self.settings.task_id, limit, mode), since
        )

    async def _on_the_database(
        self, ask: Callable[[DatabaseLogin, timedelta], Awaitable[Answer]], since: float
    ) -> Answer:
        credentials, plan = self._credentials, self._plan
        if credentials is None or plan is None:
            raise DatabaseUnavailable(self.standing.reason)
        if credentials.login is None:
            raise DatabaseUnavailable(credentials.reason)
        # Whoever asks gives up after the API timeout: answer with the reason before that.
        left = since + plan.timing.api_timeout.total_seconds() * 0.8 - time.monotonic()
        if left <= 0:
            raise DatabaseUnavailable("The check before this one took all the time.")
        try:
            return await ask(credentials.login, timedelta(seconds=left))
        except DatabaseUnavailable:
            credentials.doubt()
            raise

    async def _run(self) -> None:
        plan = await self._load_plan()
        timing = plan.timing
        name = self.settings.task_id
        database = Database(name, timing.heartbeat_timeout)
        ledger = Ledger(self.settings.region, name, timing.heartbeat_timeout, plan.db_mode)

        async def read_login() -> DatabaseLogin:
            return await self._in_thread(lambda: self._cloud.login(plan))

        async def reconnect() -> None:
            if credentials.login is not None:
                await database.connect(credentials.login)

        credentials = Credentials(read_login, database.connect, max(timing.renew, LEAST_SPACING))
        keeper = LeaseKeeper(
            self.settings.region,
            timing,
            await self._in_thread(lambda: self._cloud.leader_record(plan)),
            await self._in_thread(lambda: self._cloud.heartbeats(plan)),
            ledger,
            credentials,
            self.standing,
            self._threads,
            reconnect,
        )
        self._plan, self._database, self._ledger, self._credentials = plan, database, ledger, credentials
        async with asyncio.TaskGroup() as group:
            group.create_task(credentials.run())
            group.create_task(keeper.run())

    async def _load_plan(self) -> Plan:
        pause = FIRST_PAUSE
        while True:
            try:
                return await self._in_thread(self._cloud.plan)
            except (TransientFailure, RunRefused) as error:
                self.standing.lose(str(error))
            await asyncio.sleep(pause.total_seconds())
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _in_thread(self, call: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)


def _tell_the_end(running: asyncio.Task[None]) -> None:
    if not running.cancelled() and (error := running.exception()) is not None:
        LOG.error("the task no longer looks after its lease", exc_info=error)
