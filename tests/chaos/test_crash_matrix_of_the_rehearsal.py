"""Does a disturbed rehearsal leave production alone, and nothing behind that nobody knows of, and prove what it read?"""

from __future__ import annotations

import pytest
from matrix_cases import cases_of

from chaos.case import Case
from chaos.interpreter import REHEARSING
from chaos.invariants import violations
from chaos.world import World

# Minutes: `make chaos` plays the same cases, and CI runs that.
pytestmark = pytest.mark.chaos


@pytest.mark.scenario("F47")
@pytest.mark.parametrize("case", cases_of(REHEARSING), ids=lambda case: case.name)
def test_no_promise_is_broken(world: World, case: Case) -> None:
    """`make chaos ARGS="--case NAME"` tells what happened."""
    history = world.play(case)
    assert violations(case, history) == []
    assert world.gate.met >= set(case.faults), "a fault that never had its occasion tests nothing"
