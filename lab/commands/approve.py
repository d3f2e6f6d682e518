"""`drlab approve`: accept the loss that a run asks about, and let it fail over."""

from __future__ import annotations

import argparse

from rich.console import Console

from lab.commands.answering import add_answer, answering
from lab.commands.options import Subparsers
from lab.commands.telling import tell


def add(commands: Subparsers) -> None:
    parser = commands.add_parser("approve", help="accept the loss that a run asks about, and let it fail over")
    add_answer(parser)
    parser.add_argument("--accept-loss", required=True, metavar="SECONDS", help="the figure in the message")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 when the run was told, 1 when the answer does not count."""
    return tell(console, answering(options).approve(options.token, options.accept_loss))
