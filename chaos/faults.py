"""What can go wrong, and at which call of which state?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

FUNCTION = "function"
ALL_STATES = "every state"
BEFORE = "before"


class Kind(StrEnum):
    """What befalls one call. Those `for ever` befall every later try of it in that state too."""

    DIES_BEFORE = "dies-before"
    DIES_AFTER = "dies-after"
    ANSWER_LOST = "answer-lost"
    TIMES_OUT = "times-out"
    LANDS_LATE = "lands-late"
    THROTTLED = "throttled-twice"
    TIMES_OUT_FOR_EVER = "times-out-for-ever"
    THROTTLED_FOR_EVER = "throttled-for-ever"
    DENIED_FOR_EVER = "denied-for-ever"
    NO_ROOM = "no-room-twice"
    NO_ROOM_FOR_EVER = "no-room-for-ever"


class OfFunction(StrEnum):
    """What befalls the invocation of a state's function as a whole."""

    THROTTLED = "not-started-twice"
    THROTTLED_FOR_EVER = "not-started-for-ever"
    DENIED_FOR_EVER = "not-allowed-for-ever"
    KILLED = "killed-when-done-twice"
    TIMED_OUT = "timed-out-when-done"
    SERVED_TWICE = "served-twice"


class OfRegion(StrEnum):
    """Every call to one Region fails while the state lasts, or in its function's first call only."""

    SILENT = "region-silent"
    HICCUP = "region-hiccup"


class OfDarkness(StrEnum):
    """From the state on, or before the run, Regions are dark as a whole: no call, no task and no function there works."""

    DARK = "dark"


class OfExecution(StrEnum):
    """The execution is aborted: its function is not called any more, or is called and lives on."""

    ABORTED_BEFORE = "aborted-before"
    ABORTED_DURING = "aborted-during"


class OfEvent(StrEnum):
    """What arrives while the state is entered: the same event, another alarm's, the same start, a person's own run."""

    AGAIN = "event-again"
    ANOTHER = "another-event"
    STARTED_TWICE = "started-twice"
    BY_HAND = "run-by-hand"
    PROBED = "probed"


FOR_EVER = frozenset(
    {
        Kind.TIMES_OUT_FOR_EVER,
        Kind.THROTTLED_FOR_EVER,
        Kind.DENIED_FOR_EVER,
        Kind.NO_ROOM_FOR_EVER,
        OfFunction.THROTTLED_FOR_EVER,
        OfFunction.DENIED_FOR_EVER,
        OfRegion.SILENT,
    }
)
AnyKind = Kind | OfFunction | OfRegion | OfDarkness | OfExecution | OfEvent


@dataclass(frozen=True)
class Fault:
    """`what`: the call (`s3.PutObject leader-record us-east-1`), a Region or several, or nothing. `number` counts its calls
    from 1."""

    state: str
    kind: AnyKind
    what: str = FUNCTION
    number: int = 1

    @property
    def name(self) -> str:
        if isinstance(self.kind, Kind):
            return f"{self.state}/{self.what.replace(' ', ':')}#{self.number}/{self.kind}"
        if isinstance(self.kind, OfRegion | OfDarkness):
            return f"{self.state}/{self.what}/{self.kind}"
        return f"{self.state}/{self.kind}"

    @property
    def regions(self) -> tuple[str, ...]:
        """Those that are dark."""
        return tuple(self.what.split(",")) if isinstance(self.kind, OfDarkness) else ()

    @property
    def for_ever(self) -> bool:
        return self.kind in FOR_EVER


def parse(name: str) -> Fault:
    """The fault of that name. Raises ValueError."""
    state, *middle, kind = name.split("/")
    for kinds in (Kind, OfFunction, OfRegion, OfDarkness, OfExecution, OfEvent):
        if kind in tuple(kinds):
            known: AnyKind = kinds(kind)
            break
    else:
        raise ValueError(f"{name} names no fault: {kind} is unknown.")
    if not middle:
        return Fault(state, known)
    what, _, number = "/".join(middle).partition("#")
    return Fault(state, known, what.replace(":", " "), int(number or 1))
