"""A real PostgreSQL server, and tasks of the service on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from served_task import HERE, LONG_LEASE, MemoryCloud, Served, eventually, login_of

from failover.application.ports import DatabaseLogin
from lab.host.processes import Processes
from lab.region.postgresql import PostgreSQL


@pytest.fixture(scope="session")
def processes() -> Iterator[Processes]:
    with Processes() as started:
        yield started


@pytest.fixture(scope="session")
def shared_server(processes: Processes) -> PostgreSQL:
    server = PostgreSQL(HERE, processes)
    server.init_primary()
    return server


@pytest.fixture
def server(shared_server: PostgreSQL) -> Iterator[PostgreSQL]:
    """A server without the service's tables, running and thawed again after the test whatever was done to it."""
    shared_server.thaw()
    shared_server.start()
    shared_server.rows("drop table if exists writes, heartbeat, lease_holder, probe cascade")
    yield shared_server
    shared_server.thaw()


@pytest.fixture
def login(server: PostgreSQL) -> DatabaseLogin:
    return login_of(server)


@pytest.fixture
def cloud(login: DatabaseLogin) -> MemoryCloud:
    return MemoryCloud(login)


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Start tasks that end with the test."""
    served: list[Served] = []

    def start(cloud: MemoryCloud, region: str = HERE) -> Served:
        served.append(Served(cloud, region))
        return served[-1]

    yield start
    for one in served:
        one.stop()


@pytest.fixture
def steady(serve: Callable[..., Served], login: DatabaseLogin) -> Served:
    """A task that leads and is healthy, and whose lease lasts longer than the test."""
    found = serve(MemoryCloud(login, lease_seconds=LONG_LEASE))
    eventually(found.is_healthy)
    return found


@pytest.fixture
def leader(serve: Callable[..., Served], cloud: MemoryCloud) -> Served:
    """A task that leads and is healthy."""
    found = serve(cloud)
    eventually(found.is_healthy)
    return found
