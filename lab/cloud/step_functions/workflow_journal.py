"""Which state is a workflow in at this moment? Told by the interpreter as it goes: nobody polls its history.

The entries carry the machine's monotonic clock, like all of the journal: durations need no wall clock.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any

from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager

from lab.cloud.context import CloudContext

FAILURES = ("TaskFailed", "TaskTimedOut")


def install(context: CloudContext) -> None:
    """Every execution's start, end, states and failed tasks become journal entries of kind `workflow`."""
    make, add = Environment.__init__, EventManager.add_event
    signature = inspect.signature(add)

    def remember(self: Any, *arguments: Any, **named: Any) -> None:
        make(self, *arguments, **named)
        self.event_manager.lab_execution = self.states.context_object.context_object_data["Execution"]

    @functools.wraps(add)
    def tell(*arguments: Any, **named: Any) -> int:
        given = signature.bind(*arguments, **named).arguments
        number: int = add(*arguments, **named)
        execution = getattr(given["self"], "lab_execution", None)
        event = str(getattr(given["event_type"], "value", given["event_type"]))
        entry = _entry(event, given.get("event_details") or {})
        if execution and entry is not None:
            arn = execution["Id"]
            context.journal.add("workflow", region=arn.split(":")[3], execution=arn, event=event, **entry)
        return number

    Environment.__init__ = remember
    EventManager.add_event = tell


def _entry(event: str, details: dict[str, Any]) -> dict[str, Any] | None:
    """What an event says beside its type; None for those that nobody watches."""
    if event.endswith("StateEntered"):
        return {"state": details["stateEnteredEventDetails"]["name"], "error": None}
    if event.endswith("StateExited"):
        return {"state": details["stateExitedEventDetails"]["name"], "error": None}
    if event in FAILURES:
        found = details.get("taskFailedEventDetails") or details.get("taskTimedOutEventDetails") or {}
        return {"state": None, "error": found.get("error")}
    if event.startswith("Execution"):
        return {"state": None, "error": None}
    return None
