"""`drlab approve`: accept the loss that a run asks about, and let it fail over."""

from __future__ import annotations

import argparse
import re

from rich.console import Console

from lab.commands.answering import add_answer, answering
from lab.commands.options import Subparsers
from lab.commands.telling import tell
from lab.settings import SettingsError


def add(commands: Subparsers) -> None:
    parser = commands.add_parser("approve", help="accept the loss that a run asks about, and let it fail over")
    add_answer(parser)
    parser.add_argument("--accept-loss", required=True, metavar="SECONDS", help="the figure in the message")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 when the run was told, 1 when the answer does not count."""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", options.accept_loss):
        raise SettingsError(
            f"--accept-loss {options.accept_loss!r} is no figure such as 12.5: copy the one in the message"
        )
    return tell(console, answering(options).approve(options.token, options.accept_loss))
