"""A world in memory for the use cases: each class keeps its port's contract, time passes only when somebody waits."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from failover.application.errors import DatabaseUnavailable, TransientFailure
from failover.application.leader_register import NoMajority
from failover.application.ports import (
    AlarmState,
    Answer,
    DatabaseInstance,
    DatabaseLogin,
    PublishedHeartbeat,
    Secret,
    ServiceSize,
    Silence,
    StartedExecution,
)
from failover.domain.heartbeat import Heartbeat, Lsn
from failover.domain.instance_status import READY_STATUSES
from failover.domain.journal import Event
from failover.domain.leader_record import Change, LeaderRecord, Refusal, State, genesis
from failover.domain.lease_holders import Confirmations, LeaseHolder
from failover.domain.loss_bound import ReplicaPosition
from failover.domain.object_backlog import Backlog, ObjectBacklog
from failover.domain.plan import AlarmPlan, Plan
from failover.domain.run import Run
from failover.domain.signals import Health

NOW = datetime(2026, 11, 23, 3, 0, 0, tzinfo=UTC)
PRIMARY, STANDBY, WITNESS = "ap-southeast-2", "us-west-2", "us-east-1"
ACCOUNT = "123456789012"
ALARM_ARN = f"arn:aws:cloudwatch:{WITNESS}:{ACCOUNT}:alarm:drlab-app-primary-health-check"
RUN = "failover-e1-0123abcd"
SOURCE_ARN = f"arn:aws:rds:{PRIMARY}:{ACCOUNT}:db:app-{PRIMARY}"


def plan_dict() -> dict[str, Any]:
    """The plan of the lab, with AWS's timing."""
    return {
        "service": "app",
        "account_id": ACCOUNT,
        "primary_region": PRIMARY,
        "secondary_region": STANDBY,
        "witness_region": WITNESS,
        "public_url": "https://app.example.com",
        "db_mode": "rds-postgres",
        "routing": "failover",
        "failover_policy": "auto-within-rpo",
        "rpo_target_seconds": 300,
        "rto_target_minutes": 30,
        "cooldown_minutes": 60,
        "signals_required": 2,
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
        "record_copies": {region: f"drlab-app-control-{ACCOUNT}-{region}" for region in (PRIMARY, STANDBY, WITNESS)},
        "alarms": [{"arn": ALARM_ARN, "vantage_point": "route53"}],
        "regions": {region: _region_dict(region) for region in (PRIMARY, STANDBY)},
    }


def _region_dict(region: str) -> dict[str, Any]:
    return {
        "service_url": f"https://{region}.app.example.com",
        "database_instance": f"app-{region}",
        "database_secret": "drlab/app/database",
        "database_parameter": "/drlab/app/database",
        "ecs_cluster": "app",
        "ecs_service": "app",
        "leading_tasks": 2,
        "minimum_tasks": 2,
    }


def plan_with(change: Callable[[dict[str, Any]], object] = lambda _: None) -> Plan:
    described = plan_dict()
    change(described)
    return Plan.parse(json.dumps(described))


def run_with(kind: str = "alarm", expected_epoch: int | None = 1, name: str = RUN, **state: Any) -> Run:
    return Run.parse(
        {
            "run": name,
            "started_at": NOW.isoformat(),
            "state": {
                "trigger": {
                    "kind": kind,
                    "reason": "it is down",
                    "alarm_arn": ALARM_ARN,
                    "observed_at": NOW.isoformat(),
                },
                "expected_epoch": expected_epoch,
                **copy.deepcopy(state),
            },
        }
    )


def planned_run(expected_epoch: int | None = 1, name: str = "switchover-e1-20261123T030000Z", **state: Any) -> Run:
    """As a person starts it."""
    return run_with("manual", expected_epoch, name, mode="planned", **state)


def holder(task: str, epoch: int = 1, watched_seconds: float | None = None, lsn: int = 990) -> LeaseHolder:
    """A task of the primary that may acknowledge, or that has watched a fence for so long."""
    watched = None if watched_seconds is None else timedelta(seconds=watched_seconds)
    return LeaseHolder(task, epoch, watched, Lsn(lsn))


