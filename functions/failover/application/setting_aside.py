"""What if an event that is none of an alarm cannot be kept for a person to look at?

It was refused all the same, and the log and the count of refusals have it: whoever sends such things decides nothing here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from failover.application.errors import RunRefused, TransientFailure
from failover.domain.refused_event import kept_text

LOG = logging.getLogger(__name__)


class DeadLetters(Protocol):
    """The queue of what reached no decision."""

    def send(self, text: str) -> None:
        """Raises TransientFailure or RunRefused."""
        ...


def set_aside(queue: Callable[[], DeadLetters], event: object, reason: str) -> bool:
    """Whether the refused `event` is in the queue now. Never raises."""
    try:
        queue().send(kept_text(event, reason))
    except (RunRefused, TransientFailure) as error:
        LOG.warning("not in the queue: a refused event (%s)", error)
        return False
    return True
