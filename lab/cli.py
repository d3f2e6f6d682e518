"""What can be typed? `drlab --help` lists it; each command is a module of `lab/commands`."""

from __future__ import annotations

import argparse
import signal
import sys
from types import FrameType

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


class Interrupted(BaseException):
    """The user or the system asked the lab to end. No Exception: libraries catch those, and would go on."""


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 passed, 1 failed, 2 could not start (and why), 130 interrupted."""
    options = _parser().parse_args(arguments)
    console = Console()
    _end_on_signals()
    try:
        choose_account(getattr(options, "target", None))
        return int(options.run(options, console))
    except SettingsError as error:
        return _unusable(console, error)
    except (Interrupted, KeyboardInterrupt):
        console.print(f"drlab: interrupted; {options.interrupted}", markup=False)
        return INTERRUPTED
    except _expected_failures() as error:
        return _unusable(console, error)


def _unusable(console: Console, error: Exception) -> int:
    console.print(f"drlab: {error}", style="bold red", markup=False)
    return UNUSABLE


def _expected_failures() -> tuple[type[Exception], ...]:
    """Those whose text is meant for people. Imported late: `--help` and a refused setting should not wait for boto3."""
    from failover.application.errors import RunRefused, TransientFailure
    from lab.failures import LAB_FAILURES

    return (RunRefused, TransientFailure, *LAB_FAILURES)


def _end_on_signals() -> None:
    """Ctrl-C and an ordinary kill both leave by way of the context managers, which end every process."""

    def leave(number: int, frame: FrameType | None) -> None:
        del number, frame
        # A second Ctrl-C must not cut the ending short.
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_IGN)
        raise Interrupted

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, leave)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="drlab", description="Run, drill and prove a multi-Region warm standby.")
    commands = parser.add_subparsers(dest="command", required=True)
    for command in COMMANDS:
        command.add(commands)
    for each in commands.choices.values():
        if each.get_default("interrupted") is None:
            each.set_defaults(interrupted="everything that was started has been ended.")
    return parser


if __name__ == "__main__":
    sys.exit(main())
