"""`drlab release-old-primary`: let go what a rebuild kept as evidence, all but a snapshot."""

from __future__ import annotations

import argparse
import re

from rich.console import Console

from lab.commands.options import Subparsers, add_target, chosen_target, require_a_reason
from lab.commands.telling import tell
from lab.settings import PRIMARY_REGION, SettingsError


def add(commands: Subparsers) -> None:
    parser = commands.add_parser(
        "release-old-primary", help="let go the old primary that a rebuild kept, all but a snapshot"
    )
    parser.add_argument("instance", help="as the rebuild's message names it")
    parser.add_argument("--region", required=True, help=f"where it is, such as {PRIMARY_REGION}")
    parser.add_argument("--reason", required=True, help="is kept in the journal")
    parser.add_argument(
        "--accept-unlisted", action="store_true", help="even if nobody listed which rows only this instance has"
    )
    add_target(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 only when it was let go."""
    where = chosen_target(options)
    where.require(options.region)
    require_a_reason(options)
    from failover.application.release_old_primary import KEPT

    if not re.fullmatch(f"[A-Za-z0-9-]+{KEPT}", options.instance):
        raise SettingsError(
            f"{options.instance!r} is not what a rebuild keeps: copy the name from the rebuild's message"
        )
    from failover.wiring.operators import release_old_primary
    from lab.operations.operators import sign_in

    me = sign_in(where)
    me.require(options.region)
    answer = release_old_primary(me.plan, options.region, me.by)(
        options.instance, options.reason, options.accept_unlisted
    )
    return tell(console, answer)
