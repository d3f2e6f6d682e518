"""`drlab initialise`: a new installation's first leader record, or the repair of a lost copy."""

from __future__ import annotations

import argparse

from rich.console import Console

from lab.commands.options import FAILED, PASSED, Subparsers, add_target, chosen_target
from lab.settings import PRIMARY_REGION


def add(commands: Subparsers) -> None:
    parser = commands.add_parser(
        "initialise", help="write a new installation's first leader record, or repair a lost copy"
    )
    parser.add_argument("--region", default=PRIMARY_REGION, help=f"whose plan is read (default {PRIMARY_REGION})")
    add_target(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 when there is a leader record now."""
    where = chosen_target(options)
    from lab.operations.first_record import initialise

    answer = initialise(where, options.region)
    console.print(answer.reason, markup=False, soft_wrap=True)
    return PASSED if answer.allowed else FAILED
