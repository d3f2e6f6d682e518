"""When the lab is gone, however it went, what ends the processes that it started and removes its files?

`python -m lab.reaper STATE_DIRECTORY` runs beside the lab and holds the read end of a pipe. The lab writes one
JSON line for each process that it starts. When the pipe closes (the lab ended, was interrupted or was killed), the
reaper ends those processes with all their descendants, and then removes the state directory.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

# Every process of a lab carries it; its value, the state directory, is unique to one lab.
MARKER = "DRLAB_STATE_DIRECTORY"
GENTLE_SECONDS = 1.5
GIVE_UP_SECONDS = 10.0
LOOK_AGAIN_SECONDS = 0.01  # these are not our children, so their end can only be looked for
SAME_START_SECONDS = 1.0


@dataclass(frozen=True)
class Watched:
    """A process that the lab started; `stop_signal` lets it end in good order, and is SIGKILL where nothing does."""

    process: psutil.Process
    stop_signal: int


def announcement(pid: int, created: float, stop_signal: int) -> bytes:
    """The line that puts a process under the reaper's watch; `created` is its start in Unix seconds."""
    return json.dumps({"pid": pid, "created": created, "stop_signal": stop_signal}).encode() + b"\n"


def watched(line: bytes) -> Watched | None:
    """The process that a line announces; None when it has ended, or its id names another process by now."""
    announced = json.loads(line)
    try:
        process = psutil.Process(announced["pid"])
        if abs(process.create_time() - announced["created"]) > SAME_START_SECONDS:
            return None
    except psutil.NoSuchProcess:
        return None
    return Watched(process, announced["stop_signal"])


def is_alive(process: psutil.Process) -> bool:
    """Whether it runs or is stopped. A zombie is not alive: it only waits for its parent."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def with_descendants(processes: Iterable[psutil.Process]) -> set[psutil.Process]:
    """These processes and all that descend from them, those that are alive."""
    children: dict[int, list[psutil.Process]] = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess):
            children.setdefault(process.ppid(), []).append(process)
    family: set[psutil.Process] = set()
    waiting = list(processes)
    while waiting:
        process = waiting.pop()
        if process not in family and is_alive(process):
            family.add(process)
            waiting.extend(children.get(process.pid, ()))
    return family


def marked(state_directory: str) -> set[psutil.Process]:
    """Processes that carry this lab's marker: also those never announced, whose parent has died."""
    found = set()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied, OSError):
            if process.environ().get(MARKER) == state_directory and is_alive(process):
                found.add(process)
    return found


def end(under_watch: Iterable[Watched], state_directory: str) -> set[psutil.Process]:
    """End all of them within GIVE_UP_SECONDS, stopped ones too; returns those that are alive all the same."""
    under_watch = list(under_watch)
    family = with_descendants(item.process for item in under_watch)
    _ask(under_watch)
    give_up_at = time.monotonic() + GIVE_UP_SECONDS
    while time.monotonic() < give_up_at:
        family = with_descendants(family | marked(state_directory))
        if not family:
            return set()
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        _wait_gone(family, 0.2)
    return family


def _ask(under_watch: Iterable[Watched]) -> None:
    """Let those end by themselves that would leave something behind when killed."""
    asked: set[psutil.Process] = set()
    for item in under_watch:
        if item.stop_signal == signal.SIGKILL or not is_alive(item.process):
            continue
        for process in with_descendants([item.process]):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()
        with contextlib.suppress(psutil.NoSuchProcess):
            item.process.send_signal(item.stop_signal)
            asked.add(item.process)
    _wait_gone(asked, GENTLE_SECONDS)


def _wait_gone(processes: Iterable[psutil.Process], within_seconds: float) -> None:
    deadline = time.monotonic() + within_seconds
    while any(is_alive(process) for process in processes) and time.monotonic() < deadline:
        time.sleep(LOOK_AGAIN_SECONDS)


def main() -> int:
    """Watch until the pipe closes; exit status 1 when something outlived it."""
    for unwanted in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(unwanted, signal.SIG_IGN)
    state_directory = sys.argv[1]
    under_watch: list[Watched] = []
    with os.fdopen(0, "rb", closefd=False) as pipe:
        for line in pipe:
            item = watched(line) if line.endswith(b"\n") else None
            under_watch = [known for known in under_watch if known.process.is_running()]
            if item is not None:
                under_watch.append(item)
    survivors = end(under_watch, state_directory)
    shutil.rmtree(state_directory, ignore_errors=True)
    return 1 if survivors or Path(state_directory).exists() else 0


if __name__ == "__main__":
    sys.exit(main())
