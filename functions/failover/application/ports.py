"""What do the use cases need of the world? Each port is kept by one adapter.

Unless a port says otherwise its calls are bounded in time and raise TransientFailure (try again) or RunRefused
(do not), and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

# Every function imports its ports; what only their signatures name would cost each cold start a tenth of its time.
if TYPE_CHECKING:
    from failover.domain.abandoned_run import EndedRun
    from failover.domain.heartbeat import Heartbeat
    from failover.domain.journal import Entry, Event
    from failover.domain.leader_record import Change, LeaderRecord, Refusal
    from failover.domain.lease_holders import Confirmations
    from failover.domain.loss_bound import ReplicaPosition
    from failover.domain.plan import AlarmPlan
    from failover.domain.signals import Health


class Clock(Protocol):
    """Wall time for records, monotonic seconds for durations."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...

    def sleep(self, duration: timedelta) -> None: ...


class Register(Protocol):
    """The leader record. Both raise leader_register.NoMajority."""

    def read(self) -> LeaderRecord: ...

    def change(self, change: Change) -> LeaderRecord | Refusal: ...


@dataclass(frozen=True)
class AlarmState:
    """What an alarm says, in a word and in a sentence, and since when (None: unknown)."""

    health: Health
    detail: str
    since: datetime | None = None


class Alarms(Protocol):
    """CloudWatch's own opinion. Never raises: an API that does not answer is `unreachable`."""

    def look(self, alarm: AlarmPlan) -> AlarmState: ...

    def silenced(self, alarm: AlarmPlan) -> str | None:
        """Who holds back what the alarm would set off, in a sentence. None: nobody, or nobody can tell."""
        ...


@dataclass(frozen=True)
class Answer:
    """An HTTP answer. `region` is what it says of itself, None when it says nothing."""

    status: int
    region: str | None
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Silence:
    """No HTTP answer came, and why."""

    reason: str


class ServiceProbe(Protocol):
    """One GET, bounded in time. Never raises."""

    def get(self, url: str) -> Answer | Silence: ...


@dataclass(frozen=True)
class DatabaseInstance:
    """What RDS says of an instance, or of a cluster. `source` None: it is no replica (any more).

    `obstacle`: what else is in the way of a promotion, in one sentence. `replicas` by name, in another Region by ARN.
    `made_at` None: RDS does not say (yet).
    `synchronization`: how a cluster's storage follows, in Aurora's words; None for an instance, and where it has no word.
    `parameter_group`: by whose parameters it goes once it was restarted; None for a cluster.
    """

    identifier: str
    status: str
    source: str | None
    host: str | None
    port: int | None
    backup_retention_days: int
    instance_class: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    obstacle: str | None = None
    replicas: tuple[str, ...] = ()
    made_at: datetime | None = None
    synchronization: str | None = None
    parameter_group: str | None = None


class Databases(Protocol):
    """What RDS says of the databases in this Region: of instances, or of the clusters of an Aurora global database."""

    def describe(self, identifier: str) -> DatabaseInstance | None: ...


class ReadReplicas(Databases, Protocol):
    """RDS in this Region."""

    def promote(self, identifier: str, backup_retention_days: int) -> Refusal | None:
        """Ask for promotion. A Refusal: the instance's state does not allow it now, or it is under way already."""
        ...


@dataclass(frozen=True)
class DatabaseLogin:
    """Where and as whom to open a session."""

    host: str
    port: int
    dbname: str
    username: str
    password: str = field(repr=False)


class DatabaseSessions(Protocol):
    """One session a call. Raises DatabaseUnavailable, and nothing else."""

    def position(self, login: DatabaseLogin, region: str) -> ReplicaPosition:
        """Where the server stands, with its newest heartbeat of `region`."""
        ...

    def confirmations(self, login: DatabaseLogin, region: str) -> Confirmations:
        """What the server shows of the tasks of `region`."""
        ...

    def in_recovery(self, login: DatabaseLogin) -> bool: ...

    def write_probe(self, login: DatabaseLogin, region: str) -> None:
        """Commit one row."""
        ...


@dataclass(frozen=True)
class ServiceSize:
    """Tasks of an ECS service, and the target groups that they are registered with."""

    desired: int
    running: int
    target_groups: tuple[str, ...]


class Services(Protocol):
    """ECS in this Region."""

    def size(self, cluster: str, service: str) -> ServiceSize | None: ...

    def resize(self, cluster: str, service: str, desired: int) -> None: ...


class LoadBalancer(Protocol):
    """The load balancer in this Region."""

    def healthy_targets(self, target_group_arn: str) -> int: ...


@dataclass(frozen=True)
class Secret:
    """A secret's current value. Not shown: it holds a password."""

    arn: str
    value: Mapping[str, Any] = field(repr=False)


class Secrets(Protocol):
    """Secrets Manager in this Region."""

    def read(self, name: str) -> Secret: ...

    def write(self, name: str, value: Mapping[str, Any], token: str) -> None:
        """A new version. The same `token` and value again make no second one."""
        ...


class Parameters(Protocol):
    """Parameter Store in this Region."""

    def read(self, name: str) -> str | None: ...

    def write(self, name: str, value: str) -> None: ...


@dataclass(frozen=True)
class PublishedHeartbeat:
    """The newest heartbeat among the copies that answered. Without `majority`, a newer one may exist."""

    newest: Heartbeat | None
    majority: bool
    answered: tuple[str, ...]


class Heartbeats(Protocol):
    """The leader's heartbeat, published to every Region. Never raises."""

    def read(self) -> PublishedHeartbeat: ...


@dataclass(frozen=True)
class StartedExecution:
    """`new` False: an execution of this name existed already."""

    arn: str
    new: bool


class Executions(Protocol):
    """The workflow in this Region."""

    def running(self) -> tuple[str, ...]: ...

    def ended_since(self, since: datetime) -> tuple[datetime, ...]:
        """When the runs that began at `since` or later ended."""
        ...

    def start(self, name: str, run_input: Mapping[str, Any]) -> StartedExecution: ...

    def arn_of(self, name: str) -> str: ...


class RunHistory(Protocol):
    """What became of this Region's runs."""

    def ended(self, name: str) -> EndedRun | None:
        """None: this Region does not know the run."""
        ...


@dataclass(frozen=True)
class RunProgress:
    """How far a run has come. `entered`: its states so far, with the seconds since its start.

    `output` None: it has not ended, or ended as a failure, of which `failure` tells the cause.
    """

    status: str
    entered: tuple[tuple[str, float], ...]
    output: Mapping[str, Any] | None
    failure: str | None


class Outcomes(Protocol):
    """What runs left behind, in this Region's control bucket."""

    def put_once(self, key: str, text: str) -> str:
        """The text that is stored under `key` now: `text`, or what was there first."""
        ...

    def read(self, key: str) -> str | None: ...


class WaitingRuns(Protocol):
    """Runs that wait for a person."""

    def answer(self, task_token: str, output: Mapping[str, Any]) -> Refusal | None:
        """Let the run go on with `output`. A Refusal: no run waits for it any more."""
        ...


class Journal(Protocol):
    """What was decided and done, in this Region's control bucket."""

    def append(self, event: Event) -> None: ...


class JournalReader(Protocol):
    """One Region's journal, for people."""

    def newest_entries(self, count: int) -> Sequence[Entry]:
        """At most `count`, the newest last."""
        ...

    def all(self) -> dict[str, str]:
        """Every entry's text by its key."""
        ...


class Notifications(Protocol):
    """The people."""

    def publish(self, subject: str, text: str) -> str:
        """The message's id."""
        ...
