"""Does a DB instance of the API get a server by its kind, keep it under every name, and take it along when it goes?"""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from lab.cloud.control_client import CloudControl
from lab.data_plane import database_instance
from lab.database_servers import DatabaseServers
from lab.region.postgresql_replication import Replica
from lab.region.postgresql_session import PostgreSQLError

HERE, THERE = "ap-southeast-2", "us-west-2"
WITHIN_SECONDS = 20.0


class Server:
    """Stands for a PostgreSQL server that starts at once."""

    def __init__(self, port: int, broken: bool = False) -> None:
        self.address = ("127.0.0.1", port)
        self.promoted = self.broken = False
        self.broken = broken
        self.discarded, self.left = threading.Event(), threading.Event()
        self.region = HERE

    def promote(self) -> None:
        if self.broken:
            raise PostgreSQLError("the server does not come out of recovery")
        self.promoted = True

    def leave(self, primary: Any) -> None:
        self.left.set()

    def discard(self) -> None:
        self.discarded.set()


class Primary(Server):
    """One that a standby follows, or none."""

    def __init__(self, port: int, followed: bool) -> None:
        super().__init__(port)
        self.region, self.stopped = HERE, False
        self._followed = followed

    def replicas(self) -> list[Replica]:
        return [Replica("standby", "streaming", False, 0, None)] if self._followed else []

    def stop(self) -> None:
        self.stopped = True

    def start(self) -> None:
        self.stopped = False


class Reports(CloudControl):
    """The emulated AWS, as far as it is told of servers."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1")
        self.told: list[tuple[str, str, str, str, Any]] = []
        self.heard = threading.Event()

    def report_database(
        self, region: str, instance: str, event: str, reason: str = "", address: tuple[str, int] | None = None
    ) -> None:
        self.told.append((region, instance, event, reason, address))
        self.heard.set()

    def next(self) -> tuple[str, str, str, str, Any]:
        assert self.heard.wait(WITHIN_SECONDS)
        self.heard.clear()
        return self.told[-1]


@pytest.fixture
def servers() -> DatabaseServers:
    nothing: Any = None
    return DatabaseServers(nothing, nothing, nothing)


def entry(region: str, instance: str, **fields: Any) -> dict[str, Any]:
    return {"region": region, "instance": instance, "status": "available", "promotion_requested": False, **fields}


def running(region: str, instance: str, server: Server, **fields: Any) -> dict[str, Any]:
    return entry(region, instance, host=server.address[0], port=server.address[1], **fields)


def adopt(servers: DatabaseServers, region: str, instance: str, server: Any) -> Server:
    adopted: Any = servers.adopt(region, instance, server)
    made: Server = adopted
    return made


def test_a_new_instance_gets_a_server_of_its_kind_once(servers: DatabaseServers) -> None:
    cloud, made, asked = Reports(), Server(4001), []
    maker: Any = lambda one: asked.append(one["instance"]) or made  # noqa: E731
    servers._makers["replica"] = maker
    wanted = entry(HERE, "app-rebuilt", status="creating", made_from={"kind": "replica", "source": "app"})
    servers.follow(cloud, [wanted])
    assert cloud.next() == (HERE, "app-rebuilt", "created", "", made.address)
    servers.follow(cloud, [running(HERE, "app-rebuilt", made)])
    assert servers.of(HERE, "app-rebuilt") is made
    assert asked == ["app-rebuilt"]


@pytest.mark.parametrize("kind", ["new", "replica"])
def test_a_server_that_cannot_be_made_is_reported_with_the_reason(servers: DatabaseServers, kind: str) -> None:
    """A replica of an instance without a server, and an empty one, of which the lab has no use."""
    cloud = Reports()
    made_from = {"kind": kind, "source": f"arn:aws:rds:{THERE}:123456789012:db:gone"}
    servers.follow(cloud, [entry(HERE, "app", status="creating", made_from=made_from)])
    region, instance, event, reason, _ = cloud.next()
    assert (region, instance, event) == (HERE, "app", "creation-failed")
    assert reason


def test_a_renamed_instance_keeps_its_server_and_the_name_finds_the_next_one(servers: DatabaseServers) -> None:
    """What was the Region's database is another instance now: whoever asks for the Region gets the one of the plan."""
    cloud, old, new = Reports(), Server(4001), Server(4002)
    name = database_instance(HERE)
    adopt(servers, HERE, name, old)
    adopt(servers, HERE, "rebuilt", new)
    servers.follow(cloud, [running(HERE, f"{name}-diverged-4", old), running(HERE, name, new)])
    assert servers[HERE] is new
    assert servers.of(HERE, f"{name}-diverged-4") is old
    assert list(servers) == [HERE]
    assert not old.discarded.is_set()


