"""In which order are calls answered that the code makes at once? One at a time, by name: a case is the same each time.

The product hands such calls to an executor and waits. Here each is made when it is waited for, in the thread that waits;
one that is cancelled before is never made, as one that never left.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from concurrent.futures import ALL_COMPLETED, Executor, Future
from typing import Any, NamedTuple


class Turn(Future[Any]):
    """A call that has not been made yet."""

    def __init__(self, rank: tuple[str, int], call: Callable[[], Any]) -> None:
        super().__init__()
        self.rank = rank
        self._call = call

    def take(self) -> None:
        """Make the call. What is no Exception ends the process that waits, as the death of a function does."""
        if not self.set_running_or_notify_cancel():
            return
        try:
            self.set_result(self._call())
        except Exception as error:  # noqa: BLE001 - a future keeps whatever its call raises
            self.set_exception(error)


class Turns(Executor):
    """Makes no call before it is waited for: calls to copies by their buckets' names, others as they were handed in."""

    def __init__(self) -> None:
        self._numbers = itertools.count()

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Turn:
        bucket = str(getattr(arguments[0], "bucket", "")) if arguments else ""
        return Turn((bucket, next(self._numbers)), lambda: function(*arguments, **named))


class Waited(NamedTuple):
    done: set[Turn]
    not_done: set[Turn]


class Standstill:
    """In place of their `time`: calls that are made at once share one moment, though each is taken in its turn."""

    @staticmethod
    def monotonic() -> float:
        return 0.0


def wait(turns: Iterable[Turn], timeout: float | None = None, return_when: str = ALL_COMPLETED) -> Waited:
    """In place of concurrent.futures.wait. Time does not pass: a `timeout` above zero is never reached."""
    left = sorted(turns, key=lambda turn: turn.rank)
    done = {turn for turn in left if turn.done()}
    for turn in left if timeout is None or timeout > 0 else ():
        if done and return_when != ALL_COMPLETED:
            break
        if turn not in done:
            turn.take()
            done.add(turn)
    return Waited(done, set(left) - done)
