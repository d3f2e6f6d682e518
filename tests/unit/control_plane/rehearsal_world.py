"""A standby in which a restore is rehearsed, in memory: the replica, the isolated instance, and what production shows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from control_plane_world import (
    NOW,
    PRIMARY,
    STANDBY,
    MemoryExecutions,
    MemoryHeartbeats,
    MemoryJournal,
    MemoryOutcomes,
    MemoryParameters,
    MemoryPeople,
    MemoryRds,
    MemoryRegister,
    MemorySecrets,
    MemoryServer,
    MemoryWeb,
    VirtualClock,
    plan_with,
    run_with,
)
from restore_world import PLACEMENT, PUBLISHED, MemoryBackups, MemoryRestored, MemoryRestores, backups

from failover.application.check_rehearsal import CheckRehearsal
from failover.application.delete_rehearsed_instance import DeleteRehearsedInstance
from failover.application.keep_rehearsal import KeepRehearsal
from failover.application.ports import DatabaseInstance
from failover.application.rehearse_restore import RehearseRestore
from failover.application.see_production import SeePatiently, SeeProduction
from failover.application.start_rehearsal import StartRehearsal
from failover.domain.run import Run

NAME = f"app-{STANDBY}-rehearsal"
RUN = "rehearsal-e1-20261123T030000Z"
PUBLIC = "https://app.example.com/healthz"
TAG = "drlab:restored-by"


class TwoInstances:
    """The replica, which nothing may touch, beside the instance of the rehearsal."""

    def __init__(self, clock: VirtualClock) -> None:
        self.replica, self.isolated = MemoryRds(clock), MemoryRds(clock)
        self.isolated.instance = None

    def describe(self, identifier: str) -> DatabaseInstance | None:
        return self.replica.describe(identifier) or self.isolated.describe(identifier)


class Sessions:
    """The restored server's content, and the replica's own position and slots."""

    def __init__(self, restored: MemoryRestored, replica: MemoryServer) -> None:
        self.content, self.position = restored.content, replica.position
        self.slot_names: tuple[str, ...] = ()

    def slots(self, login: Any) -> tuple[str, ...]:
        return self.slot_names


class Kept:
    """The object with the newest proof."""

    def __init__(self) -> None:
        self.text: str | None = None

    def write(self, text: str) -> None:
        self.text = text


class RehearsalWorld:
    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.plan = plan_with()
        self.databases: Any = TwoInstances(self.clock)
        self.restores = MemoryRestores(self.databases.isolated, self.clock)
        self.restored, self.replica = MemoryRestored(self.restores), MemoryServer()
        self.sessions: Any = Sessions(self.restored, self.replica)
        self.register, self.journal, self.outcomes = MemoryRegister(), MemoryJournal(), MemoryOutcomes()
        self.failovers, self.rehearsals = MemoryExecutions(), MemoryExecutions()
        self.backups, self.web, self.people = (
            MemoryBackups(backups(NOW - timedelta(hours=1))),
            MemoryWeb(),
            MemoryPeople(),
        )
        self.web.say(PUBLIC, 200, PRIMARY)
        self.parameters = MemoryParameters(**{"drlab/app/database-placement": PLACEMENT})
        self.secrets, self.heartbeats, self.kept = MemorySecrets(), MemoryHeartbeats(PUBLISHED), Kept()
        self.state: dict[str, Any] = {"rehearsal": {"to": "latest"}}

    def run(self, kind: str = "schedule") -> Run:
        return run_with(kind, None, RUN, **self.state)

    def see(self) -> SeePatiently:
        see = SeeProduction(self.plan, STANDBY, self.databases, self.secrets, self.sessions, self.heartbeats, self.web)
        return SeePatiently(see, self.clock, timedelta(seconds=15))

    def check(self, region: str = STANDBY) -> CheckRehearsal:
        return CheckRehearsal(
            self.plan, region, self.register, [self.failovers, self.rehearsals], self.backups, self.see()
        )

    def restore(self) -> RehearseRestore:
        return RehearseRestore(
            self.plan,
            STANDBY,
            self.register,
            self.databases,
            self.restores,
            self.secrets,
            self.sessions,
            self.heartbeats,
            self.outcomes,
            self.parameters,
            self.clock,
        )

    def delete(self) -> DeleteRehearsedInstance:
        return DeleteRehearsedInstance(self.plan, self.databases, self.restores, self.clock)

    def keep(self) -> KeepRehearsal:
        return KeepRehearsal(self.plan, STANDBY, self.see(), self.parameters, self.kept, self.clock)

    def start(self) -> StartRehearsal:
        return StartRehearsal(
            self.plan, STANDBY, self.register, self.rehearsals, [self.failovers], self.journal, self.clock, "maria"
        )

    def checked(self) -> None:
        """What the first state leaves."""
        self.state["check"] = self.check()(self.run())

    def leave(self, **tags: str) -> None:
        """An instance of the rehearsal's name is there already."""
        self.databases.isolated.instance = DatabaseInstance(NAME, "available", None, "left.example", 5432, 7, tags=tags)
