"""What do the use cases of a failover act on here? Two real servers, a real link between them, and an RDS that tells of one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from control_plane_world import MemoryHeartbeats, MemoryObjects, MemoryRegister, MemorySecrets, run_with
from served_task import ELSEWHERE, HERE, plan_text

from failover.adapters.clock import SystemClock
from failover.adapters.postgres import Postgres
from failover.application.bound_data_loss import BoundDataLoss
from failover.application.ports import DatabaseInstance
from failover.application.promote_replica import PromoteReplica
from failover.domain.heartbeat import Heartbeat, Lsn
from failover.domain.leader_record import Refusal
from failover.domain.plan import Plan
from failover.domain.recovery_point import RecoveryPoint
from lab.host.processes import Processes
from lab.region.network import Network
from lab.region.postgresql import PostgreSQL

SCHEMA = (Path(__file__).parents[2] / "webapi" / "service" / "schema.sql").read_text()
SOURCE = f"arn:aws:rds:{HERE}:123456789012:db:app-{HERE}"
SESSIONS = Postgres(timedelta(seconds=3))
RPO_SECONDS = 5


def plan_for_tests(budget_seconds: float = 1, **changes: Any) -> Plan:
    """That of the tasks, with an RPO that a real lag can exceed while a test waits, and short patience."""
    described = json.loads(plan_text(rpo_target_seconds=RPO_SECONDS, **changes))
    short = {"second_look_seconds": 0.1, "api_timeout_seconds": 0.1, "poll_seconds": 0.05}
    described["timing"] |= {"step_budget_seconds": budget_seconds, **short}
    return Plan.parse(json.dumps(described))


@dataclass
class Instance:
    """RDS's word for `server`, which may be another thing than the truth. `completes`: a promotion that it takes is done."""

    server: PostgreSQL
    status: str = "available"
    source: str | None = SOURCE
    completes: bool = True
    asked: int = 0

    def describe(self, identifier: str) -> DatabaseInstance | None:
        if identifier != f"app-{ELSEWHERE}":
            return None
        return DatabaseInstance(identifier, self.status, self.source, self.server.host, self.server.port, 7)

    def promote(self, identifier: str, backup_retention_days: int) -> Refusal | None:
        if self.status != "available" or self.source is None:
            return Refusal(f"AWS does not promote {identifier} in its present state.")
        self.asked += 1
        if self.completes:
            self.server.promote()
            self.source = None
        return None


@dataclass
class Pair:
    """The leader's server, and the standby that streams from it over a link."""

    primary: PostgreSQL
    standby: PostgreSQL
    network: Network
    _sequence: int = field(default=0)

    def beat(self, age: timedelta = timedelta(0)) -> Heartbeat:
        """What a task of the leader writes before it renews its lease, `age` ago."""
        self._sequence += 1
        ((at, lsn),) = self.primary.rows(
            "insert into heartbeat values ($1, 1, $2, clock_timestamp() - make_interval(secs => $3::float8),"
            " pg_current_wal_insert_lsn()) on conflict (region) do update"
            " set sequence = excluded.sequence, at = excluded.at, lsn = excluded.lsn"
            " returning extract(epoch from at), lsn",
            (HERE, self._sequence, str(age.total_seconds())),
        )
        return Heartbeat(HERE, 1, self._sequence, datetime.fromtimestamp(float(at or 0), UTC), Lsn.parse(str(lsn)))

    def has_arrived(self, heartbeat: Heartbeat) -> Callable[[], bool]:
        """Whether the standby shows it."""
        return lambda: (
            self.standby.rows("select sequence from heartbeat where region = $1", (HERE,))
            == [(str(heartbeat.sequence),)]
        )

    def write(self, *numbers: int) -> None:
        """Commit these rows at the leader."""
        for number in numbers:
            self.primary.rows("insert into writes values ('w', $1, 'tea', $2, 1)", (number, HERE))


def rows_of(server: PostgreSQL) -> set[tuple[str, int]]:
    """Writer and number of every row there."""
    return {(str(writer), int(number or 0)) for writer, number in server.rows("select writer, number from writes")}


@contextmanager
def pair() -> Iterator[Pair]:
    """Both servers with the service's tables, streaming."""
    with Processes() as processes, Network(processes) as network:
        primary, standby = PostgreSQL(HERE, processes), PostgreSQL(ELSEWHERE, processes)
        primary.init_primary()
        with primary.session() as session:
            session.rows(SCHEMA)
            for table in ("writes", "heartbeat", "lease_holder", "probe"):
                session.rows(f"alter table {table} owner to app")
        standby.create_standby_of(primary, network.add_link("replication", primary.address))
        yield Pair(primary, standby, network)


def secrets_of(server: PostgreSQL) -> MemorySecrets:
    return MemorySecrets(host=server.host, port=server.port, password=server.credentials.application)


def bound(
    instance: Instance, published: Heartbeat | None, backup: RecoveryPoint | None = None, **plan: Any
) -> dict[str, Any]:
    """What BoundDataLoss answers for the server of `instance`, or where the database is to be made of `backup`."""
    secrets, heartbeats = secrets_of(instance.server), MemoryHeartbeats(published)
    at = (plan_for_tests(**plan), ELSEWHERE)
    ask = BoundDataLoss(*at, instance, secrets, SESSIONS, heartbeats, MemoryObjects(), SystemClock())
    path = {"path": "restore", "points": [backup.to_dict()]} if backup else {"path": "promote"}
    return ask(run_with(fence={"held": True, "leader": HERE, "epoch": 2}, readiness=path))


ACCEPTED: Mapping[str, Any] = {"accepted": True, "known": True, "bound_seconds": 1.0}


def promotion(
    instance: Instance, budget_seconds: float = 1, loss: Mapping[str, Any] = ACCEPTED
) -> Callable[[], dict[str, Any]]:
    """PromoteReplica for that server, in a run that holds the fence and whose gate answered `loss`."""
    run = run_with(fence={"held": True, "leader": HERE, "epoch": 2}, prepared={"loss": loss})
    register = MemoryRegister().fenced_by()
    plan, secrets = plan_for_tests(budget_seconds), secrets_of(instance.server)
    promote = PromoteReplica(plan, ELSEWHERE, register, instance, secrets, SESSIONS, SystemClock())
    return lambda: promote(run)


def after(seconds: float) -> Callable[[], bool]:
    """True from `seconds` from now on: for what only time brings about, such as lag."""
    until = time.monotonic() + seconds
    return lambda: time.monotonic() >= until