def test_a_deleted_instance_takes_its_server_along(servers: DatabaseServers) -> None:
    cloud, kept, gone = Reports(), Server(4001), Server(4002)
    adopt(servers, HERE, database_instance(HERE), kept)
    adopt(servers, HERE, "rehearsal", gone)
    servers.follow(cloud, [running(HERE, database_instance(HERE), kept)])
    assert gone.discarded.wait(WITHIN_SECONDS)
    assert not kept.discarded.is_set()
    with pytest.raises(KeyError):
        servers.of(HERE, "rehearsal")


@pytest.mark.parametrize("broken", [False, True])
def test_a_promotion_is_reported_as_it_went(servers: DatabaseServers, broken: bool) -> None:
    cloud, server = Reports(), Server(4001, broken)
    adopt(servers, THERE, "app", server)
    servers.follow(cloud, [running(THERE, "app", server, promotion_requested=True)])
    _, _, event, reason, _ = cloud.next()
    assert server.promoted is not broken
    failed = ("promotion-failed", "the server does not come out of recovery")
    assert (event, reason) == (failed if broken else ("promoted", ""))


@pytest.mark.parametrize(("lost", "leaves"), [(set(), True), ({HERE}, False)])
def test_a_promoted_replica_leaves_its_source_where_that_can_be_reached(lost: set[str], leaves: bool) -> None:
    """Its slot would keep the source's log for nobody. RDS cannot tell a Region that is lost, either."""
    nothing: Any = None
    links: Any = SimpleNamespace(lost=lost)
    servers = DatabaseServers(nothing, links, nothing)
    cloud, source, replica = Reports(), Server(4001), Server(4002)
    adopt(servers, THERE, "app", replica)
    servers.streams_from(source, replica)  # type: ignore[arg-type]
    servers.follow(cloud, [running(THERE, "app", replica, promotion_requested=True)])
    cloud.next()
    assert replica.left.wait(WITHIN_SECONDS if leaves else 0.2) is leaves


def test_an_instance_that_is_told_another_address_of_this_machine_keeps_its_server(servers: DatabaseServers) -> None:
    """Containers reach the lab by their bridge's address, and `sam local invoke` has it published."""
    server = Server(5001)
    adopt(servers, HERE, "app", server)
    servers.follow(Reports(), [entry(HERE, "app", host="172.30.213.1", port=5001)])
    assert servers.of(HERE, "app") is server
    assert not server.discarded.wait(0.2)


@pytest.mark.parametrize("follows", [True, False])
def test_a_server_that_is_to_hold_everything_is_promoted_once_its_primary_has_ended_in_good_order(
    servers: DatabaseServers, follows: bool
) -> None:
    """A clean end sends all that was committed to a standby that is connected, and to no other."""
    cloud, primary, standby = Reports(), Primary(4001, follows), Server(4002)
    adopt(servers, HERE, "app", primary)
    adopt(servers, THERE, "app", standby)
    source = f"arn:aws:rds:{HERE}:123456789012:cluster:app"
    asked = running(THERE, "app", standby, promotion_requested=True, holding_all_of=source)
    servers.follow(cloud, [running(HERE, "app", primary), asked])
    _, _, event, reason, _ = cloud.next()
    assert (primary.stopped, standby.promoted) == (follows, follows)
    assert (event, "nothing holds all of it" in reason) == ("promoted" if follows else "promotion-failed", not follows)


def test_a_primary_that_ended_for_a_server_which_cannot_follow_it_goes_on(servers: DatabaseServers) -> None:
    cloud, primary, standby = Reports(), Primary(4001, followed=True), Server(4002, broken=True)
    adopt(servers, HERE, "app", primary)
    adopt(servers, THERE, "app", standby)
    source = f"arn:aws:rds:{HERE}:123456789012:cluster:app"
    asked = running(THERE, "app", standby, promotion_requested=True, holding_all_of=source)
    servers.follow(cloud, [running(HERE, "app", primary), asked])
    assert cloud.next()[2] == "promotion-failed"
    assert not primary.stopped
