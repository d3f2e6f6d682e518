"""What every test of a handler starts from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from emulated_aws import Cloud, Context, emulated

PAYLOADS = Path(__file__).parent / "payloads"


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    with emulated(monkeypatch) as found:
        yield found


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
