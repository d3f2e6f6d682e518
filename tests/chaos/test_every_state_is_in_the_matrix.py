"""Is there a state of any workflow that the crash matrix leaves alone?"""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos import matrix
from chaos.case import Case
from chaos.faults import Kind, OfEvent, OfExecution, OfFunction
from lab.documentation.workflow import load, states

FILES = sorted((Path(__file__).parents[2] / "statemachines").glob("*.asl.json"))
# Between entering and leaving one of these nothing is called: the interpreter goes on in the same step, and there is no moment
# at which anything could fail. What they decide is in the cases of the states before and after them.
WITHOUT_A_CALL = frozenset({"Choice", "Parallel", "Pass", "Succeed", "Fail"})
CASES = matrix.all_cases(matrix.kept())


def of_the_workflow(file: Path) -> list[Case]:
    return [case for case in CASES if matrix.workflow_of(case.situation).path == file]


def named(kind: str) -> list[tuple[Path, str]]:
    return [(file, one.name) for file in FILES for one in states(load(file)) if one.state["Type"] == kind]


def test_every_kind_of_state_is_known() -> None:
    found = {one.state["Type"] for file in FILES for one in states(load(file))}
    assert found <= {*WITHOUT_A_CALL, "Task", "Wait"}


@pytest.mark.parametrize(("file", "state"), named("Task"), ids=lambda one: one if isinstance(one, str) else one.stem)
def test_every_task_dies_in_a_call_and_as_a_function_and_with_its_run(file: Path, state: str) -> None:
    """And is entered while something else arrives."""
    kinds = {
        type(case.faults[0].kind) for case in of_the_workflow(file) if case.faults and case.faults[0].state == state
    }
    assert kinds >= {Kind, OfFunction, OfExecution, OfEvent}


@pytest.mark.parametrize(("file", "state"), named("Wait"), ids=lambda one: one if isinstance(one, str) else one.stem)
def test_every_wait_is_aborted_and_disturbed(file: Path, state: str) -> None:
    kinds = {
        type(case.faults[0].kind) for case in of_the_workflow(file) if case.faults and case.faults[0].state == state
    }
    assert kinds >= {OfExecution, OfEvent}
