"""How is each check of readiness answered? By a look or two, whose answers are shared, and a verdict of the domain."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from failover.application.errors import RunRefused, TransientFailure
from failover.application.ports import Answer, DatabaseInstance
from failover.application.readiness_ports import Looks
from failover.application.tell_readiness import KeptReadiness
from failover.domain.instants import aware
from failover.domain.leader_record import LeaderRecord
from failover.domain.plan import DatabaseMode, Plan
from failover.domain.readiness import capacity, checks, database, keys, objects, parity, practice, record, routing
from failover.domain.readiness.check import Check, Finding, unknown
from failover.domain.replica import why_not_the_replica

T = TypeVar("T")


@dataclass(frozen=True)
class Question:
    """`ask` raises TransientFailure or RunRefused where nothing can be said."""

    check: Check
    ask: Callable[[], Finding]


class Shared(Generic[T]):
    """A look that several questions need is made once, and fails once: whoever comes second waits for the first."""

    def __init__(self, look: Callable[[], T]) -> None:
        self._look, self._lock = look, threading.Lock()
        self._seen: Future[T] | None = None

    def __call__(self) -> T:
        with self._lock:
            if self._seen is None:
                self._seen = Future()
                try:
                    self._seen.set_result(self._look())
                except (TransientFailure, RunRefused) as error:
                    self._seen.set_exception(error)
        return self._seen.result()


class ReadinessQuestions:
    """Of one evaluation: whether `standby` could take over from the leader that `majority` names."""

    def __init__(self, plan: Plan, looks: Looks, majority: LeaderRecord, now: datetime) -> None:
        self._plan, self._looks, self._record, self._now = plan, looks, majority, now
        self._leader = majority.leader
        self._standby = plan.standby_of(self._leader)
        self._here, self._there = looks.regions[self._standby], looks.regions[self._leader]
        here, there = plan.region(self._standby), plan.region(self._leader)
        self._replica = Shared(lambda: self._here.databases.describe(here.database_instance))
        self._source = Shared(lambda: self._there.databases.describe(there.database_instance))
        self._answered_here = Shared(lambda: self._asked(self._standby))
        self._served_here = Shared(lambda: _served(self._standby, self._answered_here()))
        self._served_there = Shared(lambda: _served(self._leader, self._asked(self._leader)))
        self._shape_here = Shared(lambda: self._here.tasks.shape(here.ecs_cluster, here.ecs_service))
        self._shape_there = Shared(lambda: self._there.tasks.shape(there.ecs_cluster, there.ecs_service))
        self._records = Shared(lambda: looks.public_name.records(looks.domain_name))

    def __call__(self) -> Sequence[Question]:
        """In the order in which they are shown."""
        asks = {
            checks.REPLICA: self._ask_replica,
            checks.STREAMING: self._ask_streaming,
            checks.LAG: self._ask_lag,
            checks.BACKUPS: self._ask_backups,
            checks.CLASS: self._ask_class,
            checks.KEY: self._ask_key,
            checks.SECRET: self._ask_secret,
            checks.IMAGE: self._ask_image,
            checks.TASK_DEFINITION: lambda: parity.task_definition(self._shape_here(), self._shape_there()),
            checks.PLAN: self._ask_plan,
            checks.SCHEMA: lambda: parity.schema(self._served_here().schema, self._served_there().schema),
            checks.QUOTA: self._ask_quota,
            checks.RECORDS: lambda: routing.records(self._looks.domain_name, self._records()),
            checks.HEALTH_CHECKS: self._ask_health_checks,
            checks.BUCKETS: self._ask_buckets,
            checks.BACKLOG: self._ask_backlog,
            checks.COPIES: lambda: record.copies(self._looks.copies.each(), self._record),
            checks.DRILL: lambda: practice.drill(self._latest(lambda one: one.runs.last_moved()), self._now),
            checks.REHEARSAL: lambda: practice.rehearsal(
                self._latest(lambda one: one.rehearsals.last_rehearsed()), self._now
            ),
            checks.SUBSCRIPTIONS: self._ask_subscriptions,
        }
        return [Question(check, asks[check]) for check in checks.ALL]

    def _asked(self, region: str) -> Answer:
        answer = self._looks.probe.get(f"{self._plan.region(region).service_url}/database")
        if not isinstance(answer, Answer):
            raise TransientFailure(f"The service in {region} does not answer: {answer.reason}.")
        return answer

    def _ask_replica(self) -> Finding:
        name, found = self._plan.region(self._standby).database_instance, self._replica()
        expected = self._plan.region(self._leader).database_instance
        if found is None:
            return database.replica(name, None, None)
        obstacle = why_not_the_replica(name, found.source, self._standby, self._leader, expected) or found.obstacle
        return database.replica(name, found.status, obstacle)

    def _ask_streaming(self) -> Finding:
        if self._plan.db_mode is DatabaseMode.RDS:
            return database.streaming(self._served_here())
        found = self._replica()
        name = self._plan.region(self._standby).database_instance
        return database.synchronized(name, found.synchronization if found else None)

    def _ask_lag(self) -> Finding:
        # The leader first: what arrives here meanwhile makes the lag no larger.
        there = self._served_there()
        return database.lag(self._leader, there, self._served_here(), self._plan.rpo_target)

    def _both(self) -> tuple[DatabaseInstance, DatabaseInstance]:
        here, there = self._replica(), self._source()
        if here is None or there is None:
            raise RunRefused(f"there is no database instance in {self._standby if here is None else self._leader}")
        return here, there

    def _ask_backups(self) -> Finding:
        here, there = self._both()
        return database.backups(here.backup_retention_days, there.backup_retention_days)

    def _ask_class(self) -> Finding:
        here, there = self._both()
        return database.instance_class(here.instance_class, there.instance_class)

    def _ask_key(self) -> Finding:
        alias = self._plan.key_alias
        return keys.key(alias, self._here.keys.state(alias))

    def _ask_secret(self) -> Finding:
        name = self._plan.region(self._standby).database_secret
        seen, answer = self._here.secrets.describe(name), self._answered_here()
        return keys.secret(name, seen, None if answer.status == 200 else _detail(answer))

    def _ask_image(self) -> Finding:
        here, there = self._shape_here(), self._shape_there()
        if here is None or there is None:
            return unknown(f"there is no ECS service in {self._standby if here is None else self._leader}")
        return parity.image(self._here.images.digest(here.image), self._there.images.digest(there.image))

    def _ask_plan(self) -> Finding:
        name = self._looks.plan_parameter
        return parity.plan(self._here.parameters.read(name), self._there.parameters.read(name))

    def _ask_quota(self) -> Finding:
        here, shape = self._plan.region(self._standby), self._shape_here()
        size = self._here.services.size(here.ecs_cluster, here.ecs_service)
        if shape is None or size is None:
            return unknown(f"there is no ECS service in {self._standby}")
        more = here.leading_tasks - size.running
        return capacity.fargate(self._here.capacity.quota(), self._here.capacity.used(), shape.vcpus, more)

    def _ask_health_checks(self) -> Finding:
        found = self._records() or ()
        return routing.health_checks(
            {
                str(one.region): self._looks.public_name.health_check(one.health_check)
                for one in found
                if one.health_check is not None
            }
        )

    def _ask_buckets(self) -> Finding:
        here, there = self._plan.objects_bucket(self._standby), self._plan.objects_bucket(self._leader)
        versioned = {there: self._there.objects.versioned(there), here: self._here.objects.versioned(here)}
        destinations = self._there.objects.destinations(there) if versioned[there] is not None else ()
        return objects.buckets(versioned, destinations, here)

    def _ask_backlog(self) -> Finding:
        return objects.backlog(self._here.replication.backlog(self._leader, self._now))

    def _latest(self, look: Callable[..., datetime | None]) -> datetime | None:
        """A run is remembered in the Region that it led to."""
        return max((at for one in (self._here, self._there) if (at := look(one)) is not None), default=None)

    def _ask_subscriptions(self) -> Finding:
        return practice.subscriptions(
            {region: one.subscriptions.subscribed() for region, one in self._looks.regions.items()}
        )


def _served(region: str, answer: Answer) -> database.ServedDatabase:
    if answer.status != 200:
        raise RunRefused(f"The service in {region} answers {answer.status}: {_detail(answer)}")
    try:
        return database.ServedDatabase.parse(answer.body)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RunRefused(f"The service in {region} says nothing of its database that is understood.") from error


def _detail(answer: Answer) -> str:
    return str(answer.body.get("detail") or f"it answers {answer.status}, without a reason.")


def its_own_evaluation(kept: KeptReadiness, now: datetime) -> Question:
    """The one question in the leader's Region: does the standby look after itself? `kept` is the standby's."""

    def ask() -> Finding:
        text = kept.read()
        try:
            last = aware(json.loads(text)["at"]) if text is not None else None
        except (ValueError, KeyError, TypeError) as error:
            raise RunRefused("The standby's evaluation cannot be read.") from error
        return practice.evaluated(last, now)

    return Question(checks.EVALUATED, ask)
