"""`drlab failover --plan-only`: what a failover would do now, and why."""

from __future__ import annotations

import argparse

from rich.console import Console

from lab.commands.options import FAILED, PASSED, Subparsers, add_target, chosen_target
from lab.settings import SECONDARY_REGION, SettingsError


def add(commands: Subparsers) -> None:
    parser = commands.add_parser("failover", help="what a failover would do now, and why")
    parser.add_argument("--plan-only", action="store_true", help="decide everything that needs no change, and print it")
    parser.add_argument("--region", default=SECONDARY_REGION, help=f"that would lead (default {SECONDARY_REGION})")
    add_target(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 when a run would go through, 1 when it would stand down."""
    if not options.plan_only:
        raise SettingsError(
            "a failover is started by an alarm, or by `aws stepfunctions start-execution`; add --plan-only"
        )
    where = chosen_target(options)
    from lab.preview import preview

    obstacles = []
    for step in preview(where, options.region):
        word = {True: "goes on", False: "STOPS", None: "would"}[step.goes_on]
        console.print(f"{step.state:32} {word:8} {step.reason}", markup=False, highlight=False, soft_wrap=True)
        if step.goes_on is False:
            obstacles.append(step.state)
    if obstacles:
        console.print(f"A run would stand down at {obstacles[0]}, change nothing, and tell people why.")
        return FAILED
    console.print(f"A run would fail over to {options.region}.")
    return PASSED
