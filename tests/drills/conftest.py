"""Drills run two at a time, each in a process of its own, and leave what they saw in one folder."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.drills.permissions_seen import SEEN


@pytest.fixture(scope="session", autouse=True)
def _one_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    base = tmp_path_factory.getbasetemp()
    # pytest-xdist gives each worker a folder below the run's own.
    SEEN.folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "drills-seen"
    SEEN.folder.mkdir(exist_ok=True)


@pytest.fixture(autouse=True)
def _said_to_be_over(request: pytest.FixtureRequest, _one_folder: None) -> Iterator[None]:
    yield
    SEEN.over(request.node.nodeid)
