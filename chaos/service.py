"""What do databases, tasks and clients do meanwhile? In memory, as badly as they may.

The old leader's tasks live on: they renew the lease at the last moment before each change of the leader record, then see
nothing any more, and acknowledge writes for as long as the lease lasts. Nobody outside their Region reaches them, and
nothing that they write from the fault on reaches the standby. The new leader's tasks are as quick as they can be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from chaos.clock import CaseClock
from chaos.history import Acknowledged, History
from failover.application.errors import DatabaseUnavailable
from failover.application.ports import Answer, DatabaseLogin, Silence
from failover.domain.heartbeat import Heartbeat, Lsn
from failover.domain.leader_record import LeaderRecord, State
from failover.domain.lease import Lease, grant
from failover.domain.loss_bound import ReplicaPosition
from failover.domain.plan import Plan

LAG = timedelta(milliseconds=300)


@dataclass
class Service:
    """Both Regions' tasks and databases. `record` reads the leader record, `publish` stores a heartbeat; neither fails.

    `dark`: the old Region's tasks and database are dead. `promoted` tells whether the standby's server takes writes.
    """

    plan: Plan
    clock: CaseClock
    history: History
    record: Callable[[], LeaderRecord | None]
    publish: Callable[[Heartbeat], None]
    promoted: Callable[[], bool]
    endpoint: Callable[[], tuple[str, int]]
    settings: Callable[[], tuple[dict[str, Any], dict[str, Any]]]
    dark: bool = False
    began: datetime = field(init=False)
    leases: dict[str, Lease] = field(default_factory=dict)
    replicated: Heartbeat = field(init=False)
    _sequence: int = 0

    def __post_init__(self) -> None:
        """The fault happens now: what the standby has is what was written `LAG` ago."""
        self.began = self.clock.now()
        self.history.received_until = self.began - LAG
        old = self.history.old
        self.replicated = self._heartbeat(old, 1, self.began - LAG - self.plan.timing.renew / 2)
        self.publish(self._heartbeat(old, 1, self.began))
        self.leases[old] = self._granted(old) or Lease(self.history.record, 0.0)

    def go_on(self) -> None:
        """Renew what may be renewed, and acknowledge a write wherever a lease holds."""
        for region in (self.history.old, self.history.new):
            if self._works(region):
                self._renew(region)
                lease = self.leases.get(region)
                if lease is not None and lease.holds_at(self.clock.monotonic()):
                    self.history.acknowledged.append(Acknowledged(self.clock.now(), region, lease.record.epoch))

    def get(self, url: str) -> Answer | Silence:
        """What a client outside gets from the Region's or the public address."""
        address = urlsplit(url)
        public = urlsplit(self.plan.public_url).netloc
        region = self._public() if address.netloc == public else self._owner(address.netloc)
        if region is None or region == self.history.old:
            return Silence(f"{url}: ConnectTimeoutError")
        if address.path.endswith("/healthz"):
            if address.netloc == public:
                self.history.traffic.append((self.clock.now(), region))
            return Answer(200 if self._holds(region) else 503, region, {"region": region})
        if not self._works(region):
            return Answer(503, region, {"title": "The database is not there.", "region": region})
        self.history.read_back.append((self.clock.now(), region))
        body = {"region": region, "read_back": True, "in_recovery": False, "elapsed_ms": 1.0}
        return Answer(200, region, body)

    def position(self, login: DatabaseLogin) -> ReplicaPosition:
        self._reach(login)
        at = self.replicated.lsn
        return ReplicaPosition(not self.promoted(), at, at, self.replicated)

    def in_recovery(self, login: DatabaseLogin) -> bool:
        self._reach(login)
        return not self.promoted()

    def write_probe(self, login: DatabaseLogin) -> None:
        self._reach(login)
        if not self.promoted():
            raise DatabaseUnavailable("ReadOnlySqlTransaction: cannot execute INSERT in a read-only transaction")

    def _renew(self, region: str) -> None:
        granted = self._granted(region)
        if granted is None:
            return
        if region == self.history.old:
            self.publish(self._heartbeat(region, granted.record.epoch, self.clock.now()))
        self.leases[region] = granted

    def _granted(self, region: str) -> Lease | None:
        record = self.record()
        if record is None or record.state is not State.OPEN:
            return None
        granted = grant(record, region, self.clock.monotonic(), self.plan.timing.lease)
        return granted if isinstance(granted, Lease) else None

    def _holds(self, region: str) -> bool:
        lease = self.leases.get(region)
        return lease is not None and lease.holds_at(self.clock.monotonic())

    def _works(self, region: str) -> bool:
        """Whether the Region's tasks live and commit: the standby's need the endpoint that they are told."""
        if region == self.history.old:
            return not self.dark
        host, port = self.endpoint()
        named = all((one.get("host"), str(one.get("port"))) == (host, str(port)) for one in self.settings())
        return self.promoted() and named

    def _public(self) -> str | None:
        """Failover records follow the health checks, which follow the lease."""
        return next((one for one in (self.history.new, self.history.old) if self._holds(one)), None)

    def _owner(self, netloc: str) -> str | None:
        return next(
            (name for name, one in self.plan.regions.items() if urlsplit(one.service_url).netloc == netloc), None
        )

    def _reach(self, login: DatabaseLogin) -> None:
        if (login.host, login.port) != self.endpoint():
            raise DatabaseUnavailable(f"OperationalError: nothing listens at {login.host}:{login.port}")

    def _heartbeat(self, region: str, epoch: int, at: datetime) -> Heartbeat:
        self._sequence += 1
        return Heartbeat(region, epoch, self._sequence, at, Lsn(1_000_000 + self._sequence))
