"""What can be typed? `drlab --help` lists it; each command is a module of `lab/commands`."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import unicodedata
from collections.abc import Sequence
from types import FrameType
from typing import Any

from rich.console import Console

from lab.commands import (
    acknowledge,
    approve,
    arm,
    cost,
    disarm,
    documents,
    drill,
    failover,
    gameday,
    guard,
    initialise,
    readiness,
    rebuild_standby,
    refuse,
    rehearse,
    release_old_primary,
    roundtrip,
    s3,
    status,
    switchover,
    up,
    verify,
)
from lab.commands.options import FAILED
from lab.operations.target import choose_account
from lab.settings import SettingsError

COMMANDS = (
    drill,
    roundtrip,
    gameday,
    up,
    status,
    readiness,
    failover,
    switchover,
    rebuild_standby,
    release_old_primary,
    approve,
    refuse,
    acknowledge,
    disarm,
    arm,
    verify,
    rehearse,
    s3,
    guard,
    initialise,
    cost,
    documents,
)
UNUSABLE, INTERRUPTED = 2, 130
ENDED = "everything that was started has been ended."


class Interrupted(BaseException):
    """The user or the system asked the lab to end. No Exception: libraries catch those, and would go on."""


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 passed, 1 failed, 2 could not start (and why), 130 interrupted.

    Answers are on standard output; why there is none is on standard error, where a pipe or a file does not swallow it.
    """
    typed = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(typed)
    _write_whatever_was_read()
    console, aside = _Answers(), Console(stderr=True)
    _end_on_signals()
    try:
        _require_text(typed)
        choose_account(getattr(options, "target", None))
        return int(options.run(options, console))
    except SettingsError as error:
        return _unusable(aside, error)
    except (Interrupted, KeyboardInterrupt):
        return _interrupted(aside, options)
    except _NobodyReads:
        # `drlab status | head -1` is nothing to talk about; a run that holds the fence is.
        return _interrupted(aside, options) if options.interrupted != ENDED else FAILED
    except _expected_failures() as error:
        return _unusable(aside, error)


class _NobodyReads(BaseException):
    """Whoever read the answers has gone. No Exception, as Interrupted."""


class _Answers(Console):
    """Standard output."""

    def on_broken_pipe(self) -> None:
        try:
            super().on_broken_pipe()
        except SystemExit as error:
            raise _NobodyReads from error

    def print_json(self, json: str | None = None, **how: Any) -> None:
        """Programs read it: what a terminal has no letter for is escaped as JSON has it."""
        super().print_json(json, **{**how, "ensure_ascii": True})


def _unusable(aside: Console, error: Exception) -> int:
    aside.print(f"drlab: {error}", style="bold red", markup=False, soft_wrap=True)
    return UNUSABLE


def _interrupted(aside: Console, options: argparse.Namespace) -> int:
    """In one line: a command that it names is there to be copied."""
    aside.print(f"drlab: interrupted; {options.interrupted}", markup=False, highlight=False, soft_wrap=True)
    return INTERRUPTED


def _write_whatever_was_read() -> None:
    """What somebody else typed is no reason to end in a traceback here, on a terminal that has not all of its letters."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _require_text(typed: Sequence[str]) -> None:
    """Bytes that are no UTF-8 can neither be kept nor shown, and control characters act on the terminals of all who read them.

    Python keeps such bytes as lone surrogates: https://peps.python.org/pep-0383/. Raises SettingsError.
    """
    for one in typed:
        if any(unicodedata.category(c) in ("Cc", "Cs") and not c.isspace() for c in one):
            raise SettingsError(f"{one!r} is not plain text in UTF-8: type it again, without its control characters")


def _expected_failures() -> tuple[type[Exception], ...]:
    """Those whose text is meant for people. Imported late: `--help` and a refused setting should not wait for boto3."""
    from failover.application.errors import RunRefused, TransientFailure
    from lab.failures import LAB_FAILURES

    return (RunRefused, TransientFailure, *LAB_FAILURES)


def _end_on_signals() -> None:
    """Ctrl-C, an ordinary kill and a terminal that is gone all leave by way of the context managers, which end everything."""
    leaving = [signal.SIGINT, signal.SIGTERM]
    # `nohup` has it ignored, and means it.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        leaving.append(signal.SIGHUP)
    shown = [descriptor for descriptor in (1, 2) if os.isatty(descriptor)]

    def leave(number: int, frame: FrameType | None) -> None:
        del frame
        # A second Ctrl-C must not cut the ending short.
        for name in leaving:
            signal.signal(name, signal.SIG_IGN)
        if number == signal.SIGHUP:
            _write_nowhere(shown)
        raise Interrupted

    for name in leaving:
        signal.signal(name, leave)


def _write_nowhere(terminal: Sequence[int]) -> None:
    """Writing to a terminal that is gone is an error, and would cut the ending short as well."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in terminal:
        os.dup2(nowhere, descriptor)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="drlab", description="Run, drill and prove a multi-Region warm standby.")
    commands = parser.add_subparsers(dest="command", required=True)
    for command in COMMANDS:
        command.add(commands)
    for each in commands.choices.values():
        if each.get_default("interrupted") is None:
            each.set_defaults(interrupted=ENDED)
    return parser


if __name__ == "__main__":
    sys.exit(main())
