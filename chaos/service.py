"""What do databases, tasks and clients do meanwhile? In memory, as badly as they may.

The old leader's tasks live on: they renew the lease at the last moment before each change of the leader record, then see
nothing any more, and acknowledge writes for as long as the lease lasts. Nobody outside their Region reaches them, and
nothing that they write from the fault on reaches the standby. Where they are `connected`, all of that works, a little late;
they go on until their next look at the leader record, and then say on the database that they have stopped. The new leader's
tasks are as quick as they can be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from chaos.clock import CaseClock
from chaos.history import Acknowledged, History
from failover.application.errors import DamagedContent, DatabaseUnavailable
from failover.application.ports import Answer, DatabaseLogin, Silence
from failover.domain.heartbeat import Heartbeat, Lsn
from failover.domain.leader_record import LeaderRecord, State
from failover.domain.lease import Lease, grant
from failover.domain.lease_holders import Confirmations, LeaseHolder
from failover.domain.loss_bound import ReplicaPosition
from failover.domain.plan import Plan
from failover.domain.restored_content import TABLES, Content

LAG = timedelta(milliseconds=300)


@dataclass
class Service:
    """Both Regions' tasks and databases. `record` reads the leader record, `publish` stores a heartbeat; neither fails.

    `dead`: Regions whose tasks and database are. `promoted` tells whether the standby's server takes writes.
    """

    plan: Plan
    clock: CaseClock
    history: History
    record: Callable[[], LeaderRecord | None]
    publish: Callable[[Heartbeat], None]
    promoted: Callable[[], bool]
    endpoint: Callable[[], tuple[str, int]]
    settings: Callable[[], tuple[dict[str, Any], dict[str, Any]]]
    restored_to: Callable[[], datetime | None]
    connected: bool = False
    dead: set[str] = field(default_factory=set)
    leases: dict[str, Lease] = field(default_factory=dict)
    _beats: list[Heartbeat] = field(default_factory=list)
    _said: list[tuple[datetime, LeaseHolder]] = field(default_factory=list)
    _fence_seen: float | None = None
    _sequence: int = 0

    def __post_init__(self) -> None:
        """The fault happens now, if there is one: what the standby has is what was written `LAG` ago."""
        began, old = self.clock.now(), self.history.old
        if not self.connected:
            self.history.received_until = began - LAG
        self._beats.append(self._heartbeat(old, 1, began - LAG - self.plan.timing.renew / 2))
        self.publish(self._heartbeat(old, 1, began))
        self.leases[old] = self._granted(old) or Lease(self.history.record, 0.0)
        self._say(1, None, began - timedelta(minutes=1))

    def go_on(self) -> None:
        """Renew what may be renewed, and acknowledge a write wherever a lease holds."""
        for region in (self.history.old, self.history.new):
            if self._works(region):
                self._renew(region)
                self._see_the_fence(region)
                lease = self.leases.get(region)
                if lease is not None and lease.holds_at(self.clock.monotonic()):
                    self.history.acknowledged.append(Acknowledged(self.clock.now(), region, lease.record.epoch))

    def die(self, region: str) -> None:
        """Its tasks and its database are gone, with what was on its way."""
        self.dead.add(region)
        if region == self.history.old:
            self.disconnect()

    def cut_off(self) -> None:
        """From now on nobody outside reaches the old leader, which lives."""
        self.connected = False
        self.disconnect()

    def disconnect(self) -> None:
        """Nothing more reaches the standby: the leader died, or the replica is one no longer."""
        if self.history.received_until is None:
            self.history.received_until = self.clock.now() - LAG

    @property
    def replicated(self) -> Heartbeat:
        """The newest heartbeat on the standby."""
        return next(one for one in reversed(self._beats) if one.at <= self._received())

    def get(self, url: str) -> Answer | Silence:
        """What a client outside gets from the Region's or the public address."""
        address = urlsplit(url)
        public = urlsplit(self.plan.public_url).netloc
        region = self._public() if address.netloc == public else self._owner(address.netloc)
        if region is None or region in self.dead or (region == self.history.old and not self.connected):
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

    def serves(self, region: str) -> bool:
        """What Route 53's health check finds there."""
        answer = self.get(f"{self.plan.region(region).service_url}/healthz")
        return isinstance(answer, Answer) and answer.status == 200

    def position(self, login: DatabaseLogin, _region: str) -> ReplicaPosition:
        self._reach(login)
        at = self._replayed()
        return ReplicaPosition(not self.promoted(), at, at, self.replicated)

    def confirmations(self, login: DatabaseLogin, region: str) -> Confirmations:
        self._reach(login)
        seen = [one for at, one in self._said if at <= self._received()]
        return Confirmations(tuple(seen[-1:]) if region == self.history.old else (), self._replayed())

    def in_recovery(self, login: DatabaseLogin) -> bool:
        self._reach(login)
        return not self.promoted()

    def content(self, login: DatabaseLogin, region: str) -> Content:
        """Of a database that was made of a backup."""
        self._reach(login)
        return self.content_of(region, self.restored_to())

    def content_of(self, region: str, at: datetime | None) -> Content:
        """Of what was restored to `at`; None: it is damaged."""
        if at is None:
            raise DamagedContent("DataCorrupted: invalid page in block 3 of relation base/16384/16390")
        return Content(False, TABLES, 1000, at, self._heartbeat(region, 1, at))

    def write_probe(self, login: DatabaseLogin) -> None:
        self._reach(login)
        if not self.promoted():
            raise DatabaseUnavailable("ReadOnlySqlTransaction: cannot execute INSERT in a read-only transaction")

    def _renew(self, region: str) -> None:
        granted = self._granted(region)
        if granted is None:
            return
        if region == self.history.old:
            beat = self._heartbeat(region, granted.record.epoch, self.clock.now())
            self.publish(beat)
            self._beats.append(beat)
            self._say(granted.record.epoch, None, beat.at)
            self._fence_seen = None
        self.leases[region] = granted

    def _see_the_fence(self, region: str) -> None:
        """A task that reads it stops, then says so: at the next renewal, and again at each one after."""
        record = self.record()
        if region != self.history.old or not self.connected or record is None or record.leader != region:
            return
        if record.state is State.FENCED:
            now = self.clock.monotonic()
            self._fence_seen = self._fence_seen or now + self.plan.timing.renew.total_seconds()
            if now >= self._fence_seen:
                self.leases.pop(region, None)
                self._say(record.epoch, timedelta(seconds=now - self._fence_seen), self.clock.now())

    def _say(self, epoch: int, watched: timedelta | None, at: datetime) -> None:
        self._sequence += 1
        self._said.append((at, LeaseHolder("t1", epoch, watched, Lsn(1_000_000 + self._sequence))))

    def _received(self) -> datetime:
        return self.history.received_until or self.clock.now() - LAG

    def _replayed(self) -> Lsn:
        said = next(one.lsn for at, one in reversed(self._said) if at <= self._received())
        return max(said, self.replicated.lsn)

    def _granted(self, region: str) -> Lease | None:
        record = self.record()
        if record is None or record.state is not State.OPEN:
            return None
        granted = grant(record, region, self.clock.monotonic(), self.plan.timing.lease)
        return granted if isinstance(granted, Lease) else None

    def _holds(self, region: str) -> bool:
        lease = self.leases.get(region)
        return region not in self.dead and lease is not None and lease.holds_at(self.clock.monotonic())

    def _works(self, region: str) -> bool:
        """Whether the Region's tasks live and commit: the standby's need the endpoint that they are told."""
        if region in self.dead or region == self.history.old:
            return region not in self.dead
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
        if (login.host, login.port) != self.endpoint() or self.history.new in self.dead:
            raise DatabaseUnavailable(f"OperationalError: nothing listens at {login.host}:{login.port}")

    def _heartbeat(self, region: str, epoch: int, at: datetime) -> Heartbeat:
        self._sequence += 1
        return Heartbeat(region, epoch, self._sequence, at, Lsn(1_000_000 + self._sequence))
