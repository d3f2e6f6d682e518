"""`drlab approve`: accept the loss that a run asks about, and let it fail over."""

from __future__ import annotations

import argparse

from rich.console import Console

from lab.commands.options import Subparsers, add_target, chosen_target
from lab.commands.telling import tell
from lab.settings import SECONDARY_REGION


def add(commands: Subparsers) -> None:
    parser = commands.add_parser("approve", help="accept the loss that a run asks about, and let it fail over")
    parser.add_argument("token", help="from the message")
    parser.add_argument("--accept-loss", required=True, metavar="SECONDS", help="the figure in the message")
    parser.add_argument("--region", default=SECONDARY_REGION, help=f"where the run waits (default {SECONDARY_REGION})")
    add_target(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 when the run was told, 1 when the answer does not count."""
    where = chosen_target(options)
    from failover.wiring.operators import answer_approval
    from lab.operators import sign_in

    me = sign_in(where, (options.region,))
    answer = answer_approval(me.plan, me.region, me.by)
    return tell(console, answer.approve(options.token, options.accept_loss))
