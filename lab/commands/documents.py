"""`drlab documents`: write the generated documents anew."""

from __future__ import annotations

import argparse

from rich.console import Console

from lab.commands.options import Subparsers


def add(commands: Subparsers) -> None:
    parser = commands.add_parser("documents", help="write the generated documents anew")
    parser.add_argument("--check", action="store_true", help="only say which are out of date")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 when all are, or were already, as they should be."""
    del console
    from lab.documentation.documents import write_all

    return write_all(Console(stderr=True), options.check)
