"""What happens in a case? One world a process: real workflow and functions, an emulated AWS, a service in memory."""

from __future__ import annotations

import io
import json
import logging
import os
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

import boto3
import botocore.endpoint
import botocore.retries.quota
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

from chaos import interpreter, turns
from chaos.aws_calls import through
from chaos.case import Case, Situation
from chaos.clock import CaseClock
from chaos.cloud import Cloud
from chaos.functions import Functions
from chaos.gate import Call, Gate
from chaos.history import History
from chaos.installation import COPIES, MACHINE_ARN, PLAN_PARAMETER, PRIMARY, STANDBY, WITNESS, plan_of
from chaos.plot import Plot
from chaos.rebuild import Rebuild
from chaos.rehearsal import Rehearsal
from chaos.service import Service
from chaos.unfolding import Unfolding
from failover.adapters import aws, s3_heartbeat, s3_leader_record
from failover.adapters.aurora_postgres import AuroraPostgres
from failover.adapters.clock import SystemClock
from failover.adapters.ledger_rows import PostgresLedger
from failover.adapters.postgres import Postgres
from failover.adapters.postgres_content import PostgresContent
from failover.adapters.s3_heartbeat import KEY as HEARTBEAT_KEY
from failover.adapters.service_probe import HttpProbe
from failover.application import leader_register, vantage_points
from failover.application.errors import DatabaseUnavailable
from failover.application.ports import Answer, Silence
from failover.domain.heartbeat import Heartbeat
from failover.domain.leader_record import LeaderRecord, genesis
from failover.domain.loss_bound import ReplicaPosition
from failover.wiring import heartbeats, journal, looks
from lab.cloud.cloudwatch import alarm_mute_rules

API_TIMEOUT = timedelta(seconds=3)
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "unused",
    "AWS_SECRET_ACCESS_KEY": "unused",
    "AWS_REGION": STANDBY,
    "AWS_DEFAULT_REGION": STANDBY,
    "AWS_ENDPOINT_URL": "",
    "PLAN_PARAMETER": PLAN_PARAMETER,
    "STATE_MACHINE_ARN": MACHINE_ARN,
    "CONTROL_BUCKET": COPIES[STANDBY],
}


@dataclass
class World:
    """Open it with `opened`, then play case after case."""

    clock: CaseClock
    gate: Gate
    cloud: Cloud
    history: History = field(default_factory=lambda: History(PRIMARY, STANDBY))
    service: Service | None = None
    unfolding: Unfolding | None = None

    def play(self, case: Case) -> History:
        """Everything that happened in `case`."""
        self._begin(case)
        functions = Functions(self.gate, self.clock, self.history.surprises)
        self.unfolding = unfolding_of(case.situation)(
            case, self.clock, self.gate, self.cloud, self.history, functions, self.living
        )
        with redirect_stdout(io.StringIO()):
            self.plot.unfold()
        return self.history

    def invoke(self, state: str, event: dict[str, Any]) -> dict[str, Any]:
        return self.plot.invoke(state, event)

    def wait_ended(self) -> None:
        self.plot.wait_ended()

    def before(self, what: str) -> None:
        """The old leader's tasks renew at the last moment; RDS tells how far it is."""
        if what.startswith("rds."):
            self.cloud.rds.settle()
        if what.startswith("s3.PutObject leader-record"):
            self.go_on()

    def after(self, what: str) -> None:
        if what.startswith("s3.PutObject leader-record"):
            self.history.choose(self.clock.now(), self.cloud.record())

    def go_on(self) -> None:
        self.cloud.rds.settle()
        if self.service is not None:
            self.service.go_on()

    @property
    def plot(self) -> Unfolding:
        """As `living`."""
        if self.unfolding is None:
            raise RuntimeError("no case is being played")
        return self.unfolding

    @property
    def living(self) -> Service:
        """Calls are made in a case only."""
        if self.service is None:
            raise RuntimeError("no case is being played")
        return self.service

    def database_call(self, what: str, apply: Any) -> Any:
        def unavailable(reason: str) -> Any:
            raise DatabaseUnavailable(reason)

        return self.gate.through(
            Call(
                f"postgres.{what} {STANDBY}",
                STANDBY,
                apply,
                lambda: unavailable("ConnectionTimeout: connection timeout expired"),
                lambda: unavailable("OperationalError: sorry, too many clients already"),
                lambda: unavailable("OperationalError: password authentication failed"),
            )
        )

    def http_call(self, url: str) -> Answer | Silence:
        service = self.living
        region = next((name for name in (PRIMARY, STANDBY) if f"//{name}." in url), "public")
        refused = Answer(403, None, {})
        found: Answer | Silence = self.gate.through(
            Call(
                f"http.GET {url.rsplit('/', 1)[1]} {region}",
                region,
                lambda: service.get(url),
                lambda: Silence(f"{url}: ReadTimeoutError"),
                lambda: Answer(429, None, {}),
                lambda: refused,
            )
        )
        return found

    def _begin(self, case: Case) -> None:
        self.service, self.unfolding = None, None
        self.clock.reset()
        self.gate.reset(case.faults)
        journal._journal.cache_clear()
        first = genesis(PRIMARY, self.clock.now() - timedelta(days=1))
        self.cloud.reset(case, first)
        self.history = History(PRIMARY, STANDBY)
        self.history.choose(self.clock.now(), first)
        self.service = Service(
            plan=plan_of(case.plan),
            clock=self.clock,
            history=self.history,
            record=self._visible,
            publish=self._publish,
            promoted=lambda: self.cloud.rds.takes_writes,
            endpoint=lambda: self.cloud.rds.endpoint,
            settings=self.cloud.settings,
            restored_to=lambda: self.cloud.rds.restored_to,
            connected=case.situation.well,
            dead={PRIMARY} if case.situation in (Situation.DARK, Situation.DOWN) else set(),
        )

    def _visible(self) -> LeaderRecord | None:
        """The record, to whoever lives: with two Regions dark no majority shows it."""
        return None if len(self._dark()) > 1 else self.cloud.record()

    def _dark(self) -> frozenset[str]:
        return self.unfolding.dark if self.unfolding is not None else frozenset()

    def _publish(self, heartbeat: Heartbeat) -> None:
        for region in {PRIMARY, STANDBY, WITNESS} - self._dark():
            self.cloud.put(region, HEARTBEAT_KEY, json.dumps(heartbeat.to_dict()))


