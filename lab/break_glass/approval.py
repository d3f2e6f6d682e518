"""Does whoever is at this terminal accept the loss that the run asks about?"""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from failover.application.errors import RunRefused
from failover.application.ports import Journal
from failover.application.remembering import remember
from failover.domain.approval import shown
from failover.domain.journal import Event
from failover.domain.run import Run
from lab.break_glass.errors import WorkflowError

# The line that was typed, None when none was within so many seconds.
Read = Callable[[float], str | None]


@dataclass(frozen=True)
class AtTheTerminal:
    """For `by`. `most_seconds`: what was accepted beforehand. Without it, `read` asks; without both, nothing is accepted.

    What is answered is in the journal.
    """

    by: str
    journal: Journal
    say: Callable[[str], None]
    most_seconds: float | None
    read: Read | None

    def __call__(self, payload: dict[str, Any], within_seconds: float) -> dict[str, Any]:
        """What the run goes on with. Raises RunRefused for a loss that is unknown; States.Timeout without an answer."""
        run = Run.parse(payload)
        bound = run.value("prepared", "loss", "bound_seconds")
        if run.value("prepared", "loss", "known") is not True or not isinstance(bound, int | float):
            raise RunRefused("The loss is unknown: nobody can accept it.")
        figure = shown(bound)
        accepted, why = self._answer(figure, str(run.value("prepared", "loss", "reason")), within_seconds)
        reason = f"{self.by} {'accepted' if accepted else 'did not accept'} a loss of up to {figure} s: {why}"
        remember(self.journal, Event("loss-accepted" if accepted else "loss-refused", self.by, reason, run.name))
        return {"accepted": accepted, "by": self.by, "reason": reason, "bound_seconds": figure}

    def _answer(self, figure: str, reason: str, within_seconds: float) -> tuple[bool, str]:
        if self.most_seconds is not None:
            return float(figure) <= self.most_seconds, f"--accept-loss {self.most_seconds:g} was given."
        if self.read is None:
            return False, "nobody could be asked; --accept-loss was not given."
        self.say(f"Up to {figure} s of acknowledged writes would be lost. {reason}")
        self.say(
            f"Type {figure} to accept that, or no to give the old leader its writes back ({within_seconds:.0f} s left):"
        )
        until = time.monotonic() + within_seconds
        while (typed := self.read(max(0.0, until - time.monotonic()))) is not None:
            if typed.strip() == figure:
                return True, "it was typed at the terminal."
            if typed.strip().lower() in ("n", "no"):
                return False, "it was refused at the terminal."
            self.say(f"That is neither {figure} nor no:")
        raise WorkflowError("States.Timeout", f"Nobody answered within {within_seconds:g} s.")


def typed_line(within_seconds: float) -> str | None:
    """A line of standard input, None when none comes in time or the input has ended."""
    ready, _, _ = select.select([sys.stdin], [], [], within_seconds)
    return (sys.stdin.readline() or None) if ready else None
