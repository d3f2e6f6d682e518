"""`drlab arm`: end a disarm before its time."""

from __future__ import annotations

import argparse

from rich.console import Console

from lab.commands.operating import operating
from lab.commands.options import Subparsers, add_target
from lab.commands.telling import tell


def add(commands: Subparsers) -> None:
    parser = commands.add_parser("arm", help="let alarms and probes start runs again")
    add_target(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 when it is armed."""
    return tell(console, operating(options).arm())
