"""What is the protected service made of? Its routes, its database and the lease keeper, joined."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from failover.domain.plan import Plan, PlanError
from webapi.service import health, problems, writes
from webapi.service.database import Credentials, Database
from webapi.service.leadership import Leadership, LeadershipCell
from webapi.service.lease_keeper import LeaseKeeper
from webapi.service.plan_source import PlanUnavailable

logger = logging.getLogger(__name__)
LONGEST_PAUSE_SECONDS = 5.0


@dataclass(frozen=True)
class TaskSettings:
    """Which task this is: its Region and its own id."""

    region: str
    task_id: str


class RegionHeader:
    """Every answer says which Region gave it."""

    def __init__(self, app: ASGIApp, region: str) -> None:
        self._app = app
        self._header = (b"x-region", region.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_region(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.setdefault("headers", [])
                if all(name != b"x-region" for name, _ in headers):
                    headers.append(self._header)
            await send(message)

        await self._app(scope, receive, send_with_region)


class Keeping:
    """Runs the lease keeper as soon as the plan can be read: a task must not end because AWS hiccups."""

    def __init__(
        self, settings: TaskSettings, read_plan: Callable[[], Plan], cell: LeadershipCell, database: Database
    ) -> None:
        self._settings = settings
        self._read_plan = read_plan
        self._cell = cell
        self._database = database
        self._loop = asyncio.get_running_loop()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="plan", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(10)

    def _run(self) -> None:
        plan = self._plan()
        if plan is None:
            return
        keeper = LeaseKeeper(plan, self._settings.region, self._settings.task_id, self._cell, self._use)
        keeper.start()
        self._stopping.wait()
        keeper.stop()

    def _plan(self) -> Plan | None:
        """The plan, however long it takes; None once the service stops."""
        pause = 0.2
        while not self._stopping.is_set():
            try:
                plan = self._read_plan()
                if self._settings.region not in plan.regions:
                    raise PlanError("regions", ", ".join(plan.regions), f"must have {self._settings.region}")
                return plan
            except (PlanUnavailable, PlanError) as error:
                if self._cell.now.reason != str(error):
                    logger.error("not ready: %s", error)
                self._cell.now = Leadership(None, str(error))
            self._stopping.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        return None

    def _use(self, credentials: Credentials) -> None:
        asyncio.run_coroutine_threadsafe(self._database.use(credentials), self._loop)


def create_app(settings: TaskSettings, read_plan: Callable[[], Plan]) -> FastAPI:
    """The service as an ASGI application. `read_plan` raises PlanUnavailable or PlanError."""
    cell, database = LeadershipCell(), Database()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        keeping = Keeping(settings, read_plan, cell, database)
        app.state.leadership = cell
        yield
        await asyncio.to_thread(keeping.stop)
        await database.close()

    app = FastAPI(title="drlab protected service", version="1", lifespan=lifespan)
    app.add_middleware(RegionHeader, region=settings.region)
    problems.install(app, settings.region)
    app.include_router(health.routes(settings.region, database, cell))
    app.include_router(writes.routes(database, cell))
    return app
