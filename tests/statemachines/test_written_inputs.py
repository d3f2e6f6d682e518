"""Is every input that is written down in this repository one that its workflow takes?"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from failover.domain.run import Run
from failover.domain.run_input import require_failover, require_rebuild, require_rehearsal
from lab.documentation.workflow import ROOT
from tests.templates.expanded import CONTROL_PLANE, source

EVENTS = ROOT / "controlplane_sam" / "events"


def take(require: Callable[[Run], None], run_input: Any) -> None:
    """As the first state does; what it raises fails the test."""
    require(Run.parse({"run": "by-hand-1", "started_at": "2026-11-23T03:00:00Z", "state": run_input}))


def test_what_the_schedule_writes_is_taken() -> None:
    inputs = re.findall(r"'Input': '(\{\"rehearsal\".+?\})'[,}]", repr(source(CONTROL_PLANE)["Resources"]))
    assert len(inputs) == 1
    take(require_rehearsal, json.loads(inputs[0]))


@pytest.mark.parametrize(
    ("require", "state"),
    [
        (require_failover, "CheckPrimaryHealth"),
        (require_rebuild, "CheckRebuild"),
        (require_rehearsal, "CheckRehearsal"),
    ],
)
def test_the_event_of_a_single_step_is_taken(require: Callable[[Run], None], state: str) -> None:
    take(require, json.loads((EVENTS / f"{state}.json").read_text())["state"])


def test_every_input_that_the_documentation_shows_is_taken() -> None:
    shown = re.findall(r"^\| `(\{.+?\})` \|", (ROOT / "docs" / "single-steps.md").read_text(), re.MULTILINE)
    assert len(shown) == 3
    for one in shown:
        take(require_failover, {**json.loads(one), "expected_epoch": 3})
