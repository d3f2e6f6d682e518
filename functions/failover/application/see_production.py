"""What does production look like, that something beside it must leave as it is?

Only looks; what does not answer is told as not seen. Nothing of it writes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from failover.application.database_login import login_for
from failover.application.errors import DatabaseUnavailable, RunRefused, TransientFailure
from failover.application.leader_register import NoMajority
from failover.application.ports import Answer, Clock, Databases, Heartbeats, Register, Secrets, ServiceProbe
from failover.application.readiness_ports import PublicName
from failover.application.restore_ports import RehearsedDatabases
from failover.domain.isolated_promotion import Standing
from failover.domain.plan import Plan
from failover.domain.rehearsal import Production

T = TypeVar("T")


@dataclass(frozen=True)
class SeeProduction:
    """Of `region`, the standby, as far as a restore beside it could disturb it."""

    plan: Plan
    region: str
    databases: Databases
    secrets: Secrets
    sessions: RehearsedDatabases
    heartbeats: Heartbeats
    probe: ServiceProbe

    def __call__(self, leader: str) -> Production:
        """Raises TransientFailure or RunRefused where RDS does not tell of the replica."""
        here = self.plan.region(self.region)
        answer = self.probe.get(f"{self.plan.public_url}/healthz")
        replica = self.databases.describe(here.database_instance)
        slots, lag = None, None
        if replica is not None and replica.source is not None:
            try:
                login = login_for(replica, self.secrets.read(here.database_secret))
                slots = self.sessions.slots(login)
                row, newest = self.sessions.position(login, leader).heartbeat, self.heartbeats.read().newest
                lag = max(newest.at - row.at, timedelta(0)) if row is not None and newest is not None else None
            except (DatabaseUnavailable, RunRefused):
                slots = lag = None
        answered_by = answer.region if isinstance(answer, Answer) else None
        return Production(replica.source if replica else None, slots, answered_by, lag)


@dataclass(frozen=True)
class SeePatiently:
    """A look that missed something is taken again: one slow answer must not fail a rehearsal."""

    see: SeeProduction
    clock: Clock
    patience: timedelta

    def __call__(self, leader: str) -> Production:
        """What the last look saw, whole or not. Raises as SeeProduction."""
        deadline = self.clock.monotonic() + self.patience.total_seconds()
        while not (found := self.see(leader)).whole and self.clock.monotonic() < deadline:
            self.clock.sleep(self.see.plan.timing.poll)
        return found


@dataclass(frozen=True)
class SeeStanding:
    """As far as a replica of the leader could disturb it. `leaders` is RDS in the leader's Region."""

    see_production: SeeProduction
    register: Register
    leaders: Callable[[str], Databases]
    names: PublicName
    domain_name: str

    def __call__(self, leader: str) -> Standing:
        """Never raises because something is silent."""
        plan = self.see_production.plan
        return Standing(
            _seen(lambda: self.see_production(leader)) or Production(None, None, None, None),
            _seen(lambda: self._replicas(plan.region(leader).database_instance, leader)),
            _seen(self._records),
            _seen(lambda: self.register.read().to_dict()),
        )

    def _replicas(self, instance: str, leader: str) -> tuple[str, ...] | None:
        found = self.leaders(leader).describe(instance)
        return None if found is None else tuple(sorted(found.replicas))

    def _records(self) -> tuple[str, ...] | None:
        found = self.names.records(self.domain_name)
        return None if found is None else tuple(sorted(f"{one.role} {one.region} {one.health_check}" for one in found))


def _seen(look: Callable[[], T]) -> T | None:
    try:
        return look()
    except (NoMajority, RunRefused, TransientFailure):
        return None
