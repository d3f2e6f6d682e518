"""What does a restore need of the world? As in ports.py: calls raise TransientFailure or RunRefused, and what is named here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from failover.application.ports import DatabaseInstance, DatabaseLogin

if TYPE_CHECKING:
    from failover.domain.leader_record import Refusal
    from failover.domain.loss_bound import ReplicaPosition
    from failover.domain.recovery_point import Backups, RecoveryPoint
    from failover.domain.restored_content import Content


@dataclass(frozen=True)
class Placement:
    """Where a Region's database belongs; RDS would put a restored one into the account's default network.

    `rehearsal_security_groups` let nobody in but the functions that look at it; `hourly_usd` None: no price is known.
    """

    instance_class: str
    subnet_group: str
    parameter_group: str
    security_groups: tuple[str, ...]
    rehearsal_security_groups: tuple[str, ...] = ()
    hourly_usd: float | None = None
    price_listed: str | None = None


class RecoveryPoints(Protocol):
    """The backups in this Region."""

    def find(self, instances: Collection[str]) -> Backups:
        """All that was made of these instances, here or in another Region."""
        ...


class Restores(Protocol):
    """RDS in this Region, for an instance that is to take another's place."""

    def restore(
        self, point: RecoveryPoint, identifier: str, placement: Placement, tags: Mapping[str, str]
    ) -> Refusal | None:
        """Ask for an instance made of `point`. A Refusal: RDS makes none of it. Raises NoCapacity."""
        ...

    def rename(self, identifier: str, new: str) -> Refusal | None:
        """A Refusal: not in the instance's present state."""
        ...

    def delete(self, identifier: str) -> Refusal | None:
        """Without a last snapshot. A Refusal: not in the instance's present state."""
        ...


class RestoredDatabases(Protocol):
    """One session a call. Raises DatabaseUnavailable, and DamagedContent for rows that cannot be read."""

    def content(self, login: DatabaseLogin, region: str) -> Content:
        """What is in the database, with the newest heartbeat of `region`. Reads every row of the ledger."""
        ...

    def write_probe(self, login: DatabaseLogin, region: str) -> None:
        """Commit one row."""
        ...


class RehearsedDatabases(Protocol):
    """One session a call; none of them writes. Raises DatabaseUnavailable, and DamagedContent as above."""

    def content(self, login: DatabaseLogin, region: str) -> Content: ...

    def position(self, login: DatabaseLogin, region: str) -> ReplicaPosition: ...

    def slots(self, login: DatabaseLogin) -> tuple[str, ...]:
        """The names of the server's replication slots."""
        ...


class PromotedDatabases(RehearsedDatabases, RestoredDatabases, Protocol):
    """One session a call, on an instance that nobody uses."""

    def in_recovery(self, login: DatabaseLogin) -> bool: ...


class ThrowawayReplicas(Protocol):
    """RDS in this Region, for a replica that is promoted and deleted. A Refusal: not in the present state of things."""

    def describe(self, identifier: str) -> DatabaseInstance | None: ...

    def create_replica(self, identifier: str, source_arn: str, like: str, tags: Mapping[str, str]) -> Refusal | None:
        """A read replica of an instance in another Region, in the place and of the make of `like` in this one."""
        ...

    def promote(self, identifier: str, backup_retention_days: int) -> Refusal | None: ...

    def delete(self, identifier: str) -> Refusal | None:
        """Without a last snapshot."""
        ...


class RestoreTimes(Protocol):
    """What rehearsals measured."""

    def last_took(self) -> timedelta | None:
        """The newest that passed, from the request to rows that were read; None: none was rehearsed."""
        ...


class KeptRehearsals(Protocol):
    """The newest rehearsal that passed, in a Region's control bucket."""

    def write(self, text: str) -> None: ...
