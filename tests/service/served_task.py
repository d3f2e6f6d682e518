"""How is a task of the service run in a test? Behind real HTTP; only AWS is stood in for."""

from __future__ import annotations

import dataclasses
import itertools
import json
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import httpx
import uvicorn

from failover.application.errors import RunRefused
from failover.application.leader_register import CopyUnavailable, LeaderRegister
from failover.application.ports import DatabaseLogin
from failover.domain.heartbeat import Heartbeat
from failover.domain.leader_record import Change, LeaderRecord, Refusal, fence, genesis, hand_over
from failover.domain.plan import Plan
from failover.domain.register_protocol import Copy, Versioned
from lab.region.postgresql import PostgreSQL
from webapi.service.__main__ import server_settings
from webapi.service.settings import Settings
from webapi.service.task import Task

HERE, ELSEWHERE, WITNESS = "ap-southeast-2", "us-west-2", "us-east-1"
LEASE, HEARTBEAT_TIMEOUT = 2.0, 1.5
# For what happens before a lease runs out, however long the machine is away in between.
LONG_LEASE = 20.0
PATIENCE_SECONDS = 20.0

Answer = TypeVar("Answer")


def plan_text(lease_seconds: float = LEASE, **changes: Any) -> str:
    def region(name: str) -> dict[str, Any]:
        return {
            "service_url": "http://127.0.0.1:1",
            "database_instance": f"app-{name}",
            "database_secret": "drlab/app/database",
            "database_parameter": "/drlab/app/database",
            "ecs_cluster": "app",
            "ecs_service": "app",
            "leading_tasks": 2,
            "minimum_tasks": 2,
        }

    regions = (HERE, ELSEWHERE, WITNESS)
    plan: dict[str, Any] = {
        "service": "app",
        "account_id": "123456789012",
        "primary_region": HERE,
        "secondary_region": ELSEWHERE,
        "witness_region": WITNESS,
        "public_url": "http://127.0.0.1:1",
        "db_mode": "rds-postgres",
        "routing": "failover",
        "failover_policy": "auto-within-rpo",
        "rpo_target_seconds": 300,
        "rto_target_minutes": 30,
        "cooldown_minutes": 60,
        "signals_required": 1,
        "timing": {
            "lease_seconds": lease_seconds,
            "lease_margin_seconds": 1,
            "renew_seconds": 0.2,
            "heartbeat_timeout_seconds": lease_seconds * HEARTBEAT_TIMEOUT / LEASE,
            "alarm_max_age_seconds": 900,
            "second_look_seconds": 1,
            "second_look_samples": 3,
            "poll_seconds": 0.1,
            "api_timeout_seconds": 2,
            "step_budget_seconds": 45,
            "probe_after_seconds": 180,
            "approval_seconds": 900,
        },
        "record_copies": {name: f"drlab-app-control-123456789012-{name}" for name in regions},
        "alarms": [
            {
                "arn": f"arn:aws:cloudwatch:{WITNESS}:123456789012:alarm:drlab-app-primary-health-check",
                "vantage_point": "route53",
            }
        ],
        "regions": {name: region(name) for name in (HERE, ELSEWHERE)},
    }
    return json.dumps(plan | changes)


class MemoryCopy:
    """A copy of the leader record that can go dark. What the real ones keep in S3."""

    def __init__(self) -> None:
        self.dark = False
        self._held = Versioned(Copy(), None)
        self._versions = itertools.count(1)
        self._lock = threading.Lock()

    def read(self) -> Versioned:
        if self.dark:
            raise CopyUnavailable("dark")
        return self._held

    def write(self, copy: Copy, expected: str | None) -> str:
        with self._lock:
            if self.dark or self._held.version != expected:
                raise CopyUnavailable("dark or changed")
            version = str(next(self._versions))
            self._held = Versioned(copy, version)
            return version


class Publications:
    """What was published, if it may be; `delay_seconds` before saying so."""

    def __init__(self) -> None:
        self.refused = False
        self.delay_seconds = 0.0
        self.newest: Heartbeat | None = None

    def publish(self, heartbeat: Heartbeat, within: timedelta) -> bool:
        assert within > timedelta(0)
        time.sleep(self.delay_seconds)
        if not self.refused:
            self.newest = heartbeat
        return not self.refused


