"""What is happening in a running lab? Follows the journal, the workflow and the workload, and keeps what they say.

Nothing here acts on the lab: a drill only watches.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lab.cloud.control_client import CloudControl
from lab.started import ProcessFailed, Started

POLL_SECONDS = 0.1
LONGEST_SILENCE = timedelta(seconds=30)
StepFunctions = Any


@dataclass(frozen=True)
class StateSpan:
    """One state of the workflow as the interpreter recorded it; instants on the monotonic clock, None while open."""

    state: str
    entered_monotonic: float
    exited_monotonic: float | None
    error: str | None


@dataclass(frozen=True)
class Execution:
    """One execution of the workflow, as far as it has come."""

    arn: str
    name: str
    status: str
    input: str
    output: str | None
    started_monotonic: float
    stopped_monotonic: float | None
    spans: tuple[StateSpan, ...]

    @property
    def running(self) -> bool:
        return self.status == "RUNNING"


class Watch:
    """Follows everything until `stop`. All reads are snapshots and safe from any thread."""

    def __init__(self, cloud: CloudControl, step_functions: StepFunctions, machine_arn: str) -> None:
        self._cloud = cloud
        self._step_functions = step_functions
        self._machine_arn = machine_arn
        self._stopping = threading.Event()
        self._changed = threading.Condition()
        self._entries: list[dict[str, Any]] = []
        self._executions: dict[str, Execution] = {}
        self._progress: dict[str, Any] = {}
        # Step Functions records wall-clock instants; one offset puts them on this machine's monotonic clock.
        self._wall_offset = time.time() - time.monotonic()
        self._threads = [
            threading.Thread(target=self._follow_journal, name="journal", daemon=True),
            threading.Thread(target=self._follow_executions, name="executions", daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(5)

    def follow_workload(self, workload: Started) -> None:
        """Keep the workload's newest progress line; returns when the workload ends."""
        while True:
            try:
                progress = json.loads(workload.read_line(LONGEST_SILENCE))
            except (ProcessFailed, ValueError):
                return
            with self._changed:
                self._progress = progress
                self._changed.notify_all()

    @property
    def entries(self) -> list[dict[str, Any]]:
        with self._changed:
            return list(self._entries)

    @property
    def executions(self) -> list[Execution]:
        with self._changed:
            return list(self._executions.values())

    @property
    def progress(self) -> dict[str, Any]:
        with self._changed:
            return dict(self._progress)

    def wait_until(self, condition: Callable[[], bool], timeout_seconds: float) -> bool:
        """True as soon as `condition` holds, looked at on every change; False after the timeout."""
        deadline = time.monotonic() + timeout_seconds
        with self._changed:
            while not condition():
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(min(left, 0.25))
        return True

    def _follow_journal(self) -> None:
        last = 0
        while not self._stopping.is_set():
            try:
                answer = self._cloud.journal(after=last, wait_seconds=1.0)
            except OSError:
                if self._stopping.wait(POLL_SECONDS):
                    return
                continue
            if answer["entries"]:
                last = answer["last"]
                with self._changed:
                    self._entries.extend(answer["entries"])
                    self._changed.notify_all()

    def _follow_executions(self) -> None:
        while not self._stopping.wait(POLL_SECONDS):
            try:
                self._read_executions()
            except (BotoCoreError, ClientError):
                continue

    def _read_executions(self) -> None:
        listed = self._step_functions.list_executions(stateMachineArn=self._machine_arn)["executions"]
        for item in listed:
            known = self._executions.get(item["executionArn"])
            if known and not known.running:
                continue
            execution = self._describe(item["executionArn"])
            with self._changed:
                self._executions[execution.arn] = execution
                self._changed.notify_all()

    def _describe(self, arn: str) -> Execution:
        found = self._step_functions.describe_execution(executionArn=arn)
        history = self._step_functions.get_execution_history(executionArn=arn, maxResults=1000)["events"]
        stopped = found.get("stopDate")
        return Execution(
            arn=arn,
            name=found["name"],
            status=found["status"],
            input=found.get("input", "{}"),
            output=found.get("output"),
            started_monotonic=found["startDate"].timestamp() - self._wall_offset,
            stopped_monotonic=stopped.timestamp() - self._wall_offset if stopped else None,
            spans=tuple(spans(history, self._wall_offset)),
        )


def spans(history: Iterable[dict[str, Any]], wall_offset: float) -> list[StateSpan]:
    """The states of an execution history in the order in which they were entered.

    A state that failed has no exit event of its own; it is closed by the next entry at the latest, and the
    last failure's error stands on it.
    """
    found: list[StateSpan] = []
    open_at: dict[str, int] = {}
    error: str | None = None
    for event in history:
        at = event["timestamp"].timestamp() - wall_offset
        entered, exited = event.get("stateEnteredEventDetails"), event.get("stateExitedEventDetails")
        if event["type"].endswith(("TaskFailed", "TaskTimedOut")):
            details = event.get("taskFailedEventDetails") or event.get("taskTimedOutEventDetails") or {}
            error = details.get("error")
        elif entered:
            open_at[entered["name"]] = len(found)
            found.append(StateSpan(entered["name"], at, None, None))
            error = None
        elif exited and exited["name"] in open_at:
            place = open_at.pop(exited["name"])
            span = found[place]
            found[place] = StateSpan(span.state, span.entered_monotonic, at, error)
            error = None
    return found
