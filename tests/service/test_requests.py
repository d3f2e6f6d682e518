"""Is a request that the service cannot serve answered with problem details, and are the rows readable?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from served_task import HERE, MemoryCloud, Served, eventually, login_of

from lab.region.postgresql import PostgreSQL
from webapi.service.app import LARGEST_REQUEST_BYTES, service_api
from webapi.service.settings import Settings, SettingsError
from webapi.service.task import Task

GOOD = {"writer": "w1", "number": 1, "body": "tea"}


@pytest.fixture(scope="module")
def leader(shared_server: PostgreSQL) -> Iterator[Served]:
    """One task for all: nothing here harms it."""
    shared_server.start()
    shared_server.rows("drop table if exists writes, heartbeat, probe cascade")
    served = Served(MemoryCloud(login_of(shared_server)))
    try:
        eventually(served.is_healthy)
        yield served
    finally:
        served.stop()


@pytest.fixture(autouse=True)
def no_rows(leader: Served, shared_server: PostgreSQL) -> None:
    shared_server.rows("truncate writes")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"writer": ""}, "body.writer"),
        ({"writer": "a b"}, "body.writer"),
        ({"writer": "w" * 65}, "body.writer"),
        ({"writer": "w1\n"}, "body.writer"),
        ({"number": "1"}, "body.number"),
        ({"number": True}, "body.number"),
        ({"number": 1.5}, "body.number"),
        ({"number": -1}, "body.number"),
        ({"number": 2**63}, "body.number"),
        ({"body": None}, "body.body"),
        ({"body": "a\x00b"}, "body.body"),
        ({"body": "x" * 10_001}, "body.body"),
        ({"colour": "red"}, "body.colour"),
    ],
)
def test_a_bad_write_is_told_where_it_is_bad(leader: Served, change: dict[str, Any], where: str) -> None:
    answer = leader.http.post("/writes", json=GOOD | change)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert found["type"] == "/problems/invalid-request"
    assert found["region"] == HERE
    assert [one["where"] for one in found["errors"]] == [where]


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"", 422), (b"{", 422), (b"[]", 422), (b'{"writer":"w1","number":1,"body":"\\ud800"}', 422), (b"\xff", 400)],
)
def test_what_is_no_write_at_all_is_refused(leader: Served, content: bytes, status: int) -> None:
    answer = leader.http.post("/writes", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-region"] == HERE


@pytest.mark.parametrize("body", ["", "é 漢 🫖", "'; drop table writes; --", "x" * 10_000, '"\\\n\t'])
def test_any_text_comes_back_as_it_was(leader: Served, body: str) -> None:
    assert leader.write(1, body).status_code == 201
    assert leader.http.get("/writes/w1/1").json()["body"] == body


def test_the_largest_number_can_be_written_and_read(leader: Served) -> None:
    assert leader.write(2**63 - 1).status_code == 201
    assert leader.http.get(f"/writes/w1/{2**63 - 1}").json()["number"] == 2**63 - 1


def test_rows_are_read_in_pages_by_number(leader: Served) -> None:
    for number in (3, 1, 2, 10):
        leader.write(number)
    leader.write(1, writer="w2")
    first = leader.http.get("/writes", params={"writer": "w1", "after": 0, "limit": 3}).json()
    assert [one["number"] for one in first["items"]] == [1, 2, 3]
    assert first["next"] == 3
    second = leader.http.get("/writes", params={"writer": "w1", "after": 3, "limit": 3}).json()
    assert [one["number"] for one in second["items"]] == [10]
    assert second["next"] is None
    assert set(first["items"][0]) == {"writer", "number", "body", "region", "epoch", "accepted_at"}


@pytest.mark.parametrize(
    "path",
    [
        "/writes",
        "/writes?writer=a%20b",
        "/writes?writer=w1&limit=0",
        "/writes?writer=w1&limit=1001",
        "/writes/w1/x",
        "/writes/w1/-1",
        "/writes/w1/9223372036854775808",
        "/writes/a%00b/1",
    ],
)
def test_a_bad_reading_is_refused(leader: Served, path: str) -> None:
    answer = leader.http.get(path)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_row_that_is_not_there_is_not_found(leader: Served) -> None:
    answer = leader.http.get("/writes/w1/999")
    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/no-such-write"


def test_an_unknown_path_and_a_wrong_method_are_problems_too(leader: Served) -> None:
    assert leader.http.get("/nowhere").json()["status"] == 404
    wrong = leader.http.delete("/writes")
    assert wrong.status_code == 405
    assert wrong.headers["allow"] == "POST"
    assert wrong.headers["x-region"] == HERE


def test_a_body_that_is_too_large_or_of_unknown_length_is_not_read(leader: Served) -> None:
    large = leader.http.post("/writes", content=b"x" * (LARGEST_REQUEST_BYTES + 1))
    assert large.status_code == 413
    assert large.json()["type"] == "/problems/too-large"
    chunked = leader.http.post("/writes", content=iter([b"{}"]))
    assert chunked.status_code == 413


def test_a_failure_that_nobody_expected_is_a_problem_without_its_text(
    leader: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise KeyError("s3cret")

    monkeypatch.setattr(leader.task.connected(), "insert", broken)
    answer = leader.write(1)
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "s3cret" not in answer.text


def test_the_interface_is_described_with_its_problems_and_examples() -> None:
    described = service_api(Task(Settings(HERE, "/p", "t"), MemoryCloud(None))).openapi()
    paths = {"/livez", "/healthz", "/dbcheck", "/database", "/writes", "/writes/{writer}/{number}"}
    assert set(described["paths"]) == paths
    post = described["paths"]["/writes"]["post"]["responses"]
    assert set(post) == {"201", "400", "409", "413", "422", "503"}
    examples = post["503"]["content"]["application/problem+json"]["examples"]
    assert set(examples) == {"not-leader", "database-unavailable", "outcome-unknown"}
    assert described["components"]["schemas"]["NewWrite"]["examples"]
    assert "HTTPValidationError" not in str(post)


def test_the_environment_is_read() -> None:
    settings = Settings.read({"AWS_REGION": HERE, "PLAN_PARAMETER": "/drlab/app/plan", "SERVICE_TASK_ID": "task-1"})
    assert settings == Settings(HERE, "/drlab/app/plan", "task-1")
    assert Settings.read({"AWS_REGION": HERE, "PLAN_PARAMETER": "/p"}).task_id


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"AWS_REGION": ""}, "AWS_REGION"),
        ({"AWS_REGION": "mars"}, "AWS_REGION"),
        ({"PLAN_PARAMETER": ""}, "PLAN_PARAMETER"),
        ({"SERVICE_TASK_ID": "a b"}, "SERVICE_TASK_ID"),
    ],
)
def test_an_environment_that_cannot_be_used_is_told_in_one_sentence(change: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        Settings.read({"AWS_REGION": HERE, "PLAN_PARAMETER": "/drlab/app/plan"} | change)
