"""What is happening in a running lab? Follows the journal and the workload, and keeps what they say.

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

from lab.cloud.control_client import CloudControl
from lab.host.started import ProcessFailed, Started

RETRY_SECONDS = 0.1
LONGEST_SILENCE = timedelta(seconds=30)


@dataclass(frozen=True)
class StateSpan:
    """One state of the workflow; instants on the monotonic clock, `exited_monotonic` None while open or failed."""

    state: str
    entered_monotonic: float
    exited_monotonic: float | None
    error: str | None


@dataclass(frozen=True)
class Execution:
    """One execution of the workflow, as far as it has come. `status` is Step Functions' own."""

    arn: str
    status: str
    started_monotonic: float
    stopped_monotonic: float | None
    spans: tuple[StateSpan, ...]

    @property
    def name(self) -> str:
        return self.arn.rsplit(":", 1)[-1]

    @property
    def running(self) -> bool:
        return self.status == "RUNNING"


def executions_in(entries: Iterable[dict[str, Any]]) -> list[Execution]:
    """The executions that a journal tells of, in the order of their start."""
    by_arn: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        if entry["kind"] == "workflow":
            by_arn.setdefault(entry["execution"], []).append(entry)
    return [_execution(arn, told) for arn, told in by_arn.items()]


def _execution(arn: str, told: list[dict[str, Any]]) -> Execution:
    status, stopped = "RUNNING", None
    for entry in told:
        if entry["event"].startswith("Execution") and entry["event"] != "ExecutionStarted":
            status, stopped = entry["event"].removeprefix("Execution").upper(), entry["monotonic"]
    return Execution(arn, status, told[0]["monotonic"], stopped, tuple(_spans(told)))


def _spans(told: list[dict[str, Any]]) -> list[StateSpan]:
    """A state that failed has no exit: the failure is put on the state that was entered last and is still open.

    A retried failure is no failure of the state, so an exit takes it off again.
    """
    spans: list[StateSpan] = []
    open_at: dict[str, int] = {}
    for entry in told:
        if entry["event"].endswith("StateEntered"):
            open_at[entry["state"]] = len(spans)
            spans.append(StateSpan(entry["state"], entry["monotonic"], None, None))
        elif entry["event"].endswith("StateExited") and entry["state"] in open_at:
            place = open_at.pop(entry["state"])
            spans[place] = StateSpan(entry["state"], spans[place].entered_monotonic, entry["monotonic"], None)
        elif entry["error"] and open_at:
            place = max(open_at.values())
            spans[place] = StateSpan(spans[place].state, spans[place].entered_monotonic, None, entry["error"])
    return spans


class Watch:
    """Follows everything until `stop`. All reads are snapshots and safe from any thread."""

    def __init__(self, cloud: CloudControl) -> None:
        self._cloud = cloud
        self._stopping = threading.Event()
        self._changed = threading.Condition()
        self._entries: list[dict[str, Any]] = []
        self._progress: dict[str, Any] = {}

    def start(self) -> None:
        threading.Thread(target=self._follow_journal, name="journal", daemon=True).start()

    def stop(self) -> None:
        """Nothing waits for the journal's open question, which changes nothing and ends by itself."""
        self._stopping.set()

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
        return executions_in(self.entries)

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
                if self._stopping.wait(RETRY_SECONDS):
                    return
                continue
            if answer["entries"]:
                last = answer["last"]
                with self._changed:
                    self._entries.extend(answer["entries"])
                    self._changed.notify_all()
