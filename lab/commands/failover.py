"""`drlab failover`: what a failover would do now (--plan-only), or all of its steps from this machine (--break-glass)."""

from __future__ import annotations

import argparse

from rich.console import Console

from lab.commands.breaking_glass import add_break_glass, break_glass, require_nothing_of_it
from lab.commands.options import FAILED, PASSED, Subparsers, add_target, chosen_target
from lab.settings import SECONDARY_REGION, SettingsError


def add(commands: Subparsers) -> None:
    parser = commands.add_parser("failover", help="what a failover would do now, or its steps without a control plane")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--plan-only", action="store_true", help="decide everything that needs no change, and print it")
    how.add_argument(
        "--break-glass", action="store_true", help="take every step from here, when the control plane is lost"
    )
    parser.add_argument("--region", "--to", default=SECONDARY_REGION, help=f"to lead (default {SECONDARY_REGION})")
    add_break_glass(parser)
    add_target(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 when a run would go through, or went through; 1 when not."""
    if options.break_glass:
        return break_glass(options, console)
    require_nothing_of_it(options)
    if not options.plan_only:
        raise SettingsError(
            "a failover is started by an alarm, or by the operators' API; add --plan-only to see what it would do,"
            " or --break-glass to take its steps from here when the control plane is lost"
        )
    where = chosen_target(options)
    from lab.operations.preview import preview

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
