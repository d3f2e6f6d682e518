"""Which cases of the matrix are tests? The rest is `make chaos`: the same again, slower to break than to play."""

from __future__ import annotations

from chaos import matrix
from chaos.case import Case, Situation
from chaos.faults import Kind, OfDarkness, OfFunction, OfRegion
from chaos.interpreter import FAILOVER, Workflow
from lab.documentation.workflow import ONE_WAY_STEPS, load, states

# Each is one of two that end a call alike; which of them it was, the functions do not tell apart.
ALIKE = (Kind.TIMES_OUT, Kind.THROTTLED_FOR_EVER, OfFunction.THROTTLED_FOR_EVER, OfRegion.HICCUP)
NAMES = [placed.name for placed in states(load())]
FROM_THE_ONE_WAY_STEP = frozenset(NAMES[NAMES.index(ONE_WAY_STEPS[0]) :]) - {"StandDown"}


def chosen(one_way: bool) -> list[Case]:
    """The cases of a failover whose first fault befalls a state before the one-way step, or from it on."""
    return [case for case in cases_of(FAILOVER) if (_first_state(case) in FROM_THE_ONE_WAY_STEP) is one_way]


def cases_of(workflow: Workflow) -> list[Case]:
    """Those whose faults befall a run of it."""
    cases = [case for case in matrix.all_cases(matrix.kept()) if not _alike(case)]
    return [case for case in cases if matrix.workflow_of(case.situation) is workflow]


def _first_state(case: Case) -> str:
    return case.faults[0].state if case.faults else ""


def _alike(case: Case) -> bool:
    if any(one.kind in ALIKE or isinstance(one.kind, OfDarkness) for one in case.faults):
        return True  # those in the dark are a module of their own
    # A copy of the leader record or the heartbeat is there or it is not: why not is all one to the register.
    copies = any("leader-record" in one.what or "heartbeat" in one.what for one in case.faults)
    if copies and any(one.kind in (Kind.THROTTLED, Kind.DENIED_FOR_EVER) for one in case.faults):
        return True
    reads = any("Get" in one.what or "Describe" in one.what for one in case.faults)
    return reads and (case.situation is Situation.DARK or any(one.kind is Kind.THROTTLED for one in case.faults))
