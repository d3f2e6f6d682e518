"""`drlab switchover`: move the leadership while everything works, and lose nothing."""

from __future__ import annotations

import argparse

from rich.console import Console

from lab.commands.options import FAILED, PASSED, Subparsers, add_target, chosen_target, require_a_reason
from lab.commands.telling import tell
from lab.settings import SECONDARY_REGION


def add(commands: Subparsers) -> None:
    parser = commands.add_parser("switchover", help="move the leadership while everything works, and lose nothing")
    parser.add_argument("--to", required=True, metavar="REGION", help=f"that is to lead, such as {SECONDARY_REGION}")
    parser.add_argument("--reason", required=True, help="is kept with the run")
    add_target(parser)
    parser.set_defaults(run=run, interrupted="a run that was started goes on: `drlab status` shows it.")


def run(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 only when the new leader serves; 1 when it was refused, stood down or is not proven."""
    where = chosen_target(options)
    where.require(options.to)
    require_a_reason(options)
    from failover.domain.run import Mode
    from failover.wiring.operators import runs_of, start_run
    from lab.operations.follow_run import SWITCHED, follow
    from lab.operations.operators import sign_in

    me = sign_in(where)
    me.require(options.to, "--to")
    answer = start_run(me.plan, options.to, me.by)(Mode.PLANNED, options.reason)
    if tell(console, answer) != PASSED or answer.run is None:
        return FAILED
    console.print(f"{answer.run} runs in {options.to}.", markup=False, highlight=False, soft_wrap=True)

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    result = follow(runs_of(me.plan, options.to), answer.run, say)
    return PASSED if result == SWITCHED else FAILED
