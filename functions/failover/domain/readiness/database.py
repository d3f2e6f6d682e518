"""Would the standby's database take over, with how little missing, and could it be brought back afterwards?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from failover.domain.instance_status import READY_STATUSES, not_known
from failover.domain.instants import aware
from failover.domain.readiness.check import Finding, judged, not_ok, unknown


@dataclass(frozen=True)
class ServedDatabase:
    """What a Region's service says of the database that it is connected to. `heartbeats`: the newest of each Region.

    `streaming` None: its kind of server does not tell.
    """

    in_recovery: bool
    streaming: bool | None
    heartbeats: Mapping[str, datetime]
    schema: str

    @staticmethod
    def parse(body: Mapping[str, Any]) -> ServedDatabase:
        """Raises KeyError, TypeError or ValueError on anything that the service could not have said."""
        heartbeats = {str(region): aware(at) for region, at in body["heartbeats"].items()}
        recovering, streaming, schema = body["in_recovery"], body["streaming"], body["schema"]
        if not isinstance(recovering, bool) or not isinstance(streaming, bool | None) or not isinstance(schema, str):
            raise TypeError("in_recovery and streaming must be true or false, or streaming null, and schema text")
        return ServedDatabase(recovering, streaming, heartbeats, schema)


def replica(identifier: str, status: str | None, obstacle: str | None) -> Finding:
    """`status` None: there is no such instance. `obstacle`: why it is not the leader's replica."""
    if status is None:
        return not_ok(f"there is no database instance {identifier}")
    if obstacle:
        return not_ok(obstacle)
    if not_known(status):
        return unknown(f"{identifier} is {status}, a status of which this version does not know what it means")
    return judged(status in READY_STATUSES, f"{identifier} is {status}")


def streaming(seen: ServedDatabase) -> Finding:
    if not seen.in_recovery:
        return not_ok("the database here is not in recovery: it replicates from nobody")
    if seen.streaming is None:
        return unknown("the service does not tell whether a WAL receiver runs")
    return judged(seen.streaming, "streams" if seen.streaming else "no WAL receiver runs")


def synchronized(identifier: str, status: str | None) -> Finding:
    """Of a cluster in an Aurora global database, whose storage is what replicates. `status` None: Aurora names none.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_GlobalClusterMember.html (SynchronizationStatus)
    """
    if status is None:
        return unknown(f"Aurora names no synchronization status of {identifier}")
    return judged(status == "connected", f"{identifier} is {status}")


def lag(leader: str, there: ServedDatabase, here: ServedDatabase, rpo: timedelta) -> Finding:
    """By the leader's clock alone: its newest heartbeat there, less the newest that arrived here.

    RDS's ReplicaLag is not used: see failover.domain.loss_bound. Nor is Aurora's AuroraGlobalDBRPOLag, which is the worst of
    a minute that is over and is published in no time that AWS names; its alarm is for people.
    """
    newest, arrived = there.heartbeats.get(leader), here.heartbeats.get(leader)
    if newest is None:
        return unknown(f"{leader} has written no heartbeat to compare with")
    if arrived is None:
        return not_ok(f"no heartbeat of {leader} has ever arrived")
    behind = max(newest - arrived, timedelta(0)).total_seconds()
    return judged(behind <= rpo.total_seconds(), f"{behind:.1f} s behind; the RPO is {rpo.total_seconds():g} s")


def backups(here_days: int, leader_days: int) -> Finding:
    """RDS keeps automated backups where the retention is above 0.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.BackupRetention.html
    """
    value = f"kept {here_days} days here, {leader_days} in the leader's Region"
    return judged(here_days > 0 and here_days >= leader_days, value)


def instance_class(here: str | None, there: str | None) -> Finding:
    if here is None or there is None:
        return unknown("RDS did not name the class of both")
    return judged(here == there, f"{here} here, {there} in the leader's Region")
