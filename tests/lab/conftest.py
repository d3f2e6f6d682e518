"""One emulated AWS for all tests of this folder, as the process that the lab starts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.lab.emulated_cloud import EmulatedCloud

TIME_SCALE = 60.0


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedCloud]:
    """One AWS minute is one second in it."""
    home = tmp_path_factory.mktemp("cloud")
    with (home / "cloud.log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "lab.cloud", "--port", "0", "--time-scale", str(TIME_SCALE)),
                *("--mailbox", str(home / "mailbox"), "--state-dir", str(home / "state"), "--die-with-stdin"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("ready "), (home / "cloud.log").read_text()
        yield EmulatedCloud(int(line.split()[1]), home / "mailbox")
    finally:
        process.stdin.close()
        process.wait(15)
