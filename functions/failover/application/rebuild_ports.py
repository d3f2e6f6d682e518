"""What does the rebuild of a standby need of the world, besides what every run needs? Each port is kept by one adapter.

Calls are bounded in time and raise TransientFailure or RunRefused, unless the port says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from failover.application.ports import DatabaseInstance, DatabaseLogin

if TYPE_CHECKING:
    from datetime import datetime

    from failover.domain.divergence import LedgerRow
    from failover.domain.leader_record import Refusal


class Instances(Protocol):
    """RDS in this Region. A Refusal: the state of what is there does not allow it now, or it is under way already."""

    def describe(self, identifier: str) -> DatabaseInstance | None: ...

    def create_replica(self, identifier: str, source_arn: str, like: str) -> Refusal | None:
        """A read replica of an instance in another Region, in the place and of the make of `like` in this one."""
        ...

    def go_by(self, identifier: str, parameter_group: str) -> Refusal | None:
        """Its parameters are those of `parameter_group` from its next restart on."""
        ...

    def rename(self, identifier: str, to: str, backup_retention_days: int | None = None) -> Refusal | None:
        """From now on it is called `to`, and is protected from deletion."""
        ...


class KeptInstances(Protocol):
    """RDS in this Region, for a person."""

    def describe(self, identifier: str) -> DatabaseInstance | None: ...

    def release(self, identifier: str) -> str:
        """Delete it, protected as it is; the name of the snapshot that stays."""
        ...


class LedgerRows(Protocol):
    """The service's rows. Raises DatabaseUnavailable, and RunRefused where there are more than a function can hold."""

    def since(self, login: DatabaseLogin, accepted: datetime) -> Sequence[LedgerRow]:
        """Those that were accepted at that instant or later."""
        ...

    def lacking(self, login: DatabaseLogin, rows: Sequence[LedgerRow]) -> Sequence[LedgerRow]:
        """Of `rows`, those that this database does not have just so."""
        ...


@dataclass(frozen=True)
class Reversal:
    """`changed` False: objects already went that way. `role` is whom S3 acts as; None: nothing is replicated."""

    changed: bool
    role: str | None


class ObjectReplication(Protocol):
    """S3 replication between the two Regions' data buckets."""

    def reverse(self, leader: str, standby: str) -> Reversal:
        """Let the objects of `leader` go to `standby`, by the rules that lead the other way."""
        ...
