"""A lab in which nobody but the test starts a run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.laboratory import Laboratory
from lab.settings import PRIMARY_REGION, SECONDARY_REGION, LabSettings

sys.path.append(str(Path(__file__).parent))
RULES = ("drlab-app-alarm-changes", "drlab-app-probe-leader")


@pytest.fixture(scope="module")
def lab() -> Iterator[Laboratory]:
    """A fenced leader is unhealthy, which would start a run of its own: the rules that would are disabled."""
    with Laboratory(LabSettings(), lambda _: None) as running:
        for region in (PRIMARY_REGION, SECONDARY_REGION):
            events = running.client("events", region)
            for rule in RULES:
                events.disable_rule(Name=rule)
        yield running
