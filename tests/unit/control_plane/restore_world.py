"""RDS's backups and restores in memory, for the use cases: a restored instance appears, is made, and is then available."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from control_plane_world import NOW, PRIMARY, STANDBY, MemoryRds, VirtualClock

from failover.application.errors import DamagedContent, NoCapacity, TransientFailure
from failover.application.ports import DatabaseInstance, DatabaseLogin
from failover.application.restore_ports import Placement
from failover.domain.heartbeat import Heartbeat, Lsn
from failover.domain.instance_status import READY_STATUSES
from failover.domain.leader_record import Refusal
from failover.domain.recovery_point import AutomatedBackup, Backups, RecoveryPoint, Snapshot
from failover.domain.restored_content import TABLES, Content

BACKUP_ARN = "arn:aws:rds:us-west-2:123456789012:auto-backup:ab-l2ijcexjp7xq7hoj4siexample"
# The leader's last heartbeat was published forty seconds before NOW, as in the other tests.
PUBLISHED = Heartbeat(PRIMARY, 1, 41, NOW - timedelta(seconds=40), Lsn(900))
NEWEST = NOW - timedelta(minutes=3)
PLACEMENT = json.dumps(
    {
        "instance_class": "db.t4g.small",
        "subnet_group": "isolated",
        "parameter_group": "drlab",
        "security_groups": ["sg-1"],
        "rehearsal_security_groups": ["sg-rehearsal"],
        "hourly_usd": 0.032,
        "price_listed": "of 2026-11-25",
    }
)


def backups(*snapshots: datetime, latest: datetime | None = NEWEST, days: int = 0) -> Backups:
    """Replicated automated backups up to `latest`, none where it is None, and snapshots of these moments."""
    kept: tuple[AutomatedBackup, ...] = ()
    if latest is not None:
        earliest = latest - timedelta(days=days, hours=1)
        kept = (AutomatedBackup(f"app-{PRIMARY}", "db-ABC", BACKUP_ARN, earliest, latest),)
    return Backups(kept, tuple(Snapshot(f"snapshot-{at:%H%M}", at) for at in snapshots))


class MemoryBackups:
    def __init__(self, found: Backups | None = None) -> None:
        self.found = found or Backups((), ())
        self.asked: list[tuple[str, ...]] = []

    def find(self, instances: Collection[str]) -> Backups:
        self.asked.append(tuple(instances))
        return self.found


class MemoryRestores:
    """On the one instance of MemoryRds.

    `statuses`: what becomes of a restore from a point; available if it is not named. `full`: how often there is no room.
    """

    def __init__(self, rds: MemoryRds, clock: VirtualClock) -> None:
        self.rds, self.clock = rds, clock
        self.statuses: dict[str, str] = {}
        self.refused: dict[str, str] = {}
        self.full = 0
        self.asked: list[RecoveryPoint] = []
        self.placements: list[Placement] = []
        self.renamed: dict[str, DatabaseInstance] = {}
        self.deleted: list[str | None] = []

    def restore(
        self, point: RecoveryPoint, identifier: str, placement: Placement, tags: Mapping[str, str]
    ) -> Refusal | None:
        if self.rds.instance is not None:
            return None
        if any(other.status == "renaming" for other in self.rds.others.values()):
            return Refusal("InvalidDBInstanceState")
        if point.source in self.refused:
            return Refusal(self.refused[point.source])
        if self.full:
            self.full -= 1
            raise NoCapacity("AWS has no room.")
        self.asked.append(point)
        self.placements.append(placement)
        self.rds.instance = DatabaseInstance(identifier, "creating", None, None, None, 7, tags=dict(tags))
        becomes = self.statuses.get(point.source, "available")
        self.clock.later(20, lambda: self.rds.set(status=becomes, host="restored.example", port=5432))
        return None

    def rename(self, identifier: str, new: str) -> Refusal | None:
        assert self.rds.instance is not None
        if self.rds.instance.status not in READY_STATUSES:
            return Refusal("not now")
        self.renamed[new] = replace(self.rds.instance, identifier=new)
        self.rds.set(status="renaming")
        self.clock.later(10, lambda: self._give_up_the_name(new))
        return None

    def _give_up_the_name(self, new: str) -> None:
        """It has the other name, and is not through with it: nothing is restored of its backups meanwhile."""
        self.rds.instance = None
        self.rds.others[new] = replace(self.renamed[new], status="renaming")
        self.clock.later(10, lambda: self.rds.others.update({new: self.renamed[new]}))

    def delete(self, identifier: str) -> Refusal | None:
        assert self.rds.instance is not None
        assert "drlab:restored-by" in self.rds.instance.tags, "nothing but a restored instance is deleted"
        self.deleted.append(self.rds.instance.tags.get("drlab:recovery-point"))
        self.rds.set(status="deleting")
        self.clock.later(10, lambda: setattr(self.rds, "instance", None))
        return None


class MemoryRestored:
    """What the server holds that `restores` made: as much as its point promises, or for the first calls what `first` says."""

    def __init__(self, restores: MemoryRestores | None = None, **changes: Any) -> None:
        self.restores = restores
        beat = replace(PUBLISHED, at=NEWEST - timedelta(seconds=2))
        self.content_now = replace(Content(False, TABLES, 1000, NEWEST, beat), **changes)
        self.first: list[Content | Exception] = []
        self.probes: list[str] = []

    def content(self, login: DatabaseLogin, region: str) -> Content:
        told = self.first.pop(0) if self.first else self.content_now
        if self.restores is not None and told is self.content_now:
            at = self.restores.asked[-1].at - timedelta(seconds=2)
            return replace(self.content_now, heartbeat=replace(PUBLISHED, at=at))
        if isinstance(told, Exception):
            raise told
        return told

    def write_probe(self, login: DatabaseLogin, region: str) -> None:
        self.probes.append(region)


DAMAGED = DamagedContent("DataCorrupted: invalid page in block 3 of relation base/16384/16390")

__all__ = ["DAMAGED", "STANDBY", "MemoryBackups", "MemoryRestoreTimes", "MemoryRestored", "MemoryRestores", "backups"]


class MemoryKeys:
    def __init__(self) -> None:
        self.found: str | None = "Enabled"
        self.dark = False

    def state(self, alias: str) -> str | None:
        assert alias == "alias/drlab-app"
        if self.dark:
            raise TransientFailure(f"Describing {alias}: no answer from AWS.")
        return self.found


class MemoryRestoreTimes:
    """What rehearsals measured; an error is raised."""

    def __init__(self) -> None:
        self.took: timedelta | Exception | None = None

    def last_took(self) -> timedelta | None:
        if isinstance(self.took, Exception):
            raise self.took
        return self.took
