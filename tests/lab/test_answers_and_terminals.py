"""Is each answer where its reader looks for it, and does no reader's terminal turn it into a traceback?"""

from __future__ import annotations

import argparse
import io
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from lab import cli
from lab.commands import status, switchover
from lab.settings import SettingsError

Run = Callable[[argparse.Namespace, Console], int]


@pytest.fixture(autouse=True)
def own_signals() -> Iterator[None]:
    """The command takes these for itself; the tests after it must have theirs back. Under `nohup` they run as well."""
    kept = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for name, handler in kept.items():
        signal.signal(name, handler)


def answering(text: str) -> Run:
    def run(_: argparse.Namespace, console: Console) -> int:
        console.print(text)
        return 0

    return run


def test_what_a_program_reads_holds_no_sentence_that_is_meant_for_people(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`drlab status --json | jq` would show that jq understood nothing, and not that there is no lab."""

    def run(_: argparse.Namespace, console: Console) -> int:
        console.print_json(json.dumps({"leader": "us-west-2"}))
        raise SettingsError("there is no lab")

    monkeypatch.setattr(status, "run", run)
    assert cli.main(["status", "--json"]) == cli.UNUSABLE
    told = capsys.readouterr()
    assert json.loads(told.out) == {"leader": "us-west-2"}
    assert told.err == "drlab: there is no lab\n"


def test_a_terminal_that_lacks_a_letter_is_shown_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a colleague typed is in the leader record: nobody's `drlab status` may end in a traceback because of it."""
    kept = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(kept, encoding="ascii"))
    monkeypatch.setattr(status, "run", answering("disarmed: Jos\xe9 \u2192 storage"))
    assert cli.main(["status"]) == 0
    sys.stdout.flush()
    assert kept.getvalue() == b"disarmed: Jos\\xe9 \\u2192 storage\n"


def test_a_program_is_given_json_whatever_the_terminal_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_: argparse.Namespace, console: Console) -> int:
        console.print_json(json.dumps({"reason": "Jos\xe9"}))
        return 0

    kept = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(kept, encoding="ascii"))
    monkeypatch.setattr(status, "run", run)
    assert cli.main(["status", "--json"]) == 0
    sys.stdout.flush()
    assert json.loads(kept.getvalue()) == {"reason": "Jos\xe9"}


@pytest.mark.parametrize("typed", ["caf\udce9", "\x1b[2Jgone", "a\x00b", "\x9b31m"])
def test_what_neither_a_message_nor_a_terminal_can_carry_is_refused_before_anything_is_done(
    typed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A terminal in another encoding types such bytes. Kept in the record, they would be everybody's."""
    assert cli.main(["disarm", "--for", "2h", "--reason", typed]) == cli.UNUSABLE
    assert capsys.readouterr().err.startswith(f"drlab: {typed!r} is not plain text in UTF-8: type it again")


@pytest.mark.parametrize(
    ("command", "line", "ended", "told"),
    [
        (status, ["status"], 1, ""),
        (
            switchover,
            ["switchover", "--to", "us-west-2", "--reason", "x"],
            cli.INTERRUPTED,
            "drlab: interrupted; a run that was started goes on: `drlab status` shows it.\n",
        ),
    ],
    ids=["nothing goes on", "a run goes on"],
)
def test_whoever_closes_the_pipe_is_told_of_what_goes_on_without_them(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: argparse.Namespace,
    line: list[str],
    ended: int,
    told: str,
) -> None:
    """`drlab failover --break-glass ... | head -3` breaks the run off, perhaps with the fence on."""
    reading, writing = os.pipe()
    os.close(reading)
    monkeypatch.setattr(sys, "stdout", os.fdopen(writing, "w"))
    monkeypatch.setattr(command, "run", answering("0.0 s  CheckPrimaryHealth"))
    assert cli.main(line) == ended
    sys.stdout.close()
    assert capsys.readouterr().err == told


@pytest.mark.parametrize("count", ["nan", "inf", "-inf", "1e300"])
@pytest.mark.parametrize("option", ["--warm-up", "--settle", "--give-up-after", "--replication-delay"])
def test_what_is_no_length_of_time_is_refused_in_a_sentence(
    option: str, count: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["drill", f"{option}={count}"]) == cli.UNUSABLE
    assert capsys.readouterr().err == f"drlab: {option} {float(count):g} is no length of time\n"


def hanging_up(_: argparse.Namespace, console: Console) -> int:
    try:
        os.kill(os.getpid(), signal.SIGHUP)
    finally:
        console.print("deleting what was made")
    return 0


def test_a_terminal_that_is_gone_ends_a_command_as_ctrl_c_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ended by the signal itself, a drill beside production would leave its throwaway replica on the bill."""
    monkeypatch.setattr(status, "run", hanging_up)
    assert cli.main(["status"]) == cli.INTERRUPTED


def test_nohup_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    monkeypatch.setattr(status, "run", hanging_up)
    assert cli.main(["status"]) == 0


def test_cleaning_up_writes_to_no_terminal_that_is_gone(tmp_path: Path) -> None:
    """Its errors would cut the cleaning up short. Only a real terminal can be gone."""
    done = tmp_path / "done"
    program = f"""
import os, pathlib, sys
from lab import cli
from lab.commands import status
cli.signal.signal(cli.signal.SIGHUP, cli.signal.SIG_DFL)
def run(options, console):
    try:
        print("ready", flush=True)
        while True:
            cli.signal.pause()
    finally:
        console.print("deleting what was made")
        pathlib.Path({str(done)!r}).write_text("deleted")
status.run = run
sys.exit(cli.main(["status"]))
"""
    terminal, inside = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", program], stdin=inside, stdout=inside, stderr=inside) as command:
        os.close(inside)
        assert b"ready" in os.read(terminal, 100)
        os.close(terminal)
        command.send_signal(signal.SIGHUP)
        assert command.wait(20) == cli.INTERRUPTED
    assert done.read_text() == "deleted"
