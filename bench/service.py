"""What does safety cost the service, as ratios to bare routes of the same framework, driver, server and database?

`/healthz` is compared with a FastAPI route that returns a finished answer, and POST /writes with one that inserts
through a psycopg pool and looks at no lease. All of it runs in one process, behind one server; the load comes from
this one, over loopback. Rounds alternate, so that a machine whose speed drifts slows both. Target: 0.8 or more.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import socket
import statistics
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

import uvicorn
import uvloop
from fastapi import FastAPI
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel
from starlette.responses import Response

from failover.application.ports import DatabaseLogin
from failover.domain.heartbeat import Heartbeat
from failover.domain.leader_record import LeaderRecord, genesis
from failover.domain.plan import Plan
from lab.host.processes import Processes
from lab.region.ports import free_port
from lab.region.postgresql import PostgreSQL
from webapi.service.__main__ import server_settings
from webapi.service.app import RegionStamp, service_api
from webapi.service.database import LARGEST_POOL
from webapi.service.sessions import parameters
from webapi.service.settings import Settings
from webapi.service.task import Task

ROUNDS = 9
ROUND_SECONDS = 1.5
CONNECTIONS = 16
TARGET = 0.8
REGION = "us-west-2"
BARE_TABLE = "create table bare (writer text, number bigint, body text, primary key (writer, number))"
BARE_INSERT = "INSERT INTO bare (writer, number, body) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
Requests = Callable[[], bytes]


def main() -> None:
    with Processes() as processes:
        database = PostgreSQL(REGION, processes)
        database.init_primary()
        port = free_port()
        login = json.dumps([database.port, database.credentials.application])
        server = processes.start(
            [sys.executable, "-m", "bench.service", "--serve", str(port), "--login", login],
            name="the measured server",
            env={"PYTHONPATH": ":".join(sys.path)},
            log=processes.state_directory / "server.log",
            ready=lambda _: _healthy(port),
        )
        # The service's own session made its tables; this one is for the comparison.
        database.rows(BARE_TABLE)
        database.rows("alter table bare owner to app")
        try:
            _compare(port)
        finally:
            processes.terminate(server)


def _compare(port: int) -> None:
    writes = itertools.count()
    pairs = {
        "/healthz, requests a second": (lambda: _get("/healthz"), lambda: _get("/bare")),
        "POST /writes, writes a second": (lambda: _post("/writes", next(writes)), lambda: _post("/bare", next(writes))),
    }
    for what, (ours, bare) in pairs.items():
        rates: dict[str, list[float]] = {"ours": [], "bare": []}
        for number in range(ROUNDS + 1):
            order = [("ours", ours), ("bare", bare)]
            for name, requests in order if number % 2 else reversed(order):
                rate = uvloop.run(_load(port, requests))
                # The first round warms caches, prepared statements and connections.
                if number:
                    rates[name].append(rate)
        ratios = [mine / other for mine, other in zip(rates["ours"], rates["bare"], strict=True)]
        ratio = statistics.median(ratios)
        print(
            f"{what:30s} {statistics.median(rates['ours']):7.0f} of {statistics.median(rates['bare']):7.0f} bare:"
            f" ratio {ratio:.2f} (rounds {min(ratios):.2f} to {max(ratios):.2f}, median of {ROUNDS})"
            f"  {'ok' if ratio >= TARGET else f'under {TARGET}'}",
            flush=True,
        )


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n".encode()


def _post(path: str, number: int) -> bytes:
    body = f'{{"writer":"w1","number":{number},"body":"a body of some length, as a client would send it"}}'
    head = f"POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    return f"{head}\r\n\r\n{body}".encode()


class _Client(asyncio.Protocol):
    """One kept connection with one request under way. As little as possible: the server is measured, not this."""

    def __init__(self, requests: Requests, until: float) -> None:
        self._requests = requests
        self._until = until
        self._received = b""
        self.answers = 0
        self.failure: str | None = None
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport is one in all but its class.
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._requests())

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found or len(body) < int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]):
            return
        if head[9:11] != b"20":
            self.failure = self._received.decode()
        self._received = b""
        self.answers += 1
        if self.failure or time.monotonic() >= self._until:
            self._transport.close()
        else:
            self._transport.write(self._requests())

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def _load(port: int, requests: Requests) -> float:
    """Answers a second, with CONNECTIONS requests always under way. Raises RuntimeError on any but a good answer."""
    loop = asyncio.get_running_loop()
    began = time.monotonic()
    until = began + ROUND_SECONDS
    clients = [_Client(requests, until) for _ in range(CONNECTIONS)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.wait_for(asyncio.gather(*(client.done for client in clients)), ROUND_SECONDS + 10)
    failure = next((client.failure for client in clients if client.failure), None)
    if failure:
        raise RuntimeError(failure)
    return sum(client.answers for client in clients) / (time.monotonic() - began)


def _healthy(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(_get("/healthz"))
            return connection.recv(4096).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


@dataclass(frozen=True)
class _StillCloud:
    """AWS that always answers at once: what is measured is the service's own work."""

    database: DatabaseLogin

    def plan(self) -> Plan:
        return Plan.parse(json.dumps(PLAN))

    def login(self, _plan: Plan) -> DatabaseLogin:
        return self.database

    def leader_record(self, _plan: Plan) -> _StillCloud:
        return self

    def heartbeats(self, _plan: Plan) -> _StillCloud:
        return self

    def read(self) -> LeaderRecord:
        return genesis(REGION, datetime.now(UTC))

    def publish(self, _heartbeat: Heartbeat, _within: timedelta) -> bool:
        return True


