"""What if the journal cannot be written while something more urgent is done?

A failover is not held up by its own book-keeping: the entry is lost, which the log and the gap in the story show.
"""

from __future__ import annotations

import logging

from failover.application.errors import RunRefused, TransientFailure
from failover.application.ports import Journal
from failover.domain.journal import Event

LOG = logging.getLogger(__name__)


def remember(journal: Journal, event: Event) -> bool:
    """Whether the event is in the journal now. Never raises."""
    try:
        journal.append(event)
    except (RunRefused, TransientFailure) as error:
        LOG.warning("not in the journal: %s (%s)", event.kind, error)
        return False
    return True
