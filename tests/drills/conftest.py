"""Drills run side by side, each in a process of its own, and leave what they saw in one folder.

Every lab that one of them brings up is asked, before it is gone, whether it told one of its secrets.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from failover.adapters import aws
from lab.laboratory import Laboratory
from tests.drills.permissions_seen import SEEN
from tests.drills.secrets_told import told


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


@pytest.fixture(autouse=True)
def _nobody_signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a lab of its own, and clients are kept for the life of a process."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "")
    aws.client.cache_clear()


@pytest.fixture(autouse=True)
def _no_secret_is_told(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fails the drill whose lab has a secret in a log, an event, a report, a message or a stored object."""
    found: list[str] = []
    leave = Laboratory.__exit__

    def look_and_leave(lab: Laboratory, *error: object) -> None:
        try:
            if error[0] is None:
                found.extend(told(lab))
        finally:
            leave(lab, *error)  # type: ignore[arg-type]

    monkeypatch.setattr(Laboratory, "__exit__", look_and_leave)
    yield
    assert not found, "\n".join(found)
