"""What becomes of one call that a function makes? Whoever makes it, and whichever fault is due, is decided here."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from chaos.faults import ALL_STATES, Fault, Kind, OfRegion

TWICE = 2
EXIT, TIME_IS_UP = "Runtime.ExitError", "Sandbox.Timedout"
# template.yaml: Timeout of every function.
FUNCTION_SECONDS = 60.0


class Died(BaseException):
    """The function's process is gone; the text is what Lambda calls that. No Exception: nothing in it can catch this."""


@dataclass(frozen=True)
class Call:
    """One call, as the caller is asked about it. `apply` makes it; the others are what the caller is told instead.

    `no_room`: where the call asks for an instance, which finds no place.
    """

    what: str
    region: str
    apply: Callable[[], Any]
    no_answer: Callable[[], Any]
    throttled: Callable[[], Any]
    denied: Callable[[], Any]
    no_room: Callable[[], Any] | None = None


@dataclass
class Attempts:
    """Which state's function runs in this thread, for which run, and how often it was called in this run."""

    state: str
    run: str
    number: int
    began_seconds: float


@dataclass
class Gate:
    """Every call of every function passes through it, in the thread of the function.

    `unanswered` lets the time pass that a call without an answer takes.
    """

    monotonic: Callable[[], float]
    unanswered: Callable[[], None]
    faults: tuple[Fault, ...] = ()
    calls: list[tuple[str, str, int]] = field(default_factory=list)
    met: set[Fault] = field(default_factory=set)
    late: list[Callable[[], Any]] = field(default_factory=list)
    listing: bool = True
    before: Callable[[str], None] = lambda _: None
    after: Callable[[str], None] = lambda _: None
    _counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _thread: threading.local = field(default_factory=threading.local)

    def reset(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        self.calls, self.met, self.late, self.listing = [], set(), [], True
        self._counts = Counter()

    @property
    def attempt(self) -> Attempts | None:
        """None: what is called now is called by no function, and passes."""
        return getattr(self._thread, "attempt", None)

    @attempt.setter
    def attempt(self, attempt: Attempts | None) -> None:
        self._thread.attempt = attempt

    def end(self) -> None:
        """From now on nothing is disturbed, and what is called is not listed: no fault could befall it."""
        self.faults, self.listing = (), False

    def through(self, call: Call) -> Any:
        """What the caller gets: an answer, or the exception that `call` makes for it, or Died."""
        attempt = self.attempt
        if attempt is None:
            return call.apply()
        if self.monotonic() - attempt.began_seconds > FUNCTION_SECONDS:
            raise Died(TIME_IS_UP)
        self.before(call.what)
        key = (attempt.run, attempt.state, call.what)
        self._counts[key] += 1
        number = self._counts[key]
        if self.listing:
            self.calls.append((attempt.state, call.what, number))
        if self._silent(attempt, call.region):
            return self._no_answer(call)
        due = next((one for one in self.faults if _is_due(one, attempt, call, number)), None)
        if due is None:
            return self._apply(call)
        self.met.add(due)
        return self._befall(due.kind, call)

    def land_late(self) -> None:
        """What was under way all the time arrives."""
        waiting, self.late = self.late, []
        for arrive in waiting:
            arrive()

    def _befall(self, kind: Any, call: Call) -> Any:
        if kind is Kind.DIES_BEFORE:
            raise Died(EXIT)
        if kind is Kind.DIES_AFTER:
            self._apply(call)
            raise Died(EXIT)
        if kind is Kind.ANSWER_LOST:
            self._apply(call)
            return self._no_answer(call)
        if kind is Kind.LANDS_LATE:
            self.late.append(lambda: self._apply(call))
            return self._no_answer(call)
        if kind in (Kind.THROTTLED, Kind.THROTTLED_FOR_EVER):
            return call.throttled()
        if kind in (Kind.NO_ROOM, Kind.NO_ROOM_FOR_EVER) and call.no_room:
            return call.no_room()
        return call.denied() if kind is Kind.DENIED_FOR_EVER else self._no_answer(call)

    def _no_answer(self, call: Call) -> Any:
        self.unanswered()
        return call.no_answer()

    def _apply(self, call: Call) -> Any:
        answer = call.apply()
        self.after(call.what)
        return answer

    def _silent(self, attempt: Attempts, region: str) -> bool:
        for one in self.faults:
            if not isinstance(one.kind, OfRegion) or one.what != region or one.state not in (attempt.state, ALL_STATES):
                continue
            if one.kind is OfRegion.SILENT or attempt.number == 1:
                self.met.add(one)
                return True
        return False


def _is_due(fault: Fault, attempt: Attempts, call: Call, number: int) -> bool:
    if not isinstance(fault.kind, Kind) or (fault.state, fault.what) != (attempt.state, call.what):
        return False
    if fault.for_ever:
        return number >= fault.number
    if fault.kind in (Kind.THROTTLED, Kind.NO_ROOM):
        return fault.number <= number < fault.number + TWICE
    return number == fault.number
