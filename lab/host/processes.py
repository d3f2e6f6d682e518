"""How does the lab start, freeze and end a process, so that nothing outlives the lab?

Everything that the lab runs is started here. Each process is in a session of its own (Ctrl-C reaches the lab
alone), is announced to the reaper, and carries the lab's marker in its environment.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import psutil

from lab.host import reaper, state_folder
from lab.host.started import LOOK_AGAIN_SECONDS, Account, Forked, ProcessFailed, Started, own_environment, pipe_of

__all__ = ["Account", "ProcessFailed", "Processes", "Started", "own_environment"]

REAPER_WITHIN = timedelta(seconds=reaper.GENTLE_SECONDS + reaper.GIVE_UP_SECONDS + 5)


class Processes:
    """The processes of one lab, and its state directory. Safe to use from several threads.

    The state directory can be entered, but not listed, by other accounts: a database server that does not run
    as root has its own directory inside.
    """

    def __init__(self, state_directory: Path | None = None) -> None:
        """Take over `state_directory`, which is made or must be empty (default: a new one, see state_folder.py).

        It is removed with all that is in it when the lab ends. Raises ProcessFailed when it is not empty.
        """
        self.state_directory = _own_directory(state_directory)
        self._lock = threading.Lock()
        self._started: list[Started] = []
        self._closed = self._ended = False
        self._reaper = subprocess.Popen(
            [sys.executable, "-m", "lab.host.reaper", str(self.state_directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(
        self,
        argv: Sequence[str | Path],
        *,
        name: str,
        env: Mapping[str, str] | None = None,
        log: Path | None = None,
        account: Account | None = None,
        piped: bool = False,
        stop_signal: int = signal.SIGKILL,
        ready: Callable[[Started], bool] | None = None,
        within: timedelta = timedelta(seconds=30),
    ) -> Started:
        """Start a process and, with `ready`, wait until that says so.

        `env` is added to the lab's own environment less AWS's and PostgreSQL's variables. `log` takes standard
        error, and standard output unless it is `piped` (then standard input too). `stop_signal` is what lets it
        end in good order when the lab does. Raises ProcessFailed; what did start is then ended.
        """
        pipe = subprocess.PIPE if piped else subprocess.DEVNULL
        with contextlib.ExitStack() as stack:
            output = stack.enter_context(log.open("ab")) if log else subprocess.DEVNULL
            with self._lock:
                if self._closed:
                    raise ProcessFailed(f"{name} was not started: the lab has ended")
                child = self._spawn(argv, name, env or {}, account, pipe, subprocess.PIPE if piped else output, output)
                started = Started(name, child.pid, psutil.Process(child.pid).create_time(), log, child)
                self._announce(started, stop_signal)
        if ready is not None:
            self._await_ready(started, ready, within)
        return started

    def adopt(self, pid: int, *, name: str, log: Path | None = None) -> Started:
        """A process that one of the lab's has forked is the lab's own from now on. Raises ProcessFailed."""
        try:
            child = Forked(pid)
            started = Started(name, pid, psutil.Process(pid).create_time(), log, child)
        except psutil.NoSuchProcess as error:
            raise ProcessFailed(f"{name} ended as soon as it was started") from error
        with self._lock:
            if not self._closed:
                self._announce(started, signal.SIGKILL)
                return started
        child.send_signal(signal.SIGKILL)
        raise ProcessFailed(f"{name} was ended: the lab has")

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        name: str,
        log: Path,
        env: Mapping[str, str] | None = None,
        account: Account | None = None,
        within: timedelta = timedelta(seconds=60),
    ) -> None:
        """Run a command to its end. Raises ProcessFailed when it fails, or is ended for not being through `within`."""
        command = self.start(argv, name=name, env=env, log=log, account=account)
        try:
            code = command.child.wait(within.total_seconds())
        except subprocess.TimeoutExpired as error:
            self.kill_tree(command)
            late = f"{name} was not through within {within.total_seconds():g} s."
            raise ProcessFailed(f"{late} {command.log_tail()}") from error
        if code:
            raise ProcessFailed(f"{name} failed with exit code {code}. {command.log_tail()}")

    def freeze(self, started: Started) -> None:
        """Stop the whole tree from running; sockets and files stay open. Does nothing to an ended process."""
        self._halt(started)

    def thaw(self, started: Started) -> None:
        """Let a frozen tree run on, the root last."""
        for process in reversed(_tree(started)):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()

    def kill_tree(self, started: Started) -> None:
        """End the tree as a power cut would: the root, stopped first, neither reacts nor starts anything."""
        for process in reversed(self._halt(started)):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        try:
            started.child.wait(reaper.GIVE_UP_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise ProcessFailed(f"{started.name} could not be killed") from error

    def terminate(
        self,
        started: Started,
        stop_signal: int = signal.SIGTERM,
        within: timedelta = timedelta(seconds=5),
    ) -> None:
        """Ask it to end; what is not gone `within` is killed with its whole tree."""
        if not started.is_alive():
            return
        started.child.send_signal(stop_signal)
        try:
            started.child.wait(within.total_seconds())
        except subprocess.TimeoutExpired:
            self.kill_tree(started)

    def close(self) -> None:
        """End every process, even when interrupted, and remove the state directory. Raises ProcessFailed if something stays."""
        if self._ended:
            return
        try:
            self._end()
        except Exception:
            raise
        except BaseException:
            # Ctrl-C: whoever is told that all has been ended is told so when it has.
            self._end()
            raise

    def _end(self) -> None:
        """Begun again, it goes on with what there is left to do."""
        with self._lock:
            self._closed = True
        pipe_of(self._reaper.stdin, "the reaper").close()
        deadline = time.monotonic() + REAPER_WITHIN.total_seconds()
        while self._reaper.poll() is None and time.monotonic() < deadline:
            for started in self._started:
                started.child.poll()
            time.sleep(LOOK_AGAIN_SECONDS)
        for started in self._started:
            started.child.poll()
            for stream in (started.child.stdin, started.child.stdout):
                if stream is not None:
                    with contextlib.suppress(BrokenPipeError):
                        stream.close()
        self._ended = True
        if self._reaper.poll() != 0 or self.state_directory.exists():
            raise ProcessFailed(f"the lab could not end all of its processes or remove {self.state_directory}")

    def _spawn(
        self,
        argv: Sequence[str | Path],
        name: str,
        env: Mapping[str, str],
        account: Account | None,
        stdin: int,
        stdout: int | IO[bytes],
        stderr: int | IO[bytes],
    ) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                [str(part) for part in argv],
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                cwd="/",
                env={**own_environment(), **env, reaper.MARKER: str(self.state_directory)},
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
                umask=0o077 if account else -1,
            )
        except OSError as error:
            raise ProcessFailed(f"{name} could not be started: {error}") from error

    def _announce(self, started: Started, stop_signal: int) -> None:
        self._started = [known for known in self._started if known.is_alive()]
        self._started.append(started)
        pipe = pipe_of(self._reaper.stdin, "the reaper")
        try:
            pipe.write(reaper.announcement(started.pid, started.created, stop_signal))
            pipe.flush()
        except BrokenPipeError as error:
            self.kill_tree(started)
            raise ProcessFailed(f"{started.name} was ended: what cleans up after the lab is gone") from error

    def _await_ready(self, started: Started, ready: Callable[[Started], bool], within: timedelta) -> None:
        deadline = time.monotonic() + within.total_seconds()
        while not ready(started):
            if not started.is_alive():
                raise ProcessFailed(started.ending())
            if time.monotonic() > deadline:
                self.kill_tree(started)
                late = f"{started.name} was not ready within {within.total_seconds():g} s."
                raise ProcessFailed(f"{late} {started.log_tail()}")
            time.sleep(LOOK_AGAIN_SECONDS)

    def _halt(self, started: Started) -> list[psutil.Process]:
        """Stop root, then descendants, until no new one shows: a child may have been starting another."""
        halted: dict[psutil.Process, None] = {}
        while new := [process for process in _tree(started) if process not in halted]:
            for process in new:
                halted[process] = None
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.suspend()
        return list(halted)


def _own_directory(wanted: Path | None) -> Path:
    if wanted is None:
        directory = Path(tempfile.mkdtemp(prefix="drlab-", dir=state_folder.parent()))
    else:
        directory = wanted
        directory.mkdir(exist_ok=True)
        if any(directory.iterdir()):
            raise ProcessFailed(f"{directory} is not empty, so the lab does not take it over: it would be removed")
    directory.chmod(0o711)
    return directory.resolve()


def _tree(started: Started) -> list[psutil.Process]:
    """The process and its descendants, root first; empty when it has ended."""
    if not started.is_alive():
        return []
    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(started.pid)
        return [root, *root.children(recursive=True)]
    return []
