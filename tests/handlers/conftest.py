"""What every test of a handler starts from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from emulated_aws import STANDBY, Cloud, Context, deploy
from moto import mock_aws

from failover.adapters import aws

PAYLOADS = Path(__file__).parent / "payloads"


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
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
        session = boto3.session.Session()
        monkeypatch.setattr(aws, "_SESSION", session)
        aws.client.cache_clear()
        cloud = Cloud(session)
        deploy(cloud)
        monkeypatch.setenv("STATE_MACHINE_ARN", cloud.state_machine_arn)
        yield cloud
        aws.client.cache_clear()


@pytest.fixture
def context() -> Context:
    return Context()


@pytest.fixture
def payload() -> Callable[..., dict[str, Any]]:
    """A recorded payload by name; `fresh` moves its state change to ten seconds ago."""

    def load(name: str, fresh: bool = False) -> dict[str, Any]:
        event: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
        if fresh:
            at = datetime.now(UTC) - timedelta(seconds=10)
            _change(event, at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000")
        return event

    def _change(event: dict[str, Any], instant: str) -> None:
        if "Records" not in event:
            event["detail"]["state"]["timestamp"] = instant
            return
        sns = event["Records"][0]["Sns"]
        sns["Message"] = json.dumps({**json.loads(sns["Message"]), "StateChangeTime": instant})

    return load
