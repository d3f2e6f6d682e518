"""`drlab guard`: refuse a deploy during a run, or one that would undo a failover."""

from __future__ import annotations

import argparse

from rich.console import Console

from lab.commands.options import FAILED, PASSED, Subparsers, add_target, chosen_target


def add(commands: Subparsers) -> None:
    parser = commands.add_parser("guard", help="refuse a deploy during a run, or one that would undo a failover")
    add_target(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 when a deploy may go on, 1 when not."""
    where = chosen_target(options)
    from lab.operations.guard import ask

    answer = ask(where)
    console.print(f"{'deploy' if answer.allowed else 'DO NOT DEPLOY'}: {answer.reason}", markup=False, soft_wrap=True)
    return PASSED if answer.allowed else FAILED
