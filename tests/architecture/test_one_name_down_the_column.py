"""Does each Task state have a handler, a use case, a function and a test, all under one name?"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / "statemachines" / "failover.asl.json"
WORKFLOWS = sorted((ROOT / "statemachines").glob("*.asl.json"))
SEEDED_STATES = {
    "CheckPrimaryHealth",
    "DecideAuroraOrStandard",
    "PromoteReplica",
    "UpdateSecretsAndRotateAppConfig",
    "ScaleSecondaryECS",
    "FlipRoute53",
    "PostChecks",
    "Notify",
}


def every_state(machine: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """All states by name, those inside parallel branches included."""
    found: dict[str, dict[str, Any]] = {}
    for name, state in machine["States"].items():
        found[name] = state
        for branch in state.get("Branches", []):
            found.update(every_state(branch))
    return found


def snake(name: str) -> str:
    """PromoteReplica -> promote_replica, ScaleSecondaryECS -> scale_secondary_ecs, FlipRoute53 -> flip_route53."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


STATES = every_state(json.loads(WORKFLOW.read_text()))
TASKS = sorted(
    {
        name
        for path in WORKFLOWS
        for name, state in every_state(json.loads(path.read_text())).items()
        if state["Type"] == "Task"
    }
)


def test_the_seeded_state_names_are_kept() -> None:
    assert set(STATES) >= SEEDED_STATES


@pytest.mark.parametrize("state", TASKS)
def test_a_task_state_has_one_name_down_the_column(state: str) -> None:
    name = snake(state)
    assert (ROOT / "functions" / "handlers" / f"{name}.py").is_file()
    assert (ROOT / "functions" / "failover" / "application" / f"{name}.py").is_file()
    template = (ROOT / "template.yaml").read_text()
    assert re.search(rf"^  {state}Function:$", template, re.MULTILINE)
    assert f"handlers.{name}.handler" in template
    assert list((ROOT / "tests").rglob(f"test_{name}.py")), f"no test file is named test_{name}.py"


def test_no_handler_is_without_a_function() -> None:
    template = (ROOT / "template.yaml").read_text()
    handlers = {path.stem for path in (ROOT / "functions" / "handlers").glob("[a-z]*.py")}
    assert handlers == set(re.findall(r"Handler: handlers\.(\w+)\.handler", template))


def test_handlers_are_thin() -> None:
    """At most forty lines: parse, call, dump."""
    for path in (ROOT / "functions" / "handlers").glob("[a-z]*.py"):
        assert len(path.read_text().splitlines()) <= 40, path.name
