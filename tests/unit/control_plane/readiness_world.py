"""A standby that is ready in everything, and whose every part a test can spoil."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from control_plane_world import PRIMARY, SOURCE_ARN, STANDBY, AtOnce, VirtualClock, plan_with

from failover.application.evaluate_readiness import EvaluateReadiness, NotEvaluated
from failover.application.ports import Answer, DatabaseInstance, ServiceSize, Silence
from failover.application.readiness_ports import Looks, RegionLooks
from failover.application.readiness_questions import Question, ReadinessQuestions
from failover.domain.leader_record import LeaderRecord, State, genesis
from failover.domain.object_backlog import Backlog
from failover.domain.readiness.evaluation import Evaluation
from failover.domain.readiness.keys import SecretSeen
from failover.domain.readiness.parity import TaskShape
from failover.domain.readiness.practice import Subscribed
from failover.domain.readiness.routing import FailoverRecord, HealthCheckSeen

SETTINGS = {"cpu": "256", "environment": "[]"}


def waiting(operations: int) -> Backlog:
    return Backlog(operations, 100 * operations, None, datetime(2026, 1, 1, tzinfo=UTC))


@dataclass
class Region:
    """What AWS says in one Region. A value that is an exception is raised."""

    now: datetime
    instance: Any = None
    size: Any = field(default_factory=lambda: ServiceSize(1, 1, ()))
    plan: Any = "{}"
    key_state: Any = "Enabled"
    secret: Any = field(default_factory=lambda: SecretSeen(None))
    shape_: Any = field(default_factory=lambda: TaskShape("image", 0.25, SETTINGS))
    image: Any = "sha256:1234"
    vcpus: Any = 6.0
    vcpus_used: Any = 0.25
    versioning: Any = True
    replicated_to: Any = ()
    waiting: Any = field(default_factory=lambda: waiting(0))
    moved: Any = None
    rehearsed: Any = None
    subscriptions: Any = field(default_factory=lambda: [Subscribed("email", True)])
    calls: list[str] = field(default_factory=list)

    def _said(self, name: str) -> Any:
        self.calls.append(name)
        value = getattr(self, name)
        if isinstance(value, Exception):
            raise value
        return value

    def describe(self, name: str) -> Any:
        return self._said("instance") if not name.startswith("drlab/") else self._said("secret")

    def promote(self, identifier: str, backup_retention_days: int) -> None:
        raise AssertionError("readiness changes nothing")

    def resize(self, cluster: str, service: str, desired: int) -> None:
        raise AssertionError("readiness changes nothing")

    def write(self, name: str, value: str) -> None:
        raise AssertionError("readiness changes nothing")

    def size_of(self) -> Any:
        return self._said("size")

    def read(self, _name: str) -> Any:
        return self._said("plan")

    def state(self, _alias: str) -> Any:
        return self._said("key_state")

    def shape(self, _cluster: str, _service: str) -> Any:
        return self._said("shape_")

    def digest(self, _image: str) -> Any:
        return self._said("image")

    def quota(self) -> Any:
        return self._said("vcpus")

    def used(self) -> Any:
        return self._said("vcpus_used")

    def versioned(self, _bucket: str) -> Any:
        return self._said("versioning")

    def destinations(self, _bucket: str) -> Any:
        return self._said("replicated_to")

    def backlog(self, _source: str, _now: datetime) -> Any:
        return self._said("waiting")

    def last_moved(self) -> Any:
        return self._said("moved")

    def last_rehearsed(self) -> Any:
        return self._said("rehearsed")

    def subscribed(self) -> Sequence[Subscribed]:
        found: Sequence[Subscribed] = self._said("subscriptions")
        return found

    def looks(self) -> RegionLooks:
        return RegionLooks(self, _Sizes(self), self, self, self, self, self, self, self, self, self, self, self)


@dataclass
class _Sizes:
    of: Region

    def size(self, _cluster: str, _service: str) -> ServiceSize | None:
        found: ServiceSize | None = self.of.size_of()
        return found

    def resize(self, cluster: str, service: str, desired: int) -> None:
        raise AssertionError("readiness changes nothing")


class World:
    """`answers` are the service's, by Region, to GET /database."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.plan, now = plan_with(), self.clock.now()
        self.record = genesis(PRIMARY, now)
        self.here, self.there = Region(now), Region(now)
        self.here.instance = DatabaseInstance(
            f"app-{STANDBY}", "available", SOURCE_ARN, "host", 5432, 7, "db.t4g.small"
        )
        self.there.instance = DatabaseInstance(f"app-{PRIMARY}", "available", None, "host", 5432, 7, "db.t4g.small")
        self.there.replicated_to = (f"drlab-app-app-data-{self.plan.account_id}-{STANDBY}",)
        self.here.moved = self.here.rehearsed = now - timedelta(days=3)
        self.answers: dict[str, Answer | Silence] = {
            STANDBY: self.served(in_recovery=True, streaming=True),
            PRIMARY: self.served(in_recovery=False, streaming=False),
        }
        self.dns: Any = (
            FailoverRecord(PRIMARY, "PRIMARY", "check-1"),
            FailoverRecord(STANDBY, "SECONDARY", "check-2"),
        )
        self.checks: dict[str, HealthCheckSeen | None] = {
            name: HealthCheckSeen("/healthz", False, False) for name in ("check-1", "check-2")
        }
        self.copies: dict[str, LeaderRecord | str] = dict.fromkeys(self.plan.record_copies, self.record)

    def served(self, **changes: Any) -> Answer:
        body = {"heartbeats": {PRIMARY: self.clock.now().isoformat()}, "schema": "abc", **changes}
        return Answer(200, None, body)

    # The ports that belong to no Region.

    def get(self, url: str) -> Answer | Silence:
        return self.answers[STANDBY if STANDBY in url else PRIMARY]

    def records(self, _name: str) -> Any:
        return self.dns

    def health_check(self, check_id: str) -> HealthCheckSeen | None:
        return self.checks[check_id]

    def each(self) -> Mapping[str, LeaderRecord | str]:
        return self.copies

    def read(self) -> LeaderRecord:
        return self.record

    def change(self, _change: object) -> LeaderRecord:
        raise AssertionError("readiness changes nothing")

    def questions(self, record: LeaderRecord, now: datetime) -> Sequence[Question]:
        regions = {PRIMARY: self.there.looks(), STANDBY: self.here.looks()}
        return ReadinessQuestions(
            self.plan, Looks(regions, self, self, self, "app.example.com", "/drlab/app/plan"), record, now
        )()

    def evaluate(
        self, questions: Callable[[LeaderRecord, datetime], Sequence[Question]] | None = None
    ) -> Evaluation | NotEvaluated:
        return EvaluateReadiness(
            self.plan, STANDBY, self, questions or self.questions, AtOnce(), timedelta(seconds=4), self.clock
        )()

    def found(self) -> dict[str, tuple[str, str]]:
        """By the name of each check: verdict and value."""
        evaluation = self.evaluate()
        assert isinstance(evaluation, Evaluation)
        return {one.check.name: (one.finding.verdict.value, one.finding.value) for one in evaluation.checked}

    def fence(self) -> None:
        self.record = LeaderRecord(2, PRIMARY, State.FENCED, "a-run", self.clock.now())
