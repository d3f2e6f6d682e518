"""Does the failover keep its promises when a call, a function, a Region or a run fails before the one-way step?"""

from __future__ import annotations

import pytest
from matrix_cases import chosen

from chaos.case import Case
from chaos.invariants import violations
from chaos.world import World

# Minutes: `make chaos` plays the same cases, and CI runs that.
pytestmark = pytest.mark.chaos


@pytest.mark.scenario("F34", "F39", "F40")
@pytest.mark.parametrize("case", chosen(one_way=False), ids=lambda case: case.name)
def test_no_promise_is_broken(world: World, case: Case) -> None:
    """`make chaos ARGS="--case NAME"` tells what happened."""
    history = world.play(case)
    assert violations(case, history) == []
    assert world.gate.met >= set(case.faults), "a fault that never had its occasion tests nothing"
