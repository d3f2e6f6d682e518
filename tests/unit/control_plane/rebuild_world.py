"""A world in memory for the rebuild of a standby: the failover is over, us-west-2 leads, and ap-southeast-2 came back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from control_plane_world import (
    ACCOUNT,
    NOW,
    PRIMARY,
    STANDBY,
    MemoryHeartbeats,
    MemoryOutcomes,
    MemoryRegister,
    MemorySecrets,
    VirtualClock,
    plan_with,
    run_with,
)

from failover.application.errors import DatabaseUnavailable, RunRefused
from failover.application.ports import DatabaseInstance, DatabaseLogin
from failover.domain.divergence import LedgerRow
from failover.domain.heartbeat import Heartbeat, Lsn
from failover.domain.instance_status import READY_STATUSES
from failover.domain.leader_record import Refusal
from failover.domain.loss_bound import ReplicaPosition
from failover.domain.run import Run

HERE, LEADER, EPOCH = PRIMARY, STANDBY, 3
INSTANCE, KEPT, REPLICA = f"app-{HERE}", f"app-{HERE}-diverged-3", f"app-{HERE}-rebuilt-3"
SOURCE = f"arn:aws:rds:{LEADER}:{ACCOUNT}:db:app-{LEADER}"
CLUSTER = f"arn:aws:rds:{LEADER}:{ACCOUNT}:cluster:app-{LEADER}"
RUN = "rebuild-e3-20261123T030000Z"
LAST_BEAT = NOW - timedelta(hours=1)


class MemoryInstances:
    """Instances of one Region. A new one and a renamed one are available only after a while, as in RDS."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        old = DatabaseInstance(INSTANCE, "available", None, "old", 5432, 7, parameter_group="drlab")
        self.all = {INSTANCE: old}
        self.calls: list[tuple[str, ...]] = []
        self.released: list[str] = []
        self.becomes = self.renamed_becomes = "available"

    def describe(self, identifier: str) -> DatabaseInstance | None:
        return self.all.get(identifier)

    def create_replica(self, identifier: str, source_arn: str, like: str) -> Refusal | None:
        assert like in self.all, "taken after an instance that is there"
        self.calls.append(("create", identifier, source_arn, like))
        made = DatabaseInstance(identifier, "creating", source_arn, None, None, 0, parameter_group="default.postgres16")
        self.all[identifier] = made
        self.clock.later(20, lambda: self._set(identifier, status=self.becomes, host="new", port=5432))
        return None

    def go_by(self, identifier: str, parameter_group: str) -> Refusal | None:
        if self.all[identifier].status not in READY_STATUSES:
            return Refusal(f"AWS does not change {identifier} now.")
        self.calls.append(("parameters", identifier, parameter_group))
        self._set(identifier, parameter_group=parameter_group, status="modifying")
        self.clock.later(5, lambda: self._set(identifier, status=self.becomes))
        return None

    def rename(self, identifier: str, to: str, backup_retention_days: int | None = None) -> Refusal | None:
        found = self.all.get(identifier)
        if found is None or found.status not in READY_STATUSES:
            return Refusal(f"AWS does not rename {identifier} now.")
        self.calls.append(("rename", identifier, to))
        self._set(identifier, status="renaming")
        days = found.backup_retention_days if backup_retention_days is None else backup_retention_days
        named = replace(found, identifier=to, status="rebooting", backup_retention_days=days)
        self.clock.later(10, lambda: (self.all.pop(identifier), self.all.__setitem__(to, named)))
        self.clock.later(20, lambda: self._set(to, status=self.renamed_becomes))
        return None

    def release(self, identifier: str) -> str:
        self.released.append(identifier)
        return f"{identifier}-final"

    def _set(self, identifier: str, **changes: Any) -> None:
        self.all[identifier] = replace(self.all[identifier], **changes)


def row(number: int, at: datetime = LAST_BEAT, body: str = "b") -> LedgerRow:
    return LedgerRow("w", number, body, HERE, 1, at.astimezone(UTC))


class MemoryServers:
    """The old primary at host `old`, the new replica at host `new`; each has rows, and may be silent."""

    def __init__(self) -> None:
        self.rows: dict[str, list[LedgerRow]] = {"old": [], "new": []}
        self.silent: set[str] = set()
        self.follows = True
        self.most = 1000

    def position(self, login: DatabaseLogin, region: str) -> ReplicaPosition:
        self._open(login)
        at = LAST_BEAT if region == HERE else NOW
        beat = Heartbeat(region, EPOCH if region == LEADER else 1, 41, at, Lsn(900))
        return ReplicaPosition(self.follows, Lsn(1000), Lsn(1000), beat)

    def in_recovery(self, login: DatabaseLogin) -> bool:
        self._open(login)
        return login.host == "new"

    def since(self, login: DatabaseLogin, accepted: datetime) -> Sequence[LedgerRow]:
        self._open(login)
        found = [one for one in self.rows[login.host] if one.accepted_at >= accepted]
        if len(found) > self.most:
            raise RunRefused("more than 1000 were accepted")
        return found

    def lacking(self, login: DatabaseLogin, rows: Sequence[LedgerRow]) -> Sequence[LedgerRow]:
        self._open(login)
        there = {(one.writer, one.number, one.body) for one in self.rows[login.host]}
        return [one for one in rows if (one.writer, one.number, one.body) not in there]

    def _open(self, login: DatabaseLogin) -> None:
        if login.host in self.silent:
            raise DatabaseUnavailable("ConnectionTimeout: connection timeout expired")


class RebuildWorld:
    """`at` is what every use case is made with."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.plan = plan_with()
        self.at = (self.plan, HERE)
        self.register = MemoryRegister()
        self.register.record = replace(
            self.register.record, epoch=EPOCH, leader=LEADER, run="failover-e1-0123abcd", changed_at=NOW
        )
        self.instances = MemoryInstances(self.clock)
        self.secrets = MemorySecrets()
        self.servers: Any = MemoryServers()
        self.exports = MemoryOutcomes()
        self.heartbeats = MemoryHeartbeats(Heartbeat(LEADER, EPOCH, 42, NOW, Lsn(950)))

    def aurora_has_it_follow(self, source: str | None = CLUSTER) -> None:
        """The database is a global one, and names `source` as the writer; the cluster here answers at its reader endpoint."""
        self.plan = plan_with(lambda plan: plan.update(db_mode="aurora-global"))
        self.at = (self.plan, HERE)
        self.instances.all[INSTANCE] = DatabaseInstance(INSTANCE, "available", source, "new", 5432, 7)

    def replica_is_there(self) -> None:
        self.instances.all[REPLICA] = DatabaseInstance(REPLICA, "available", SOURCE, "new", 5432, 0)


def asked(accept_unknown: bool = False, epoch: int = EPOCH, **state: Any) -> Run:
    """A rebuild, as far as `state` says."""
    wanted = {"accept_unknown_divergence": accept_unknown}
    return run_with("manual", epoch, RUN, rebuild=wanted, **state)


def checked(accept_unknown: bool = False, **state: Any) -> Run:
    """A rebuild that its first state has allowed."""
    check = {"allowed": True, "reason": "it may", "leader": LEADER, "epoch": EPOCH, "readable": not accept_unknown}
    names = {"instance": INSTANCE, "kept_as": KEPT, "replica": REPLICA}
    return asked(accept_unknown, check={**check, **names}, **state)


EXPORTED = {"exported": True, "accepted": False, "rows": 2, "key": f"divergence/{KEPT}.jsonl"}
