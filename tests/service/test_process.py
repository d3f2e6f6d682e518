"""Does a task that is started as ECS starts it find its plan, lead, serve and end in good order?"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from moto.server import ThreadedMotoServer
from served_task import ELSEWHERE, HERE, WITNESS, elsewhere, eventually, plan_text

from failover.adapters import aws
from failover.adapters.s3_leader_record import leader_register, s3_clients
from failover.application.errors import RunRefused
from failover.application.ports import DatabaseLogin
from failover.domain.leader_record import genesis
from failover.domain.plan import Plan
from lab.region.ports import free_port
from webapi.service.__main__ import main
from webapi.service.cloud import Aws

ROOT = Path(__file__).parents[2]
PARAMETER = "/drlab/app/plan"
SECRET = "drlab/app/database"
WRONG_PORT = free_port()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    emulator = ThreadedMotoServer("127.0.0.1", 0)
    emulator.start()
    yield "http://{}:{}".format(*emulator.get_host_and_port())
    emulator.stop()


@pytest.fixture
def environment(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """AWS in which nothing exists yet."""
    own = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": f"LAB-{HERE}",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": HERE,
        "PLAN_PARAMETER": PARAMETER,
        "SERVICE_TASK_ID": "task-1",
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    httpx.post(f"{endpoint}/moto-api/reset", trust_env=False)
    aws.client.cache_clear()
    yield own
    aws.client.cache_clear()


def client(service: str, region: str = HERE) -> Any:
    return boto3.client(service, region_name=region, endpoint_url=os.environ["AWS_ENDPOINT_URL"])


def create_plan() -> Plan:
    client("ssm").put_parameter(Name=PARAMETER, Value=plan_text(), Type="String")
    return Plan.parse(plan_text())


def create_secret(login: DatabaseLogin) -> None:
    client("secretsmanager").create_secret(Name=SECRET, SecretString=secret_text(login))


def change_secret(login: DatabaseLogin) -> None:
    client("secretsmanager").put_secret_value(SecretId=SECRET, SecretString=secret_text(login))


def secret_text(login: DatabaseLogin) -> str:
    value = {
        "engine": "postgres",
        "host": login.host,
        "port": login.port,
        "username": login.username,
        "password": login.password,
        "dbname": login.dbname,
    }
    return json.dumps(value)


def create_leader_record(plan: Plan, leader: str) -> None:
    for region, bucket in plan.record_copies.items():
        where = {} if region == WITNESS else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        client("s3", region).create_bucket(Bucket=bucket, **where)
    clients = s3_clients(plan.record_copies, plan.timing.api_timeout)
    register = leader_register(plan.record_copies, clients, "setup", plan.timing.api_timeout)
    register.initialise(genesis(leader, datetime.now(UTC)))


def test_a_task_process_leads_serves_and_ends_on_sigterm(
    environment: dict[str, str], login: DatabaseLogin, tmp_path: Path
) -> None:
    plan = create_plan()
    create_leader_record(plan, HERE)
    port = free_port()
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "webapi.service", "--port", str(port)],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=10) as http:

                def health() -> tuple[int, str]:
                    try:
                        answer = http.get("/healthz")
                    except httpx.TransportError:
                        return 0, ""
                    return answer.status_code, answer.text

                eventually(lambda: health()[0] == 503 and SECRET in health()[1], 30)
                create_secret(elsewhere(login, port=WRONG_PORT))
                eventually(lambda: "could not be reached" in health()[1])
                change_secret(login)
                eventually(lambda: health()[0] == 200)
                answer = http.post("/writes", json={"writer": "w1", "number": 1, "body": "tea"})
                assert (answer.status_code, answer.json()["epoch"]) == (201, 1)
            body = client("s3").get_object(Bucket=plan.record_copies[ELSEWHERE], Key="heartbeat.json")["Body"].read()
            assert json.loads(body)["region"] == HERE
            process.send_signal(signal.SIGTERM)
            # The server ends itself by the same signal once it is done.
            assert process.wait(15) in (0, -signal.SIGTERM)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert {(line["region"], line["task"]) for line in lines} == {(HERE, "task-1")}
    assert "leading" in [line["message"] for line in lines]
    assert login.password not in log.read_text()
    assert str(login.port) not in log.read_text()
    assert str(WRONG_PORT) not in log.read_text()
    assert "Application shutdown complete." in [line["message"] for line in lines]


def test_a_process_without_its_environment_says_which_variable_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    assert main([]) == 2
    said = capsys.readouterr().err
    assert re.fullmatch(r"AWS_REGION is ''; allowed: [^\n]+\n", said)


def test_what_the_service_needs_of_aws_is_found_there(environment: dict[str, str], login: DatabaseLogin) -> None:
    here = Aws(HERE, "task-1")
    with pytest.raises(RunRefused, match=f"has no parameter {PARAMETER}"):
        here.plan()
    plan = create_plan()
    assert here.plan() == plan
    with pytest.raises(RunRefused, match=SECRET):
        here.login(plan)
    create_secret(login)
    assert here.login(plan) == login
    create_leader_record(plan, ELSEWHERE)
    assert here.leader_record(plan).read().leader == ELSEWHERE
    with pytest.raises(RunRefused, match="us-east-1 is not a Region of the plan that can lead"):
        Aws(WITNESS, "task-1").plan()