def unfolding_of(situation: Situation) -> type[Unfolding]:
    """How a case in that situation goes, of its own workflow."""
    if situation.rehearsed:
        return Rehearsal
    return Rebuild if situation is Situation.REBUILD else Plot


@contextmanager
def opened() -> Iterator[World]:
    """The world, ready for its first case. Whatever it replaces is as before afterwards."""
    clock = CaseClock()
    gate = Gate(clock.monotonic, lambda: clock.sleep(API_TIMEOUT))
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, ENVIRONMENT))
        stack.enter_context(mock_aws())
        alarm_mute_rules.install()
        session = boto3.session.Session()
        stack.enter_context(patch.object(aws, "_SESSION", session))
        aws.client.cache_clear()
        stack.callback(aws.client.cache_clear)
        stack.enter_context(_quiet())
        # The world is needed by what it is made of.
        stack.enter_context(
            interpreter.interpreting(clock, lambda state, event: world.invoke(state, event), lambda: world.wait_ended())
        )
        world = World(clock, gate, Cloud(clock))
        clock.on_step, gate.before, gate.after = world.go_on, world.before, world.after
        world.cloud.rds.accepted = lambda what: world.plot.accepted(what)
        stack.enter_context(patch.dict(os.environ, {"TOPIC_ARN": world.cloud.topic.arn}))
        for target, name, value in _replaced(world):
            stack.enter_context(patch.object(target, name, value, create=not hasattr(target, name)))
        yield world


def _replaced(world: World) -> list[tuple[Any, str, Any]]:
    clock = world.clock
    register = partial(leader_register.LeaderRegister, sleep=clock.sleep_seconds, draw=random.Random(0).random)  # noqa: S311
    return [
        (BotocoreStubber, "__call__", through(world.gate, BotocoreStubber.__call__)),
        (SystemClock, "now", lambda _: clock.now()),
        (SystemClock, "monotonic", lambda _: clock.monotonic()),
        (SystemClock, "sleep", lambda _, duration: clock.sleep(duration)),
        (botocore.endpoint, "time", interpreter.Pause(clock)),
        # A client that is used for a thousand cases must not lose its right to try again.
        (botocore.retries.quota.RetryQuota, "acquire", lambda *_: True),
        (s3_leader_record, "LeaderRegister", register),
        (s3_leader_record, "_EXECUTOR", turns.Turns()),
        (heartbeats, "_EXECUTOR", turns.Turns()),
        (looks, "_LOOKS", turns.Turns()),
        *((module, "wait", turns.wait) for module in (leader_register, s3_heartbeat, vantage_points)),
        *((module, "time", turns.Standstill) for module in (leader_register, s3_heartbeat)),
        (HttpProbe, "get", lambda _, url: world.http_call(url)),
        *world.cloud.rds.replaced(),
        *_sessions(world),
    ]


def _sessions(world: World) -> Iterator[tuple[Any, str, Any]]:
    """What is asked of a database goes to whatever the case has for one."""

    def asks(what: str, call: Callable[..., Any]) -> Callable[..., Any]:
        return lambda _, *given: world.database_call(what, lambda: call(*given))

    yield (Postgres, "position", asks("position", lambda *given: world.plot.databases.position(*given)))
    yield (AuroraPostgres, "position", asks("position", lambda login, _: by_storage(world.living.position(login, _))))
    yield (Postgres, "confirmations", asks("holders", lambda login, _: world.living.confirmations(login, PRIMARY)))
    yield (
        AuroraPostgres,
        "confirmations",
        asks("holders", lambda login, _: by_storage(world.living.confirmations(login, PRIMARY))),
    )
    yield (Postgres, "in_recovery", asks("in_recovery", lambda login: world.plot.databases.in_recovery(login)))
    yield (Postgres, "write_probe", asks("write", lambda login, _: world.living.write_probe(login)))
    yield (PostgresContent, "content", asks("content", lambda *given: world.plot.databases.content(*given)))
    yield (PostgresContent, "slots", asks("slots", lambda login: world.plot.databases.slots(login)))
    yield (PostgresLedger, "since", asks("rows", lambda *given: world.plot.databases.since(*given)))
    yield (PostgresLedger, "lacking", asks("lacking", lambda *given: world.plot.databases.lacking(*given)))


def by_storage(told: Any) -> Any:
    """As a server of Aurora tells it, which has no positions in a log."""
    if isinstance(told, ReplicaPosition):
        return replace(told, received=None, replayed=None, by_storage=True)
    return replace(told, replayed=None, by_storage=True)


@contextmanager
def _quiet() -> Iterator[None]:
    """A thousand runs would log a hundred thousand lines."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