class MemoryCloud:
    """Plan, secret, leader record and heartbeats, all to be changed by the test."""

    def __init__(self, login: DatabaseLogin | None, leader: str = HERE, lease_seconds: float = LEASE) -> None:
        self.plan_text: str | None = plan_text(lease_seconds)
        self.secret = login
        self.secret_readings = 0
        self.copies = {region: MemoryCopy() for region in (HERE, ELSEWHERE, WITNESS)}
        self.publications = Publications()
        self._threads = ThreadPoolExecutor(8)
        self.register("setup").initialise(genesis(leader, datetime.now(UTC)))

    def plan(self) -> Plan:
        if self.plan_text is None:
            raise RunRefused("There is no plan: ap-southeast-2 has no parameter /drlab/app/plan.")
        return Plan.parse(self.plan_text)

    def login(self, _plan: Plan) -> DatabaseLogin:
        self.secret_readings += 1
        if self.secret is None:
            raise RunRefused("Reading secret drlab/app/database: AWS refused.")
        return self.secret

    def leader_record(self, _plan: Plan) -> LeaderRegister:
        return self.register("task")

    def heartbeats(self, _plan: Plan) -> Publications:
        return self.publications

    def register(self, writer: str) -> LeaderRegister:
        return LeaderRegister(self.copies, writer, timedelta(milliseconds=50), self._threads)

    def change(self, change: Change) -> LeaderRecord:
        outcome = self.register(f"run-{time.monotonic_ns()}").change(change)
        assert not isinstance(outcome, Refusal)
        return outcome

    def hand_over_to(self, region: str) -> None:
        """What a whole run does to the record."""
        run, now = f"run-to-{region}", datetime.now(UTC)
        self.change(fence(run, now))
        self.change(hand_over(run, region, now, now))

    def go_dark(self, *regions: str, dark: bool = True) -> None:
        for region in regions:
            self.copies[region].dark = dark

    def close(self) -> None:
        self._threads.shutdown()


class Served:
    """A task behind a real HTTP server, in a thread of this process."""

    def __init__(self, cloud: MemoryCloud, region: str = HERE) -> None:
        self.cloud = cloud
        self.task = Task(Settings(region, "/drlab/app/plan", "t1"), cloud)
        self._socket = socket.create_server(("127.0.0.1", 0))
        port = self._socket.getsockname()[1]
        self._server = uvicorn.Server(server_settings(self.task, "127.0.0.1", port))
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],))
        self._thread.start()
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False)
        eventually(lambda: self._server.started)

    def stop(self) -> None:
        self.http.close()
        self._server.should_exit = True
        self._thread.join(PATIENCE_SECONDS)
        assert not self._thread.is_alive()
        self._socket.close()
        self.cloud.close()

    def end_its_work(self) -> None:
        """What no part of the service does."""
        running = self.task._running
        assert running is not None
        running.get_loop().call_soon_threadsafe(running.cancel)

    def write(self, number: int, body: str = "tea", writer: str = "w1") -> httpx.Response:
        return self.http.post("/writes", json={"writer": writer, "number": number, "body": body})

    def is_healthy(self) -> bool:
        return self.http.get("/healthz").status_code == 200

    def healthy_until(self) -> float:
        """When it was asked for the last time that it was healthy, by time.monotonic(); waits until it is not.

        The answer is later than that, so a machine that is slow to ask makes no task look healthy for longer.
        """
        asked = [time.monotonic()]
        while self.is_healthy():
            assert time.monotonic() - asked[0] < PATIENCE_SECONDS, "it stays healthy"
            asked.append(time.monotonic())
            time.sleep(0.02)
        return asked[-1]

    def problem(self, path: str = "/healthz") -> dict[str, Any]:
        """The problem that `path` is answered with."""
        answer = self.http.get(path)
        assert answer.status_code == 503, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def says(self, text: str) -> Callable[[], bool]:
        """Whether /healthz gives this reason now."""

        def asked() -> bool:
            answer = self.http.get("/healthz")
            return answer.status_code == 503 and text in answer.json()["detail"]

        return asked


def eventually(true: Callable[[], bool], within_seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until it holds; fails the test when it does not in time."""
    deadline = time.monotonic() + within_seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def answered_within(bound_seconds: float, ask: Callable[[], Answer]) -> Answer:
    """The first answer that comes in time, of three tries: a machine may be away for a while, but not each time."""
    for _ in range(3):
        began = time.monotonic()
        answer = ask()
        if time.monotonic() - began < bound_seconds:
            return answer
    raise AssertionError(f"no answer within {bound_seconds} s")


def login_of(server: PostgreSQL) -> DatabaseLogin:
    return DatabaseLogin(server.host, server.port, "app", "app", server.credentials.application)


def elsewhere(login: DatabaseLogin, **changes: Any) -> DatabaseLogin:
    return dataclasses.replace(login, **changes)
