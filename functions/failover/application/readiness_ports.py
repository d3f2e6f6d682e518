"""What does the evaluation of readiness need of the world, beside what runs need?

As in `ports`, calls are bounded in time and raise TransientFailure or RunRefused, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from failover.application.object_ports import ObjectReplication
from failover.application.ports import Databases, Parameters, ServiceProbe, Services

if TYPE_CHECKING:
    from failover.domain.leader_record import LeaderRecord
    from failover.domain.readiness.keys import SecretSeen
    from failover.domain.readiness.parity import TaskShape
    from failover.domain.readiness.practice import Subscribed
    from failover.domain.readiness.routing import FailoverRecord, HealthCheckSeen


class Keys(Protocol):
    """KMS. None: there is no such key."""

    def state(self, alias: str) -> str | None: ...


class SecretsSeen(Protocol):
    """Secrets Manager, without values. None: there is no such secret."""

    def describe(self, name: str) -> SecretSeen | None: ...


class TaskShapes(Protocol):
    """ECS. None: there is no such service."""

    def shape(self, cluster: str, service: str) -> TaskShape | None: ...


class Images(Protocol):
    """ECR. None: it holds no such image."""

    def digest(self, image: str) -> str | None: ...


class Capacity(Protocol):
    """Fargate On-Demand vCPUs, of the account. None: AWS does not tell."""

    def quota(self) -> float | None: ...

    def used(self) -> float | None: ...


class Objects(Protocol):
    """S3's buckets."""

    def versioned(self, bucket: str) -> bool | None:
        """None: there is no such bucket."""
        ...

    def destinations(self, bucket: str) -> Sequence[str]: ...


class PastRuns(Protocol):
    """When something was last proven by a workflow. None: never, as far back as AWS remembers."""

    def last_moved(self) -> datetime | None: ...


class PastRehearsals(Protocol):
    """When a backup was last restored to prove it. None: never."""

    def last_rehearsed(self) -> datetime | None: ...


class Subscriptions(Protocol):
    """Who is told."""

    def subscribed(self) -> Sequence[Subscribed]: ...


class PublicName(Protocol):
    """Route 53. None: there is no hosted zone, no such check."""

    def records(self, name: str) -> Sequence[FailoverRecord] | None: ...

    def health_check(self, check_id: str) -> HealthCheckSeen | None: ...


class RecordCopies(Protocol):
    """Each copy of the leader record by itself: what it says, or why it says nothing. Never raises."""

    def each(self) -> Mapping[str, LeaderRecord | str]: ...


@dataclass(frozen=True)
class RegionLooks:
    """Where a Region is looked at."""

    databases: Databases
    services: Services
    parameters: Parameters
    keys: Keys
    secrets: SecretsSeen
    tasks: TaskShapes
    images: Images
    capacity: Capacity
    objects: Objects
    replication: ObjectReplication
    runs: PastRuns
    rehearsals: PastRehearsals
    subscriptions: Subscriptions


@dataclass(frozen=True)
class Looks:
    """Everything that is looked at."""

    regions: Mapping[str, RegionLooks]
    probe: ServiceProbe
    public_name: PublicName
    copies: RecordCopies
    domain_name: str
    plan_parameter: str
