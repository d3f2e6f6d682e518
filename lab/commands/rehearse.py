"""`drlab rehearse`: restore the newest backup beside production, look at it, and delete it again."""

from __future__ import annotations

import argparse
import json
from datetime import datetime

from rich.console import Console

from lab.commands.options import FAILED, PASSED, Subparsers, add_target, chosen_target
from lab.commands.telling import tell
from lab.settings import SECONDARY_REGION, SettingsError

# Of what the run kept: the rest is said in words.
SHOWN = ("restored_from", "seconds", "price_usd", "price", "unusable", "left_behind", "disturbed")


def add(commands: Subparsers) -> None:
    parser = commands.add_parser(
        "rehearse", help="restore the newest backup beside production, look at it, and delete it again"
    )
    parser.add_argument("--region", default=SECONDARY_REGION, help=f"the standby (default {SECONDARY_REGION})")
    parser.add_argument("--to", default="latest", help="latest (the default), or a moment with its zone")
    add_target(parser)
    parser.set_defaults(run=run, interrupted="a rehearsal that was started goes on: its message tells how it ends.")


def run(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 only when the newest backup was restored and production did not notice; 1 when not, or refused."""
    where, wanted = chosen_target(options), _moment(options.to)
    from failover.application.under_way import REHEARSAL
    from failover.domain.outcome import Result, outcome_key
    from failover.wiring.operators import outcomes_of, runs_of, start_rehearsal
    from lab.operations.follow_run import follow
    from lab.operations.operators import sign_in

    me = sign_in(where, (options.region,))
    me.require(options.region)

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    answer = start_rehearsal(me.plan, options.region, me.by)(wanted)
    if tell(console, answer) != PASSED or answer.run is None:
        return FAILED
    say(f"{answer.run} runs in {options.region}.")
    result = follow(runs_of(me.plan, options.region, REHEARSAL), answer.run, say)
    record = outcomes_of(me.plan, options.region).read(outcome_key(answer.run))
    state = json.loads(record)["state"] if record is not None else {}
    if kept := state.get("kept"):
        content = (state.get("restored") or {}).get("content")
        say(json.dumps({**{key: kept[key] for key in SHOWN}, "content": content}, indent=1))
    return PASSED if result == Result.REHEARSED.value else FAILED


def _moment(text: str) -> datetime | None:
    """Raises SettingsError."""
    from failover.domain.instants import aware

    try:
        return None if text == "latest" else aware(text)
    except ValueError as error:
        raise SettingsError(
            f"--to {text!r} is neither latest nor a moment with its zone, such as 2026-11-27T03:00:00Z"
        ) from error
