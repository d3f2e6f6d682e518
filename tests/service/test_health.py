"""What is each of those who look after the service told?"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from served_task import ELSEWHERE, HERE, MemoryCloud, Served, answered_within, eventually, plan_text

from failover.application.errors import RunRefused
from failover.application.ports import DatabaseLogin
from lab.region.postgresql import PostgreSQL


def test_the_leader_says_that_it_leads_and_its_database_takes_writes(leader: Served) -> None:
    answer = leader.http.get("/healthz")
    assert answer.json() == {"region": HERE, "epoch": 1, "leader": True, "database": "writable"}
    assert answer.headers["x-region"] == HERE
    assert leader.http.get("/livez").json() == {"status": "alive", "region": HERE}


def test_a_missing_plan_is_told_and_waited_for(serve: Callable[..., Served], login: DatabaseLogin) -> None:
    """A task that ended because AWS hiccups would be started again and again, and tell nobody why."""
    cloud = MemoryCloud(login)
    cloud.plan_text = None
    served = serve(cloud)
    eventually(served.says("There is no plan"))
    assert served.http.get("/livez").status_code == 200
    assert "There is no plan" in served.problem("/dbcheck")["detail"]
    assert served.write(1).json()["type"] == "/problems/not-leader"
    assert served.problem("/writes/w1/1")["type"] == "/problems/database-unavailable"
    cloud.plan_text = plan_text()
    eventually(served.is_healthy)


def test_the_database_check_commits_a_row_and_reads_it_back(leader: Served, server: PostgreSQL) -> None:
    answer = leader.http.get("/dbcheck")
    assert answer.status_code == 200
    found = answer.json()
    assert (found["region"], found["read_back"], found["in_recovery"]) == (HERE, True, False)
    assert 0 < found["elapsed_ms"] < 2000
    assert server.rows("select region from probe where id = $1", (found["written"],)) == [(HERE,)]


def test_the_database_check_answers_whoever_leads(
    serve: Callable[..., Served], leader: Served, login: DatabaseLogin
) -> None:
    """A promoted database is verified before its Region is opened."""
    follower = serve(MemoryCloud(login, leader=ELSEWHERE))
    eventually(lambda: follower.http.get("/dbcheck").status_code == 200)
    assert not follower.is_healthy()


def test_another_table_or_index_is_another_schema(leader: Served, server: PostgreSQL) -> None:
    """Readiness compares the Regions by it; rows do not count."""

    def schema() -> str:
        return str(leader.http.get("/database").json()["schema"])

    first = schema()
    server.rows("insert into probe (region, at) values ('here', now())")
    assert schema() == first
    server.rows("alter table probe add column note text")
    second = schema()
    server.rows("create index probe_note on probe (note)")
    assert len({first, second, schema()}) == 3


def test_the_database_check_forgets_old_rows(leader: Served, server: PostgreSQL) -> None:
    server.rows("insert into probe (region, at) values ('old', now() - interval '2 hours')")
    assert leader.http.get("/dbcheck").status_code == 200
    assert server.rows("select 1 from probe where region = 'old'") == []


def test_the_database_check_of_a_read_only_database_fails(leader: Served, server: PostgreSQL) -> None:
    server.rows("alter role app set default_transaction_read_only = on")
    try:
        answer = leader.problem("/dbcheck")
    finally:
        server.rows("alter role app reset default_transaction_read_only")
    assert answer["type"] == "/problems/database-unavailable"
    assert "read-only" in answer["detail"]


def test_the_database_check_of_a_frozen_database_answers_before_whoever_asks_gives_up(
    leader: Served, server: PostgreSQL
) -> None:
    server.freeze()
    answer = answered_within(2, lambda: leader.problem("/dbcheck"))
    assert answer["type"] == "/problems/database-unavailable"


def test_a_task_whose_lease_keeper_ended_asks_to_be_replaced(leader: Served) -> None:
    """It never ends by itself, so an end is a defect, and no lease will be renewed again."""
    leader.end_its_work()
    eventually(lambda: leader.http.get("/livez").status_code == 503)
    assert leader.problem("/livez")["type"] == "/problems/not-alive"
    eventually(lambda: not leader.is_healthy())


def test_a_defect_ends_the_task_audibly(serve: Callable[..., Served], login: DatabaseLogin) -> None:
    cloud = MemoryCloud(login)
    cloud.plan_text = "{"
    served = serve(cloud)
    eventually(lambda: served.http.get("/livez").status_code == 503)
    assert served.http.get("/healthz").status_code == 503


def test_whoever_asks_hears_what_is_wrong_and_neither_account_nor_arn(
    serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The balancer answers the internet, and AWS's refusals name the role, the secret and the account."""
    role = "arn:aws:sts::123456789012:assumed-role/drlab-app-task/0f3a"
    told = f"Reading secret s: AWS refused with AccessDenied: User: {role} may not read drlab-123456789012-us-west-2."

    def refused(*_: object) -> None:
        raise RunRefused(told)

    cloud = MemoryCloud(None)
    monkeypatch.setattr(cloud, "login", refused)
    served = serve(cloud)
    public = "Reading secret s: AWS refused with AccessDenied: User: ... may not read drlab-...-us-west-2."
    eventually(served.says(public))
    assert served.problem("/dbcheck")["detail"] == served.problem("/database")["detail"] == public
    assert served.write(1).json()["detail"] == public
    assert told in [vars(record).get("reason") for record in caplog.records], "the log has all of it"
