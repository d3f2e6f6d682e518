"""An emulated AWS with a plan and a leader record, in which each call of the code under test is counted."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws
from moto.core import routing
from moto.core.base_backend import BaseBackend
from moto.s3.models import S3Backend

# Powertools takes these when a handler's module is loaded.
os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "drlab-app")
os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "drlab")
sys.path.append(str(Path(__file__).parents[1] / "unit" / "control_plane"))

from control_plane_world import ACCOUNT, PRIMARY, STANDBY, WITNESS, plan_dict

from failover.adapters import aws
from failover.adapters.s3_leader_record import leader_register
from failover.domain.leader_record import genesis
from failover.wiring import journal
from lab.cloud.cloudwatch import alarm_mute_rules
from lab.cloud.step_functions.interpreter import show_the_end_whole

REGIONS = (PRIMARY, STANDBY, WITNESS)

# moto makes a service's routes at its first call, and CPython 3.11 may fail where two threads parse at once ("AST constructor
# recursion depth mismatch").
_ONE_AT_A_TIME, _made = threading.Lock(), routing._create_map


def _create_map(rules: Any) -> Any:
    with _ONE_AT_A_TIME:
        return _made(rules)


routing._create_map = _create_map
# At every call moto loads the module of S3's addresses anew, in case an environment variable has changed them.
S3Backend._url_module = BaseBackend._url_module  # type: ignore[method-assign]


class Context:
    """Lambda's context object: https://docs.aws.amazon.com/lambda/latest/dg/python-context.html"""

    function_name = "drlab-app-receive-alarm"
    memory_limit_in_mb = 512
    invoked_function_arn = f"arn:aws:lambda:{STANDBY}:{ACCOUNT}:function:drlab-app-receive-alarm"
    aws_request_id = "52fdfc07-2182-454f-963f-5f0f9a621d72"


class CountedSession:
    """The session of the code under test. Its clients outlive a test: moto keeps what a call does, a client nothing."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._session = boto3.session.Session()
        self._session.events.register("before-call", self._count)
        self._made: dict[str, Any] = {}

    def _count(self, model: Any, **_: Any) -> None:
        self.calls.append(f"{model.service_model.service_name}.{model.name}")

    def client(self, service: str, config: Config, **where: Any) -> Any:
        key = repr((service, where, vars(config)))
        if key not in self._made:
            self._made[key] = self._session.client(service, config=config, **where)
        return self._made[key]


_SESSION = CountedSession()
_client = cache(boto3.client)


class Cloud:
    """The emulated AWS. `calls` are those that the code under test made, as service.Operation."""

    def __init__(self) -> None:
        self.calls = _SESSION.calls = []
        self.state_machine_arn = ""

    def client(self, service: str, region: str = STANDBY) -> Any:
        """A client whose calls are not counted."""
        return _client(service, region_name=region)

    def publish_plan(self, change: Callable[[dict[str, Any]], object] = lambda _: None) -> None:
        described = plan_dict()
        described["timing"].update(
            second_look_seconds=0.2,
            second_look_samples=2,
            poll_seconds=0.05,
            step_budget_seconds=1.5,
            # A call to the emulator takes milliseconds, but on a busy machine somebody else may have the processor.
            api_timeout_seconds=1.2,
        )
        change(described)
        self.client("ssm").put_parameter(
            Name="/drlab/app/plan", Value=json.dumps(described), Type="String", Overwrite=True
        )

    def add_workflow(self, name: str, region: str) -> str:
        """One whose runs wait: its ARN."""
        role = self.client("iam").get_role(RoleName="states")["Role"]["Arn"]
        definition = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}}
        made: str = self.client("stepfunctions", region).create_state_machine(
            name=f"drlab-app-{name}", definition=json.dumps(definition), roleArn=role
        )["stateMachineArn"]
        return made

    def executions(self) -> list[str]:
        answer = self.client("stepfunctions").list_executions(stateMachineArn=self.state_machine_arn)
        return [one["name"] for one in answer["executions"]]


@contextmanager
def emulated(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """An emulated AWS for the code under test, which is in the standby's Region."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": STANDBY,
        "AWS_DEFAULT_REGION": STANDBY,
        "PLAN_PARAMETER": "/drlab/app/plan",
        "AWS_ENDPOINT_URL": "",
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        alarm_mute_rules.install()
        show_the_end_whole()
        monkeypatch.setattr(aws, "_SESSION", _SESSION)
        aws.client.cache_clear()
        journal._journal.cache_clear()
        cloud = Cloud()
        deploy(cloud)
        monkeypatch.setenv("STATE_MACHINE_ARN", cloud.state_machine_arn)
        yield cloud
        aws.client.cache_clear()


def deploy(cloud: Cloud) -> None:
    cloud.publish_plan()
    copies = plan_dict()["record_copies"]
    clients = {region: cloud.client("s3", "us-east-1") for region in REGIONS}
    for region in REGIONS:
        clients[region].create_bucket(Bucket=copies[region], ObjectLockEnabledForBucket=True)
    register = leader_register(copies, clients, "test", timedelta(seconds=2))
    register.initialise(genesis(PRIMARY, datetime.now(UTC) - timedelta(days=1)))
    cloud.client("iam").create_role(RoleName="states", AssumeRolePolicyDocument="{}")
    cloud.state_machine_arn = cloud.add_workflow("failover", STANDBY)
