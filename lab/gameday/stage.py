"""On which lab is the game day played? Chaos Toolkit calls plain functions, which find it here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lab.laboratory import LabError, Laboratory

LOOK_AGAIN_SECONDS = 0.1

_on_stage: list[Laboratory] = []


@contextmanager
def staged(lab: Laboratory) -> Iterator[None]:
    """Inside, `the_lab` is this one."""
    _on_stage.append(lab)
    try:
        yield
    finally:
        _on_stage.remove(lab)


def the_lab() -> Laboratory:
    """Raises LabError where no game day is played."""
    if not _on_stage:
        raise LabError("this probe or action needs a lab: run the experiment by `drlab gameday NAME`")
    return _on_stage[-1]


def awaited(found: Callable[[], str | None], what: str, within_seconds: float) -> str:
    """What was found, in a sentence. Raises LabError when it does not come in time."""
    deadline = time.monotonic() + within_seconds
    while (told := found()) is None:
        if time.monotonic() > deadline:
            raise LabError(f"{what} did not come within {within_seconds:g} s")
        time.sleep(LOOK_AGAIN_SECONDS)
    return told
