"""`drlab rebuild-standby`: make a Region that led a standby of the leader again, and lose nothing that only it has."""

from __future__ import annotations

import argparse

from rich.console import Console

from lab.commands.options import FAILED, PASSED, Subparsers, add_target, chosen_target, require_a_reason
from lab.commands.telling import tell
from lab.settings import PRIMARY_REGION


def add(commands: Subparsers) -> None:
    parser = commands.add_parser(
        "rebuild-standby", help="make a Region that led a standby again, and list what only it has"
    )
    parser.add_argument("--region", required=True, help=f"that is to be a standby, such as {PRIMARY_REGION}")
    parser.add_argument("--reason", required=True, help="is kept with the run")
    parser.add_argument(
        "--accept-unknown-divergence",
        action="store_true",
        help="even if the old primary does not answer, so that nobody can tell which rows only it has",
    )
    add_target(parser)
    parser.set_defaults(run=run, interrupted="a rebuild that was started goes on: its message tells how it ends.")


def run(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 only when the standby follows the leader; 1 when it was refused or is not proven."""
    where = chosen_target(options)
    where.require(options.region)
    require_a_reason(options)
    from failover.application.under_way import REBUILD
    from failover.domain.outcome import Result
    from failover.wiring.operators import runs_of, start_rebuild
    from lab.operations.follow_run import follow
    from lab.operations.operators import sign_in

    me = sign_in(where)
    me.require(options.region)
    answer = start_rebuild(me.plan, options.region, me.by)(options.reason, options.accept_unknown_divergence)
    if tell(console, answer) != PASSED or answer.run is None:
        return FAILED
    console.print(f"{answer.run} runs in {options.region}.", markup=False, highlight=False, soft_wrap=True)

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    result = follow(runs_of(me.plan, options.region, REBUILD), answer.run, say)
    return PASSED if result == Result.REBUILT.value else FAILED
