"""What is made once a process of tests, and would be made anew for every test?"""

from __future__ import annotations

import gc
import os
from functools import cache
from pathlib import Path

import botocore.session
import pytest
from hypothesis import settings

from lab.operations.target import choose_account

pytest_plugins = ["tests.coverage_tracing"]

TESTS = Path(__file__).parent
# Whose tests wait for real processes and clocks more than they compute.
WAIT = {"faults", "lab", "service"}

# Nobody's account is asked, and none of the user's profiles has a say, whether or not it is there.
choose_account(None)

# The same cases each time, however busy the machine: whoever changes one thing must not be stopped by another.
# `--hypothesis-profile=default` draws others, as `make fuzz` does.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

# Each session parses the models of the services it is asked for, some of megabytes; nothing here changes one.
botocore.session.create_loader = cache(botocore.session.create_loader)

# An emulated EC2, which an emulated RDS asks for its subnets, describes a thousand images anew whenever it is put back.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Who waits comes first: beside `make test` the drills want the processors, and those who compute have them afterwards."""
    items.sort(key=lambda item: item.path.relative_to(TESTS).parts[0] not in WAIT)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: looking through it for garbage again and again takes an eighth of the processor's time."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def pytest_sessionfinish() -> None:
    """What is left goes with the process: pytest and Python would both look through it several times more."""
    gc.freeze()
