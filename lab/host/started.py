"""What is a process that the lab has started, and what does the lab hear from it?"""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import IO

import psutil

from lab.host.reaper import is_alive

LOG_TAIL_CHARACTERS = 800
# No exit code is so high: nobody can tell it.
UNTOLD = 256
LOOK_AGAIN_SECONDS = 0.005
# What the user's own shell knows of AWS and PostgreSQL must never reach a process of the lab.
FOREIGN_PREFIXES = ("AWS_", "PG")


class ProcessFailed(RuntimeError):
    """A process could not be started, ended too early or took too long; the text says which, and quotes its log."""


@dataclass(frozen=True)
class Account:
    """The user that a process runs as."""

    name: str
    uid: int
    gid: int


class Forked:
    """A process that another one of the lab forked, with what the lab asks of a Popen: only its parent learns its exit code."""

    stdin: IO[bytes] | None = None
    stdout: IO[bytes] | None = None

    def __init__(self, pid: int) -> None:
        """Raises psutil.NoSuchProcess when it has ended."""
        self.pid = pid
        self._process = psutil.Process(pid)

    def poll(self) -> int | None:
        """None while it is alive, then UNTOLD."""
        return None if is_alive(self._process) else UNTOLD

    def wait(self, timeout: float) -> int:
        """Raises subprocess.TimeoutExpired."""
        deadline = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            time.sleep(LOOK_AGAIN_SECONDS)
        return UNTOLD

    def send_signal(self, number: int) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            self._process.send_signal(number)


@dataclass(frozen=True, eq=False)
class Started:
    """A process of the lab. `created`, its start in Unix seconds, names it for good together with `pid`."""

    name: str
    pid: int
    created: float
    log: Path | None
    child: subprocess.Popen[bytes] | Forked = field(repr=False)
    _unread: bytearray = field(default_factory=bytearray, repr=False)

    def is_alive(self) -> bool:
        """Whether it has not ended; a frozen process is alive."""
        return self.child.poll() is None

    def exit_code(self) -> int | None:
        """None while it is alive; minus the signal's number when a signal ended it; UNTOLD of one that was forked."""
        return self.child.poll()

    def log_tail(self) -> str:
        """The end of what it logged, on one line; empty when it has no log."""
        if self.log is None or not self.log.exists():
            return ""
        return " ".join(self.log.read_text(errors="replace")[-LOG_TAIL_CHARACTERS:].split())

    def send_line(self, text: str) -> None:
        """Write a line to its standard input (if started `piped`). Raises ProcessFailed when it has ended."""
        stdin = pipe_of(self.child.stdin, self.name)
        try:
            stdin.write(text.encode() + b"\n")
            stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            raise ProcessFailed(self.ending()) from error

    def read_line(self, within: timedelta) -> str:
        """The next line of its standard output (if started `piped`). Raises ProcessFailed at its end, or when late."""
        stdout = pipe_of(self.child.stdout, self.name)
        seconds = within.total_seconds()
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            while b"\n" not in self._unread:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise ProcessFailed(f"{self.name} said nothing within {seconds:g} s. {self.log_tail()}")
                read = os.read(stdout.fileno(), 65536)
                if not read:
                    raise ProcessFailed(self.ending())
                self._unread.extend(read)
        line, _, rest = bytes(self._unread).partition(b"\n")
        self._unread[:] = rest
        return line.decode()

    def ending(self) -> str:
        """One sentence on how it ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.child.wait(1)
        told = "" if (code := self.exit_code()) == UNTOLD else f" with exit code {code}"
        return f"{self.name} ended{told}. {self.log_tail()}".strip()


def own_environment() -> dict[str, str]:
    """The lab's environment less all that could point a process at somebody's AWS account or database."""
    return {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_PREFIXES)}


def pipe_of(stream: IO[bytes] | None, name: str) -> IO[bytes]:
    if stream is None:
        raise ProcessFailed(f"{name} was not started with pipes")
    return stream
