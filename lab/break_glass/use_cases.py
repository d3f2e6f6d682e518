"""Who serves a state of the workflow here? The very use case that its function serves it with, in this process."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from failover.application.errors import RunRefused, TransientFailure
from handlers._task_state import answer_of
from lab.break_glass.errors import WorkflowError

FUNCTION = re.compile(r"\$\{(\w+)FunctionArn\}")
Approve = Callable[[dict[str, Any], float], dict[str, Any]]


@dataclass(frozen=True)
class UseCases:
    """`approve` answers in place of whoever would send the task token back."""

    approve: Approve

    def invoke(self, function: str, payload: Any) -> Any:
        """As Lambda's answer comes to Step Functions: as JSON, and an exception by its class's name.

        https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
        """
        found = FUNCTION.fullmatch(function)
        if found is None:
            raise WorkflowError("States.Runtime", f"{function} names no function of the control plane.")
        try:
            build = importlib.import_module(f"handlers.{snake(found[1])}").build
            return json.loads(json.dumps(answer_of(build, payload)))
        except Exception as error:
            raise _told(error) from error

    def ask(self, function: str, payload: Any, within_seconds: float) -> Any:
        """`function` would only send the question: whoever is asked is at this terminal."""
        del function
        try:
            return self.approve(payload, within_seconds)
        except (RunRefused, TransientFailure) as error:
            raise _told(error) from error


def snake(state: str) -> str:
    """`ScaleSecondaryECS` is served by handlers/scale_secondary_ecs.py."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", state).lower()


def _told(error: Exception) -> WorkflowError:
    name = type(error).__name__
    return WorkflowError(name, json.dumps({"errorMessage": str(error), "errorType": name}))
