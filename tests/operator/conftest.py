"""The operators' API as API Gateway calls it, on an emulated AWS."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "handlers"))

from emulated_aws import Cloud, emulated
from gateway import Gateway


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    with emulated(monkeypatch) as found:
        yield found


@pytest.fixture
def gateway(cloud: Cloud) -> Gateway:
    return Gateway()