class _BareWrite(BaseModel):
    writer: str
    number: int
    body: str


def _add_bare_routes(app: FastAPI, pool: AsyncConnectionPool) -> None:
    answer = Response('{"region":"us-west-2","epoch":1,"leader":true}', media_type="application/json")

    @app.get("/bare", response_class=Response)
    async def bare() -> Response:
        return answer

    @app.post("/bare", status_code=201)
    async def insert(new: _BareWrite) -> _BareWrite:
        async with pool.connection() as connection:
            await connection.execute(BARE_INSERT, (new.writer, new.number, new.body))
        return new


def _serve(port: int, login: DatabaseLogin) -> None:
    """The service, and a bare FastAPI application beside it that is reached by the path /bare."""
    task = Task(Settings(REGION, "/drlab/app/plan", "bench"), _StillCloud(login))
    pool = AsyncConnectionPool(
        kwargs=parameters(login, "bare", timedelta(seconds=5)), min_size=2, max_size=LARGEST_POOL, open=False
    )
    service = service_api(task)
    bare = FastAPI()
    _add_bare_routes(bare, pool)
    started = service.router.lifespan_context

    @asynccontextmanager
    async def both(app: FastAPI) -> AsyncIterator[None]:
        async with started(app), pool:
            yield

    service.router.lifespan_context = both
    stamped = RegionStamp(service, REGION)

    async def either(scope, receive, send):  # type: ignore[no-untyped-def]
        await (bare if scope.get("path") == "/bare" else stamped)(scope, receive, send)

    settings = server_settings(task, "127.0.0.1", port)
    settings.app = either
    uvicorn.Server(settings).run()


def _regions() -> Iterator[tuple[str, dict[str, object]]]:
    for name in ("ap-southeast-2", REGION):
        yield (
            name,
            {
                "service_url": "http://127.0.0.1:1",
                "database_instance": "app",
                "database_secret": "app",
                "database_parameter": "/app",
                "ecs_cluster": "app",
                "ecs_service": "app",
                "leading_tasks": 2,
                "minimum_tasks": 2,
            },
        )


PLAN = {
    "service": "app",
    "account_id": "123456789012",
    "primary_region": "ap-southeast-2",
    "secondary_region": REGION,
    "witness_region": "us-east-1",
    "public_url": "http://127.0.0.1:1",
    "db_mode": "rds-postgres",
    "routing": "failover",
    "failover_policy": "auto-within-rpo",
    "rpo_target_seconds": 300,
    "rto_target_minutes": 30,
    "cooldown_minutes": 60,
    "signals_required": 1,
    "timing": {
        "lease_seconds": 15,
        "lease_margin_seconds": 5,
        "renew_seconds": 5,
        "heartbeat_timeout_seconds": 5,
        "alarm_max_age_seconds": 900,
        "second_look_seconds": 20,
        "second_look_samples": 3,
        "poll_seconds": 5,
        "api_timeout_seconds": 3,
        "step_budget_seconds": 45,
        "probe_after_seconds": 180,
        "approval_seconds": 900,
    },
    "record_copies": {name: f"bench-{name}" for name in ("ap-southeast-2", REGION, "us-east-1")},
    "alarms": [
        {"arn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:app-primary-health", "vantage_point": "route53"}
    ],
    "regions": dict(_regions()),
}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.service", description=__doc__)
    parser.add_argument("--serve", type=int, metavar="PORT", help=argparse.SUPPRESS)
    parser.add_argument("--login", type=json.loads, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        _serve(chosen.serve, DatabaseLogin("127.0.0.1", chosen.login[0], "app", "app", chosen.login[1]))
    else:
        main()
