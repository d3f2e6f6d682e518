"""How does the control plane know that somebody is still at the terminal that drives a run?

Once a minute the terminal says so; when it is closed, or its machine is lost, nothing says that it is gone.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from failover.application.by_hand_runs import heard_key
from failover.application.errors import RunRefused, TransientFailure
from failover.application.ports import Outcomes

EVERY_SECONDS = 20.0


@contextmanager
def heard_of(outcomes: Outcomes, run: str) -> Iterator[None]:
    """While it lasts, `run` is heard of. A bucket that is silent holds nothing up."""
    stop = threading.Event()
    keeper = threading.Thread(target=_keep_saying, args=(outcomes, run, stop), name="heard-of", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        stop.set()


def _keep_saying(outcomes: Outcomes, run: str, stop: threading.Event) -> None:
    said = ""
    while True:
        now = datetime.now(UTC)
        if (key := heard_key(run, now)) != said:
            try:
                outcomes.put_once(key, json.dumps({"at": now.isoformat()}))
                said = key
            except (RunRefused, TransientFailure):
                # Said again in a moment; people would rather be called once too often.
                said = ""
        if stop.wait(EVERY_SECONDS):
            return
