"""How does moto's interpreter run the workflow file in a case? With Python functions, and without waiting.

It is the real interpreter. An execution begins when it is waited for, and the branches of a Parallel state run one after
the other, so that a case is the same each time.
"""

from __future__ import annotations

import copy
import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from unittest.mock import patch

from moto.core.config import default_user_config
from moto.stepfunctions.parser import utils
from moto.stepfunctions.parser.asl.component.common.flow.start_at import StartAt
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branch_worker import BranchWorker
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackEndpoint
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from chaos.clock import CaseClock
from chaos.installation import ACCOUNT, MACHINE_ARN, REBUILD_ARN, REHEARSAL_ARN, STANDBY
from lab.cloud.step_functions.parsed_workflows import kept
from lab.documentation.workflow import DEFINITION, REBUILD, REHEARSAL, load, states

Invoke = Callable[[str, dict[str, Any]], dict[str, Any]]
Execution = Any


@dataclass(frozen=True)
class Workflow:
    """One of the files, deployed in the standby's Region."""

    path: Path
    arn: str

    def definition(self) -> str:
        """The file, with each function's name for its ARN."""
        return re.sub(r"\$\{(\w+)FunctionArn\}", r"\1", self.path.read_text(encoding="utf-8"))

    @cached_property
    def tasks(self) -> tuple[str, ...]:
        """Its Task states, in the order of the file."""
        return tuple(placed.name for placed in states(load(self.path)) if placed.state["Type"] == "Task")

    @property
    def machine(self) -> Any:
        return next(one for one in _backend().state_machines if one.arn == self.arn)

    def executions(self) -> list[Execution]:
        return list(self.machine.executions)

    def start(self, name: str, run_input: dict[str, Any]) -> Execution:
        text = json.dumps(run_input, sort_keys=True)
        return _backend().start_execution(self.arn, name=name, execution_input=text)

    def redrive(self, aborted: Execution) -> Execution:
        """Let an execution that failed or was aborted go on, from the state that did not succeed and with its input.

        Name and history stay, and retries count anew:
        https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html.
        Of a Parallel state that means all branches here, where AWS repeats only those that did not succeed.
        """
        earlier = events_of(aborted)
        state, its_input = last_entered(aborted)
        self.machine.executions.remove(aborted)
        again = self.start(aborted.name, its_input)
        program = copy.copy(again.exec_worker._get_evaluation_entrypoint())
        program.start_at = StartAt(state)
        again.exec_worker._get_evaluation_entrypoint = lambda: program
        history = again.to_history_output
        again.to_history_output = lambda: {"events": [*earlier, *history()["events"]]}
        return again


FAILOVER = Workflow(DEFINITION, MACHINE_ARN)
REBUILDING = Workflow(REBUILD, REBUILD_ARN)
REHEARSING = Workflow(REHEARSAL, REHEARSAL_ARN)
WORKFLOWS = (FAILOVER, REBUILDING, REHEARSING)


class Pause:
    """In place of the interpreter's `time`."""

    def __init__(self, clock: CaseClock) -> None:
        self.sleep = clock.sleep_seconds


@contextmanager
def interpreting(clock: CaseClock, invoke: Invoke, waited: Callable[[], None]) -> Iterator[None]:
    """Make moto interpret, with `invoke` for its calls to Lambda. `waited` hears of each Wait state's end."""

    def call(parameters: dict[str, Any], **_: Any) -> dict[str, Any]:
        return invoke(parameters["FunctionName"], json.loads(parameters["Payload"]))

    def wait(_self: Any, env: Any, wait_seconds: int) -> None:  # noqa: ARG001 - the interpreter names both
        clock.sleep_seconds(wait_seconds)
        waited()

    def answered(endpoint: Any, timeout: float) -> Any:
        # Whoever answers does so while the question is asked, or not at all.
        if endpoint._outcome is None:
            clock.sleep_seconds(timeout)
        return endpoint._outcome

    with ExitStack() as stack:
        replaced: list[tuple[Any, str, Any]] = [
            (AmazonStateLanguageParser, "parse", staticmethod(cache(kept(AmazonStateLanguageParser.parse)))),
            # Making a path's parser takes a thousand times as long as using it.
            (json_path, "parse", cache(json_path.parse)),
            (retrier_decl, "time", Pause(clock)),
            (WaitFunction, "_wait_interval", wait),
            (CallbackEndpoint, "wait", answered),
            (lambda_eval_utils, "_invoke_lambda_function", call),
            (BranchWorker, "start", _run_here),
            (ExecutionWorker, "start", lambda _: None),
            (logging.getLogger("moto.stepfunctions"), "disabled", True),
        ]
        stack.enter_context(patch.dict(default_user_config["stepfunctions"], {"execute_state_machine": True}))
        for target, name, value in replaced:
            stack.enter_context(patch.object(target, name, value))
        yield


def run(execution: Execution) -> Execution:
    """Let it run to its end, if it has not begun yet."""
    if execution.status == "RUNNING" and execution.exec_worker.env is None:
        execution.exec_worker._execution_logic()
    utils.TMP_THREADS.clear()
    return execution


def abort(execution: Execution) -> None:
    execution.stop(stop_date=datetime.now(UTC), error=None, cause=None)


def events_of(execution: Execution) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = execution.to_history_output()["events"]
    return found


def entered(execution: Execution) -> list[str]:
    return [
        one["stateEnteredEventDetails"]["name"] for one in events_of(execution) if "stateEnteredEventDetails" in one
    ]


def last_entered(execution: Execution) -> tuple[str, dict[str, Any]]:
    """The last state of its workflow's own level that was entered, and its input."""
    workflow = next(one for one in WORKFLOWS if one.arn == execution.state_machine.arn)
    top_level = load(workflow.path)["States"]
    found = [one["stateEnteredEventDetails"] for one in events_of(execution) if "stateEnteredEventDetails" in one]
    last = next(one for one in reversed(found) if one["name"] in top_level)
    return last["name"], json.loads(last["input"])


def _backend() -> Any:
    return stepfunctions_parser_backends[ACCOUNT][STANDBY]


def _run_here(self: Any) -> None:
    self._worker_thread = threading.current_thread()
    self._thread_routine()
