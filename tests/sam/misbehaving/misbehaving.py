"""Functions that end as no function should: how is each end reported?"""

from __future__ import annotations

import os
import time
from typing import Any


class TransientFailure(Exception):
    """Named like ours: the workflow retries by this name."""


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    if event.get("do") == "raise":
        raise TransientFailure("the copy in us-east-1 does not answer")
    if event.get("do") == "exit":
        os._exit(3)
    if event.get("do") == "sleep":
        time.sleep(60)
    return {"answered": True}
