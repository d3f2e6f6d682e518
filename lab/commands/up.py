"""`drlab up`: keep the lab running for any boto3 or AWS CLI client."""

from __future__ import annotations

import argparse
import threading
from dataclasses import replace

from rich.console import Console

from lab.commands.options import (
    DEFAULT_CLOUD_PORT,
    DEFAULT_PUBLIC_PORT,
    PASSED,
    Subparsers,
    add_database_mode,
    add_lab,
    chosen_lab,
)


def add(commands: Subparsers) -> None:
    parser = commands.add_parser("up", help="keep the lab running for any boto3 or AWS CLI client")
    add_database_mode(parser)
    add_lab(parser, DEFAULT_CLOUD_PORT, DEFAULT_PUBLIC_PORT)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Runs until it is interrupted."""
    settings = chosen_lab(options)
    # Somebody who looks on should have the time to answer.
    settings = replace(settings, timers=replace(settings.timers, approval_seconds=600))
    from lab.drills.live_view import LiveView
    from lab.explore import how_to
    from lab.host import preflight
    from lab.laboratory import Laboratory

    preflight.check(settings)
    view = LiveView(console)
    with Laboratory(settings, view.say) as lab:
        console.print(how_to(lab), markup=False, highlight=False, soft_wrap=True)
        threading.Event().wait()
    return PASSED
