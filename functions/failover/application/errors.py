"""How does a step say that it did not finish? The workflow's retries go by these names."""

from __future__ import annotations


class StillInProgress(Exception):
    """What the step waits for has not happened within its budget: call it again, it goes on where it was."""


class TransientFailure(Exception):
    """Throttled, timed out or a server's error: call it again after a while."""


class RunRefused(Exception):
    """Calling again would not help; the text is one sentence for people."""


class InputRefused(RunRefused):
    """The run was started with something that makes no sense. No state after the first could read it either."""


class SomebodyElses(RunRefused):
    """What has the name is not the run's, and was left as it is."""


class NoCapacity(Exception):
    """AWS has no room for the instance now, and may have later; the text is one sentence for people."""


class DatabaseUnavailable(Exception):
    """The database server gave no answer, or not the one that was asked for; the text says which.

    `sqlstate` is the code that PostgreSQL gave for it, None where it gave none.
    """

    def __init__(self, text: str, sqlstate: str | None = None) -> None:
        super().__init__(text)
        self.sqlstate = sqlstate


class DamagedContent(Exception):
    """The database answered that what it holds cannot be read; the text says how. Asking again would not help."""
