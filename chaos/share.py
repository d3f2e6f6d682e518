"""Which of many cases does a run play that has not the time for all: a drawn share, with something of everything in it?"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from chaos.case import Case


def share_of(cases: Sequence[Case], every: int, seed: int) -> list[Case]:
    """Every `every`-th of the shuffled cases, and such others that no situation, no state and no kind of fault is left out.

    The same for the same seed; 1 is all of them, in their own order. `every` counts from 1.
    """
    if every == 1:
        return list(cases)
    shuffled = list(cases)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - it chooses, and keeps no secret
    taken = shuffled[::every]
    seen = {trait for case in taken for trait in _traits(case)}
    for case in shuffled:
        if not seen.issuperset(_traits(case)):
            taken.append(case)
            seen.update(_traits(case))
    return taken


def _traits(case: Case) -> Iterator[str]:
    yield f"situation {case.situation}"
    for fault in case.faults:
        yield f"state {fault.state}"
        yield f"kind {fault.kind}"
