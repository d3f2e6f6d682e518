"""Does the service follow its database without a restart: a new password, a new address, a promoted replica?"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from served_task import ELSEWHERE, HERE, MemoryCloud, Served, elsewhere, eventually, login_of

from failover.application.errors import DatabaseUnavailable, RunRefused
from failover.application.ports import DatabaseLogin
from lab.host.processes import Processes
from lab.region.ports import free_port
from lab.region.postgresql import PostgreSQL
from webapi.service.cloud import login_from
from webapi.service.sessions import connect

SECRET = {"engine": "postgres", "host": "db", "port": 5432, "username": "app", "password": "s3cret", "dbname": "app"}


def end_sessions(server: PostgreSQL) -> None:
    server.rows("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app'")


def test_a_rotated_password_is_taken_up_without_a_restart(
    leader: Served, cloud: MemoryCloud, server: PostgreSQL, login: DatabaseLogin
) -> None:
    server.rows("alter role app password 'rotated'")
    try:
        end_sessions(server)
        eventually(leader.says("refused the login"))
        assert leader.write(1).json()["type"] == "/problems/database-unavailable"
        cloud.secret = elsewhere(login, password="rotated")
        eventually(leader.is_healthy)
        assert leader.write(1).status_code == 201
    finally:
        server.rows(f"alter role app password '{login.password}'")


def test_a_new_address_in_the_secret_is_taken_up_without_a_restart(
    serve: Callable[..., Served], login: DatabaseLogin
) -> None:
    cloud = MemoryCloud(elsewhere(login, port=free_port()))
    served = serve(cloud)
    eventually(served.says("could not be reached"))
    assert served.problem("/dbcheck")["type"] == "/problems/database-unavailable"
    cloud.secret = login
    eventually(served.is_healthy)
    assert served.write(1).status_code == 201
    assert served.http.get("/dbcheck").status_code == 200


def test_a_secret_that_is_missing_at_the_start_is_waited_for(
    serve: Callable[..., Served], login: DatabaseLogin
) -> None:
    cloud = MemoryCloud(None)
    served = serve(cloud)
    eventually(served.says("Reading secret drlab/app/database"))
    assert served.http.get("/livez").status_code == 200
    assert "Reading secret" in served.problem("/dbcheck")["detail"]
    cloud.secret = login
    eventually(served.is_healthy)


@pytest.mark.parametrize(
    "wrong", [{"host": "db..example"}, {"host": f"{'x' * 64}.example"}, {"host": "127.0.0.1", "password": "\ud800"}]
)
def test_a_secret_that_no_driver_can_use_is_told_like_a_database_that_is_away(wrong: dict[str, str]) -> None:
    """Raised as anything else it would end what looks after the lease, and each task that is started in its place."""
    with pytest.raises(DatabaseUnavailable, match="The database's secret names a host, or holds a password, that"):
        asyncio.run(connect(login_from("name", SECRET | wrong), "task", timedelta(seconds=1)))


def test_a_secret_is_not_read_more_than_once_a_second_while_the_database_fails(
    leader: Served, cloud: MemoryCloud, server: PostgreSQL
) -> None:
    """A dead database must not become a bill, or a throttled API."""
    server.kill()
    before = cloud.secret_readings
    for number in range(100):
        leader.write(number)
    assert cloud.secret_readings - before <= 4


def test_a_superuser_is_refused(serve: Callable[..., Served], server: PostgreSQL, login: DatabaseLogin) -> None:
    """Nothing that fences a role, such as NOLOGIN or a read-only default, binds a superuser."""
    cloud = MemoryCloud(elsewhere(login, username="postgres", password=server.credentials.superuser))
    served = serve(cloud)
    eventually(served.says("is a superuser"))
    assert served.write(1).status_code == 503
    assert "superuser" in served.problem("/dbcheck")["detail"]


def test_a_promoted_replica_serves_once_its_region_leads(
    serve: Callable[..., Served], server: PostgreSQL, processes: Processes, leader: Served, cloud: MemoryCloud
) -> None:
    """Before that it refuses writes and checks; after promotion it passes the check, though it does not lead yet."""
    assert leader.write(1, "before").status_code == 201
    replica = PostgreSQL(ELSEWHERE, processes)
    replica.create_standby_of(server, server.address)
    own_cloud = MemoryCloud(login_of(replica))
    standby = serve(own_cloud, ELSEWHERE)
    eventually(standby.says("ap-southeast-2 is the leader"))
    assert "read-only" in standby.problem("/dbcheck")["detail"]
    assert standby.http.get("/writes/w1/1").json()["body"] == "before"
    follows, leads = standby.http.get("/database").json(), leader.http.get("/database").json()
    assert (follows["in_recovery"], follows["streaming"]) == (True, True)
    assert (leads["in_recovery"], leads["streaming"]) == (False, False)
    assert follows["schema"] == leads["schema"]
    assert HERE in follows["heartbeats"]
    server.kill()
    replica.promote(timedelta(seconds=10))
    eventually(lambda: standby.http.get("/dbcheck").status_code == 200)
    assert not standby.is_healthy()
    own_cloud.hand_over_to(ELSEWHERE)
    eventually(standby.is_healthy)
    assert standby.write(2).json() == {"writer": "w1", "number": 2, "region": ELSEWHERE, "epoch": 3}
    replica.kill()


def test_neither_answers_nor_logs_give_the_login_away(
    leader: Served, cloud: MemoryCloud, server: PostgreSQL, login: DatabaseLogin, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    cloud.secret = elsewhere(login, password="wrong-and-secret")
    server.kill()
    answers = [leader.write(1).text, leader.http.get("/dbcheck").text]
    eventually(lambda: not leader.is_healthy())
    answers.append(leader.http.get("/healthz").text)
    own = [record for record in caplog.records if record.name.startswith("webapi")]
    assert own
    told = " ".join([*answers, *(f"{record.getMessage()} {vars(record)}" for record in own)])
    for secret in (login.password, "wrong-and-secret", str(login.port), login.host):
        assert secret not in told


def test_the_login_is_read_from_the_secret() -> None:
    assert login_from("s", SECRET) == DatabaseLogin("db", 5432, "app", "app", "s3cret")
    assert login_from("s", SECRET | {"port": "5433"}).port == 5433


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"host": ""}, "host"),
        ({"username": None}, "username"),
        ({"password": 7}, "password"),
        ({"dbname": []}, "dbname"),
        ({"port": "70000"}, "port"),
        ({"port": None}, "port"),
        ({"port": "5_432"}, "port"),
        ({"port": -1}, "port"),
    ],
)
def test_a_secret_that_does_not_fit_is_told_by_its_key_alone(change: dict[str, object], named: str) -> None:
    with pytest.raises(RunRefused, match=named) as refused:
        login_from("drlab/app/database", SECRET | change)
    assert "s3cret" not in str(refused.value)
