"""With what is a failover previewed? With the workflow and the functions that are deployed here."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from failover.adapters import aws
from failover.adapters.functions import Functions
from failover.application.preview_failover import READ_ONLY, PreviewFailover
from failover.domain.plan import Plan
from failover.wiring.operators import run_book

# A gateway waits for 29 s in all; the functions are asked at the same time.
LONGEST_ANSWER = timedelta(seconds=25)
_ASKING = ThreadPoolExecutor(len(READ_ONLY), thread_name_prefix="preview")


def preview_failover(plan: Plan, region: str) -> PreviewFailover:
    """Of a run in `region`. Raises TransientFailure or RunRefused when the workflow cannot be read."""
    functions = Functions(aws.client("lambda", region, LONGEST_ANSWER, tries=1), plan.service)

    def ask(state: str, event: dict[str, Any]) -> Callable[[], dict[str, Any]]:
        return _ASKING.submit(functions.ask, state, event).result

    return PreviewFailover(plan, region, run_book(plan, region).definition(), ask)
