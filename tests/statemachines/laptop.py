"""The workflow file on the interpreter of `drlab failover --break-glass`, behind the face of the one on Step Functions."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any

from lab.break_glass.errors import WorkflowError
from lab.break_glass.interpreter import Interpreter
from lab.documentation.workflow import load
from tests.statemachines.interpreter import TASKS, WELL, Function, FunctionError, Run, answering, record_outcome


class LaptopWorkflow:
    """`run` executes it with the answers that a test changes."""

    def __init__(self) -> None:
        self._functions: dict[str, Function] = {}
        self._given: dict[str, list[dict[str, Any]]] = {}
        self._entered: list[str] = []
        self._sent: dict[str, Any] = {}
        self._pauses: list[float] = []
        self._lock = threading.Lock()
        self._count = 0
        self._interpreter = Interpreter(load(), self, self, self._pauses_append, draw=lambda: 0.5)

    def run(self, mode: str | None = None, **changed: Any) -> Run:
        self._functions = answering({**WELL, "RecordOutcome": record_outcome, **changed})
        self._given, self._entered, self._pauses = {name: [] for name in TASKS}, [], []
        self._sent = {}
        self._count += 1
        trigger = {"kind": "manual", "reason": "test", "alarm_arn": None, "observed_at": "2026-01-01T00:00:00Z"}
        context = {"Execution": {"Name": f"run-{self._count}", "StartTime": "2026-01-01T00:00:00Z"}}
        state = {"trigger": trigger, "expected_epoch": 7, **({"mode": mode} if mode else {})}
        ended = self._interpreter.run(state, context)
        return Run(
            status="FAILED" if ended.error else "SUCCEEDED",
            error=ended.error.name if ended.error else None,
            entered=self._entered,
            output=ended.output,
            given=self._given,
            pauses=self._pauses,
        )

    def send(self, token: str, output: Mapping[str, Any]) -> None:
        self._sent[token] = dict(output)

    def invoke(self, function: str, payload: Any) -> Any:
        name = function.removeprefix("${").removesuffix("FunctionArn}")
        with self._lock:
            self._given[name].append(payload)
        try:
            return json.loads(json.dumps(self._functions[name](payload)))
        except FunctionError as error:
            told = {"errorType": error.name, "errorMessage": str(error)}
            raise WorkflowError(error.name, json.dumps(told)) from error

    def ask(self, function: str, payload: Any, within_seconds: float) -> Any:
        self.invoke(function, payload)
        if not self._sent:
            raise WorkflowError("States.Timeout", f"Nobody answered within {within_seconds:g} s.")
        return self._sent[payload["task_token"]]

    def entering(self, state: str, data: Any, outermost: bool) -> None:
        with self._lock:
            self._entered.append(state)

    def again(self, state: str, error: WorkflowError, in_seconds: float) -> None:
        pass

    def left(self, state: str, error: WorkflowError | None) -> None:
        pass

    def _pauses_append(self, seconds: float) -> None:
        self._pauses.append(seconds)
