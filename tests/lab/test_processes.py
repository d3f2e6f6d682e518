"""Does anything outlive the lab?"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from lab.host import reaper
from lab.host.processes import Processes, ProcessFailed

WITHIN_SECONDS = 15.0
SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
# A lab with a process that has a child, one whose child outlived it in a session of its own, and a frozen one.
A_LAB = """
import subprocess, sys, threading
from lab.host.processes import Processes

sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
show = "import subprocess, sys; print(subprocess.Popen(%r, start_new_session=True).pid, flush=True)" % sleep
with Processes() as processes:
    family = processes.start([sys.executable, "-c", show + "; import time; time.sleep(600)"], name="f", piped=True)
    from datetime import timedelta
    child = family.read_line(timedelta(seconds=10))
    orphan = processes.start([sys.executable, "-c", show], name="o", piped=True).read_line(timedelta(seconds=10))
    frozen = processes.start(sleep, name="frozen")
    processes.freeze(frozen)
    print(processes.state_directory, family.pid, child, orphan, frozen.pid, flush=True)
    threading.Event().wait(60)
"""

# A lab that is being left, with a process and a child of its that take their time: the file says that they were asked to end.
A_SLOW_END = """
import signal, subprocess, sys
from datetime import timedelta
from lab.host.processes import Processes

sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
slow = f'''
import pathlib, signal, subprocess, time
signal.signal(signal.SIGTERM, lambda *_: pathlib.Path({sys.argv[1]!r}).touch())
print(subprocess.Popen({sleep!r}).pid, flush=True)
while True: time.sleep(600)
'''
with Processes() as processes:
    family = processes.start([sys.executable, "-c", slow], name="s", piped=True, stop_signal=signal.SIGTERM)
    child = family.read_line(timedelta(seconds=10))
    print(processes.state_directory, family.pid, child, flush=True)
"""


def eventually(condition: Callable[[], bool], within_seconds: float = WITHIN_SECONDS) -> bool:
    deadline = time.monotonic() + within_seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def alive(pid: int) -> bool:
    try:
        return reaper.is_alive(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return False


def started(program: str, *arguments: str, stderr: int) -> subprocess.Popen[str]:
    """A shell's background job ignores Ctrl-C, and hands that down to whatever it starts: not to this one."""
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_outlives_a_lab_that_is_killed_or_interrupted(ending: signal.Signals) -> None:
    """Also what was stopped, and what no longer has a parent that the lab knows."""
    lab = started(A_LAB, stderr=subprocess.DEVNULL)
    assert lab.stdout is not None
    state_directory, *pids = lab.stdout.readline().split()
    assert Path(state_directory).is_dir()
    assert [alive(int(pid)) for pid in pids] == [True, True, True, True]
    lab.send_signal(ending)
    lab.wait(WITHIN_SECONDS)
    lab.stdout.close()
    assert eventually(lambda: not any(alive(int(pid)) for pid in pids))
    assert eventually(lambda: not Path(state_directory).exists())


def test_an_interruption_does_not_cut_the_ending_short(tmp_path: Path) -> None:
    """Whoever presses Ctrl-C while the lab is ending is told that all has ended once all has, not a second before."""
    asked = tmp_path / "asked"
    lab = started(A_SLOW_END, str(asked), stderr=subprocess.PIPE)
    assert lab.stdout is not None
    state_directory, *pids = lab.stdout.readline().split()
    assert eventually(asked.exists)
    assert [alive(int(pid)) for pid in pids] == [True, True]
    lab.send_signal(signal.SIGINT)
    lab.wait(WITHIN_SECONDS)
    assert [alive(int(pid)) for pid in pids] == [False, False]
    assert not Path(state_directory).exists()
    assert "KeyboardInterrupt" in lab.communicate()[1], "and it is still an interruption"


def test_leaving_the_lab_ends_its_processes_and_leaves_others_alone() -> None:
    stranger = subprocess.Popen(SLEEP)
    try:
        with Processes() as processes:
            own = processes.start(SLEEP, name="sleeper")
            assert own.is_alive()
        assert not own.is_alive()
        assert not processes.state_directory.exists()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_another_process_with_a_watched_id_is_not_taken_for_it() -> None:
    """Ids are used again: a process is known by its id and its start."""
    me = psutil.Process()
    assert reaper.watched(reaper.announcement(me.pid, me.create_time(), signal.SIGKILL)) is not None
    assert reaper.watched(reaper.announcement(me.pid, me.create_time() - 60, signal.SIGKILL)) is None


def test_a_folder_with_files_in_it_is_not_taken_over(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ProcessFailed, match="is not empty"):
        Processes(tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_a_process_does_not_see_the_users_aws_account_or_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("PGPASSWORD", "secret")
    with Processes() as processes:
        show = [sys.executable, "-c", "import os; print([n for n in os.environ if n[:3] in ('AWS', 'PGP')])"]
        told = processes.start(show, name="show", env={"AWS_REGION": "us-west-2"}, piped=True)
        assert told.read_line(timedelta(seconds=10)) == "['AWS_REGION']"


def test_a_frozen_process_goes_on_when_thawed() -> None:
    count = "import sys\nfor line in sys.stdin: print(line.strip(), flush=True)"
    with Processes() as processes:
        echo = processes.start([sys.executable, "-c", count], name="echo", piped=True)
        echo.send_line("before")
        assert echo.read_line(timedelta(seconds=10)) == "before"
        processes.freeze(echo)
        echo.send_line("during")
        with pytest.raises(ProcessFailed, match=r"said nothing within 0\.2 s"):
            echo.read_line(timedelta(seconds=0.2))
        assert echo.is_alive()
        processes.thaw(echo)
        assert echo.read_line(timedelta(seconds=10)) == "during"


def test_a_process_that_does_not_become_ready_is_ended() -> None:
    with Processes() as processes:
        seen: list[int] = []
        with pytest.raises(ProcessFailed, match=r"slow was not ready within 0\.2 s"):
            processes.start(
                SLEEP, name="slow", ready=lambda one: bool(seen.append(one.pid)), within=timedelta(seconds=0.2)
            )
        assert not alive(seen[0])


def test_a_failure_quotes_the_log_of_the_process() -> None:
    with Processes() as processes:
        log = processes.state_directory / "log"
        with pytest.raises(ProcessFailed, match=r"exit code 3\. the disk is on fire"):
            processes.run(
                [sys.executable, "-c", "import sys; print('the disk is on fire'); sys.exit(3)"], name="it", log=log
            )
        with pytest.raises(ProcessFailed, match=r"late was not through within 0\.2 s"):
            processes.run(SLEEP, name="late", log=log, within=timedelta(seconds=0.2))
        with pytest.raises(ProcessFailed, match="no such program could not be started"):
            processes.start(["/nonexistent/program"], name="no such program")


def test_terminate_kills_what_does_not_listen() -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"
    with Processes() as processes:
        process = processes.start([sys.executable, "-c", deaf], name="deaf", piped=True)
        process.read_line(timedelta(seconds=10))
        processes.terminate(process, within=timedelta(seconds=0.1))
        assert process.exit_code() == -signal.SIGKILL


def test_other_accounts_can_enter_the_state_directory_but_not_list_it() -> None:
    """A database server runs as another user, and has its own directory inside."""
    with Processes() as processes:
        assert processes.state_directory.stat().st_mode & 0o777 == 0o711