def alarm_event(**changes: Any) -> dict[str, Any]:
    """An alarm state change as EventBridge delivers it, 30 s ago."""
    event: dict[str, Any] = {
        "version": "0",
        "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": ACCOUNT,
        "time": "2026-11-23T02:59:30Z",
        "region": WITNESS,
        "resources": [ALARM_ARN],
        "detail": {
            "alarmName": "drlab-app-primary-health-check",
            "state": {"value": "ALARM", "reason": "Threshold Crossed", "timestamp": "2026-11-23T02:59:30.000+0000"},
            "previousState": {"value": "OK", "timestamp": "2026-11-23T01:00:00.000+0000"},
            "configuration": {"description": "Route 53 finds /healthz failing"},
        },
    }
    event.update(changes)
    return event


def alarm_notice() -> dict[str, Any]:
    """The same change as a function receives it from an SNS topic."""
    event = alarm_event()
    message = {
        "AlarmName": event["detail"]["alarmName"],
        "AlarmDescription": "Route 53 finds /healthz failing",
        "AWSAccountId": ACCOUNT,
        "NewStateValue": "ALARM",
        "NewStateReason": event["detail"]["state"]["reason"],
        "StateChangeTime": event["detail"]["state"]["timestamp"],
        "Region": "US East (N. Virginia)",
        "AlarmArn": ALARM_ARN,
        "OldStateValue": "OK",
    }
    topic = f"arn:aws:sns:{WITNESS}:{ACCOUNT}:alarms"
    sns = {"Type": "Notification", "MessageId": "95df01b4", "TopicArn": topic, "Message": json.dumps(message)}
    return {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": sns}]}


class VirtualClock:
    """Time that passes only by `sleep`; `later` schedules what the world does meanwhile."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        self._due: list[tuple[float, Callable[[], object]]] = []

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return 1000.0 + self.elapsed

    def later(self, seconds: float, action: Callable[[], object]) -> None:
        self._due.append((self.elapsed + seconds, action))

    def sleep(self, duration: timedelta) -> None:
        assert duration >= timedelta(0)
        self.elapsed += duration.total_seconds()
        for due in sorted((one for one in self._due if one[0] <= self.elapsed), key=lambda one: one[0]):
            self._due.remove(due)
            due[1]()


class AtOnce(Executor):
    """Runs what is submitted there and then."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 -- as an executor does: whoever asks for the result is told
            future.set_exception(error)
        return future


class Never(Executor):
    """A thread that does not come back in time."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return Future()


class MemoryRegister:
    """The register without its copies. `lost_answers` changes are made, but their answer never arrives."""

    def __init__(self, record: LeaderRecord | None = None) -> None:
        self.record = record or genesis(PRIMARY, NOW - timedelta(days=1))
        self.majority = True
        self.lost_answers = 0

    def read(self) -> LeaderRecord:
        if not self.majority:
            raise NoMajority("no majority of the leader record's copies agrees; no copy answered.")
        return self.record

    def change(self, change: Change) -> LeaderRecord | Refusal:
        outcome = change(self.read())
        if isinstance(outcome, LeaderRecord):
            self.record = outcome
        if self.lost_answers:
            self.lost_answers -= 1
            raise NoMajority("the answer was lost.")
        return outcome

    def fenced_by(self, run: str = RUN) -> MemoryRegister:
        self.record = replace(self.record, epoch=self.record.epoch + 1, state=State.FENCED, run=run, changed_at=NOW)
        return self


class MemoryJournal:
    """`silent`: it cannot be written now."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.silent = False

    def append(self, event: Event) -> None:
        if self.silent:
            raise TransientFailure("Recording: no answer from AWS.")
        self.events.append(event)


class MemoryAlarms:
    def __init__(self, **states: Health) -> None:
        self.states = states

        self.since: datetime | None = None
        self.silence: str | None = None

    def silenced(self, alarm: AlarmPlan) -> str | None:
        return self.silence

    def look(self, alarm: AlarmPlan) -> AlarmState:
        health = self.states[alarm.vantage_point.value.replace("-", "_")]
        return AlarmState(health, f"{alarm.name} is {health}", self.since)


class MemoryWeb:
    """Answers by URL; a URL without an answer stays silent."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []

    def get(self, url: str) -> Answer | Silence:
        self.asked.append(url)
        return self.answers.get(url, Silence(f"{url}: ConnectTimeoutError"))

    def say(self, url: str, status: int, region: str | None = None, **body: Any) -> None:
        self.answers[url] = Answer(status, region, body)


class MemoryRds:
    """One instance, promoted over time as RDS does: `available` and still a replica for a while after the request."""

    def __init__(self, clock: VirtualClock, **changes: Any) -> None:
        self.clock = clock
        self.instance: DatabaseInstance | None = replace(
            DatabaseInstance(f"app-{STANDBY}", "available", SOURCE_ARN, "db.example.com", 5432, 0), **changes
        )
        self.others: dict[str, DatabaseInstance] = {}
        self.promotions: list[int] = []
        self.on_promoted: Callable[[], object] = lambda: None
        self.completes = True
        self.becomes = "available"

    def describe(self, identifier: str) -> DatabaseInstance | None:
        return (
            self.instance if self.instance and self.instance.identifier == identifier else self.others.get(identifier)
        )

    def set(self, **changes: Any) -> None:
        assert self.instance is not None
        self.instance = replace(self.instance, **changes)

    def promote(self, identifier: str, backup_retention_days: int) -> Refusal | None:
        assert self.instance is not None
        if self.instance.status not in READY_STATUSES or self.instance.source is None or self.promotions:
            return Refusal(f"AWS does not promote {identifier} in its present state.")
        self.promotions.append(backup_retention_days)
        if self.completes:
            self.clock.later(4, lambda: self.set(status="modifying"))
            self.clock.later(9, lambda: self.set(status="rebooting"))
            self.clock.later(14, self._promoted)
        return None

    def _promoted(self) -> None:
        self.set(status=self.becomes, source=None)
        self.on_promoted()


class MemoryServer:
    """A PostgreSQL server's answers."""

    def __init__(self) -> None:
        at = NOW - timedelta(seconds=40)
        self.recovering = True
        self.received: Lsn | None = Lsn(1000)
        self.replayed: Lsn | None = Lsn(1000)
        self.heartbeat: Heartbeat | None = Heartbeat(PRIMARY, 1, 41, at, Lsn(900))
        self.holders: tuple[LeaseHolder, ...] = ()
        self.unavailable: str | None = None
        self.probes: list[str] = []
        self.logins: list[DatabaseLogin] = []

    def position(self, login: DatabaseLogin, region: str) -> ReplicaPosition:
        self._open(login)
        row = self.heartbeat if self.heartbeat and self.heartbeat.region == region else None
        return ReplicaPosition(self.recovering, self.received, self.replayed, row)

    def confirmations(self, login: DatabaseLogin, region: str) -> Confirmations:
        self._open(login)
        return Confirmations(self.holders if region == PRIMARY else (), self.replayed)

    def in_recovery(self, login: DatabaseLogin) -> bool:
        self._open(login)
        return self.recovering

    def write_probe(self, login: DatabaseLogin, region: str) -> None:
        self._open(login)
        if self.recovering:
            raise DatabaseUnavailable("ReadOnlySqlTransaction: cannot execute INSERT in a read-only transaction")
        self.probes.append(region)

    def _open(self, login: DatabaseLogin) -> None:
        self.logins.append(login)
        if self.unavailable:
            raise DatabaseUnavailable(self.unavailable)


class MemorySecrets:
    def __init__(self, **value: Any) -> None:
        self.value: dict[str, Any] = {
            "engine": "postgres",
            "host": "db.example.com",
            "port": 5432,
            "username": "app",
            "password": "not-shown",
            "dbname": "app",
            **value,
        }
        self.versions: dict[str, dict[str, Any]] = {}

    def read(self, name: str) -> Secret:
        return Secret(f"arn:aws:secretsmanager:{STANDBY}:{ACCOUNT}:secret:{name}-AbCdEf", dict(self.value))

    def write(self, name: str, value: Mapping[str, Any], token: str) -> None:
        assert self.versions.get(token, value) == value, "a version is never changed"
        self.versions[token] = dict(value)
        self.value = dict(value)


class MemoryParameters:
    def __init__(self, **values: str) -> None:
        self.values = {f"/{key}": value for key, value in values.items()}
        self.writes = 0

    def read(self, name: str) -> str | None:
        return self.values.get(name)

    def write(self, name: str, value: str) -> None:
        self.writes += 1
        self.values[name] = value


class MemoryEcs:
    """One service; its tasks become healthy targets `start_seconds` after they are wanted."""

    def __init__(self, clock: VirtualClock, desired: int = 1, start_seconds: float = 12) -> None:
        self.clock = clock
        self.desired: int | None = desired
        self.healthy = desired
        self.start_seconds = start_seconds
        self.resized: list[int] = []
        self.failure: Exception | None = None
        self.target_groups: tuple[str, ...] = ("targetgroup/app",)
        self.healthy_in: dict[str, int] = {}

    def size(self, cluster: str, service: str) -> ServiceSize | None:
        return None if self.desired is None else ServiceSize(self.desired, self.healthy, self.target_groups)

    def resize(self, cluster: str, service: str, desired: int) -> None:
        if self.failure:
            raise self.failure
        self.resized.append(desired)
        self.desired = desired
        self.clock.later(self.start_seconds, lambda: setattr(self, "healthy", desired))

    def healthy_targets(self, target_group_arn: str) -> int:
        return self.healthy_in.get(target_group_arn, self.healthy)


class MemoryHeartbeats:
    def __init__(self, newest: Heartbeat | None = None, majority: bool = True) -> None:
        answered = (STANDBY, WITNESS) if majority else (STANDBY,)
        self.answer = PublishedHeartbeat(newest, majority, answered)

    def read(self) -> PublishedHeartbeat:
        return self.answer


class MemoryObjects:
    """S3's replication, with nothing that waits."""

    def __init__(self) -> None:
        self.waiting: ObjectBacklog = Backlog(0, 0, timedelta(0), NOW)

    def backlog(self, source: str, now: datetime) -> ObjectBacklog:
        del source, now
        return self.waiting


class MemoryExecutions:
    """Step Functions' rule for names: open with the same input answers again, anything else exists already."""

    def __init__(self) -> None:
        self.started: dict[str, Mapping[str, Any]] = {}
        self.closed: set[str] = set()
        self.others: tuple[str, ...] = ()
        self.ended: list[datetime] = []

    def ended_since(self, since: datetime) -> tuple[datetime, ...]:
        return tuple(at for at in self.ended if at >= since)

    def running(self) -> tuple[str, ...]:
        return (*(name for name in self.started if name not in self.closed), *self.others)

    def start(self, name: str, run_input: Mapping[str, Any]) -> StartedExecution:
        if name in self.started and (name in self.closed or self.started[name] != run_input):
            return StartedExecution(self.arn_of(name), new=False)
        self.started[name] = run_input
        return StartedExecution(self.arn_of(name), new=True)

    def arn_of(self, name: str) -> str:
        return f"arn:aws:states:{STANDBY}:{ACCOUNT}:execution:drlab-app-failover:{name}"


class MemoryOutcomes:
    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def put_once(self, key: str, text: str) -> str:
        return self.texts.setdefault(key, text)

    def read(self, key: str) -> str | None:
        return self.texts.get(key)


class MemoryPeople:
    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    def publish(self, subject: str, text: str) -> str:
        self.heard.append((subject, text))
        return f"message-{len(self.heard)}"


class MemoryDeadLetters:
    def __init__(self) -> None:
        self.texts: list[str] = []

    def send(self, text: str) -> None:
        self.texts.append(text)
