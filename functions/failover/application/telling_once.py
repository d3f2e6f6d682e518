"""Have people heard of this already?"""

from __future__ import annotations

import json
from dataclasses import dataclass

from failover.application.ports import Clock, Notifications, Outcomes


@dataclass(frozen=True)
class TellOnce:
    """What people heard is kept in this Region's control bucket."""

    outcomes: Outcomes
    notifications: Notifications
    clock: Clock

    def __call__(self, key: str, subject: str, text: str) -> bool:
        """Whether people were told now, and not before. Raises TransientFailure or RunRefused.

        Marked afterwards, under `key`: people are rather told twice than never.
        """
        if self.outcomes.read(key) is not None:
            return False
        self.notifications.publish(subject, text)
        self.outcomes.put_once(key, json.dumps({"at": self.clock.now().isoformat(), "told": text}, sort_keys=True))
        return True
