"""`drlab rehearse`: restore the newest backup beside production, look at it, and delete it again."""

from __future__ import annotations

import argparse
import json
from datetime import datetime, timedelta

from rich.console import Console

from lab.commands.options import FAILED, PASSED, Subparsers, add_target, chosen_target
from lab.settings import SECONDARY_REGION, SettingsError

LONGEST = timedelta(hours=2)


def add(commands: Subparsers) -> None:
    parser = commands.add_parser(
        "rehearse",
        help="restore the newest backup beside production, look at it, and delete it again",
        description="Run it from where the Region's database can be reached, such as a CloudShell in its VPC.",
    )
    parser.add_argument("--region", default=SECONDARY_REGION, help=f"the standby (default {SECONDARY_REGION})")
    parser.add_argument("--to", default="latest", help="latest (the default), or a moment with its zone")
    add_target(parser)
    parser.set_defaults(run=run, interrupted="an instance ...-rehearsal may be left: delete it.")


def run(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 only when the newest backup was restored and production did not notice; 1 when not, or refused."""
    where, wanted = chosen_target(options), _moment(options.to)
    from failover.domain.leader_record import Refusal
    from failover.wiring.rehearsing import keep_rehearsal, rehearse_restore
    from lab.operators import sign_in
    from lab.rehearsal_price import rehearsal_price

    me = sign_in(where, (options.region,))
    if options.region not in me.plan.regions:
        raise SettingsError(f"--region {options.region!r} is not one of {', '.join(me.plan.regions)}")

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    use_case = rehearse_restore(me.plan, options.region, LONGEST)
    found = use_case(wanted)
    if isinstance(found, Refusal):
        say(f"REFUSED: {found.reason}")
        return FAILED
    if not keep_rehearsal(me.plan, options.region, me.by)(found):
        say("This could NOT be written to the journal.")
    usd, told = rehearsal_price(use_case.instance_class(), options.region, found.tried.restore)
    say(json.dumps({**found.to_dict(), "price_usd": usd, "price": told}, indent=1))
    if found.passed and found.tried.restore is not None:
        seconds = found.tried.restore.total_seconds()
        say(f"Passed: {found.tried.restored_from} was restored in {seconds:.1f} s, and production did not notice.")
        return PASSED
    say("FAILED: the lines above say what was not as it must be.")
    return FAILED


def _moment(text: str) -> datetime | None:
    """Raises SettingsError."""
    from failover.domain.instants import aware

    try:
        return None if text == "latest" else aware(text)
    except ValueError as error:
        raise SettingsError(
            f"--to {text!r} is neither latest nor a moment with its zone, such as 2026-11-27T03:00:00Z"
        ) from error
