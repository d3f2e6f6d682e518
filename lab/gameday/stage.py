"""On which lab is the game day played? Chaos Toolkit calls plain functions, which find it here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from lab.laboratory import LabError, Laboratory

LOOK_AGAIN_SECONDS = 0.1


@dataclass
class Stage:
    """The lab, when the fault struck on the monotonic clock, and how many notifications had come by then.

    `good_at`: a moment at which users' objects were as they should be.
    """

    lab: Laboratory
    struck_at: float = 0.0
    heard: int = 0
    good_at: datetime | None = None

    def strike(self) -> None:
        self.struck_at, self.heard = time.monotonic(), len(self.lab.webhook.received())


_stages: list[Stage] = []


@contextmanager
def staged(lab: Laboratory) -> Iterator[None]:
    """Inside, `the_stage` has this lab."""
    stage = Stage(lab)
    _stages.append(stage)
    try:
        yield
    finally:
        _stages.remove(stage)


def the_stage() -> Stage:
    """Raises LabError where no game day is played."""
    if not _stages:
        raise LabError("this probe or action needs a lab: run the experiment by `drlab gameday NAME`")
    return _stages[-1]


def the_lab() -> Laboratory:
    """Raises LabError where no game day is played."""
    return the_stage().lab


def awaited(found: Callable[[], str | None], what: str, within_seconds: float) -> str:
    """What was found, in a sentence. Raises LabError when it does not come in time."""
    deadline = time.monotonic() + within_seconds
    while (told := found()) is None:
        if time.monotonic() > deadline:
            raise LabError(f"{what} did not come within {within_seconds:g} s")
        time.sleep(LOOK_AGAIN_SECONDS)
    return told
