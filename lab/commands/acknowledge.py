"""`drlab acknowledge`: a person has seen the last failover."""

from __future__ import annotations

import argparse

from rich.console import Console

from lab.commands.operating import operating
from lab.commands.options import Subparsers, add_target
from lab.commands.telling import tell


def add(commands: Subparsers) -> None:
    parser = commands.add_parser("acknowledge", help="say that the last failover was seen, so that alarms count again")
    add_target(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 when no failover waits for it any more, or none ever did; 1 when that was refused."""
    return tell(console, operating(options).acknowledge())
