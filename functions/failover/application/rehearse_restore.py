"""Can the newest backup be restored, how long does it take, and does production notice?

An isolated instance is made of it, its rows are read, and it is deleted again, whatever comes of it. The same backups, the same
restore and the same judgement as in a failover; only the name is another, and nobody is told of the instance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from failover.application.database_login import login_for
from failover.application.errors import DamagedContent, DatabaseUnavailable
from failover.application.holding import majority_needed
from failover.application.placement import placement_of
from failover.application.ports import (
    Clock,
    Databases,
    Executions,
    Heartbeats,
    Parameters,
    Register,
    Secrets,
    ServiceProbe,
)
from failover.application.restore_from_latest_snapshot import FAILED, POINT_TAG, RUN_TAG
from failover.application.restore_ports import RecoveryPoints, RehearsedDatabases, Restores
from failover.application.see_production import SeeProduction
from failover.domain.leader_record import LeaderRecord, Refusal, State
from failover.domain.plan import Plan
from failover.domain.recovery_point import RecoveryPoint, choose
from failover.domain.rehearsal import Production, Rehearsed, Tried, disturbed
from failover.domain.restored_content import Content, implausible


@dataclass(frozen=True)
class RehearseRestore:
    """In `region`, which must not lead. `patience` bounds each restore, and each deletion."""

    plan: Plan
    region: str
    register: Register
    executions: Executions
    databases: Databases
    backups: RecoveryPoints
    restores: Restores
    secrets: Secrets
    sessions: RehearsedDatabases
    heartbeats: Heartbeats
    probe: ServiceProbe
    parameters: Parameters
    clock: Clock
    patience: timedelta

    def __call__(self, wanted: datetime | None) -> Rehearsed | Refusal:
        """A Refusal changes nothing. Raises TransientFailure or RunRefused; the instance may then be left behind."""
        with majority_needed():
            record = self.register.read()
        name = f"{self.plan.region(self.region).database_instance}-rehearsal"
        if reason := self._obstacle(record, name):
            return Refusal(reason)
        here = self.plan.region(self.region)
        leader = self.plan.region(record.leader).database_instance
        points = choose(self.backups.find((leader, here.database_instance)), wanted)
        if isinstance(points, Refusal):
            return points
        before = self._production(record.leader)
        tried = self._best_of(points, name, record.leader)
        after = self._production(record.leader)
        return Rehearsed(tried, disturbed(before, after, self.plan.timing.unpublished), before, after)

    def _best_of(self, points: Sequence[RecoveryPoint], name: str, leader: str) -> Tried:
        """The first of `points` that proves usable. No instance is left of any, or nothing more is tried."""
        unusable: list[dict[str, str]] = []
        for point in points:
            asked = self.clock.monotonic()
            found = self._tried(point, name, leader)
            took = timedelta(seconds=self.clock.monotonic() - asked)
            left = self._discarded(name)
            if isinstance(found, Content):
                return Tried(str(point), took, found, tuple(unusable), left)
            unusable.append({"point": str(point), "reason": found.reason})
            if left is not None:
                return Tried(None, None, None, tuple(unusable), left)
        return Tried(None, None, None, tuple(unusable), None)

    def instance_class(self) -> str:
        """Of the instance that a rehearsal makes. Raises TransientFailure or RunRefused."""
        return placement_of(self.plan.region(self.region), self.parameters).instance_class

    def _obstacle(self, record: LeaderRecord, name: str) -> str | None:
        if record.state is State.FENCED:
            return f"{record.run} is in progress: rehearse when it has ended."
        if record.leader == self.region:
            return f"{self.region} leads: a restore is rehearsed in the standby."
        if running := self.executions.running():
            return f"{sorted(running)[0]} is in progress: rehearse when it has ended."
        if self.databases.describe(name) is not None:
            return f"{name} is left from an earlier rehearsal: look at it, delete it, and rehearse again."
        return None

    def _tried(self, point: RecoveryPoint, name: str, leader: str) -> Content | Refusal:
        """What is in an instance that was made of `point`, or why it cannot be used."""
        placement = placement_of(self.plan.region(self.region), self.parameters)
        refusal = self.restores.restore(point, name, placement, {RUN_TAG: "rehearsal", POINT_TAG: point.digest})
        if refusal is not None:
            return refusal
        deadline = self.clock.monotonic() + self.patience.total_seconds()
        while self.clock.monotonic() < deadline:
            found = self._looked(point, name, leader)
            if found is not None:
                return found
            self.clock.sleep(self.plan.timing.poll)
        return Refusal(f"It was not restored within {self.patience.total_seconds():.0f} s.")

    def _looked(self, point: RecoveryPoint, name: str, leader: str) -> Content | Refusal | None:
        """None: not yet."""
        instance = self.databases.describe(name)
        if instance is None or instance.status in FAILED:
            return Refusal(f"RDS says that the instance is {instance.status if instance else 'gone'}.")
        if instance.status != "available":
            return None
        login = login_for(instance, self.secrets.read(self.plan.region(self.region).database_secret))
        try:
            content = self.sessions.content(login, leader)
        except DamagedContent as error:
            return Refusal(f"What is in it cannot be read: {error}")
        except DatabaseUnavailable:
            return None
        return implausible(content, point, self.heartbeats.read().newest, self.plan.timing.unpublished) or content

    def _discarded(self, name: str) -> str | None:
        """The instance that could not be deleted, None when there is none any more."""
        deadline = self.clock.monotonic() + self.patience.total_seconds()
        while (found := self.databases.describe(name)) is not None:
            if self.clock.monotonic() > deadline:
                return f"{name} is {found.status}"
            if found.status != "deleting":
                self.restores.delete(name)
            self.clock.sleep(self.plan.timing.poll)
        return None

    def _production(self, leader: str) -> Production:
        return SeeProduction(
            self.plan, self.region, self.databases, self.secrets, self.sessions, self.heartbeats, self.probe
        )(leader)
