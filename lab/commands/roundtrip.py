"""`drlab roundtrip`: a failover, a rebuild of the standby and a switchover back, under load and in one report."""

from __future__ import annotations

import argparse

from rich.console import Console

from lab.commands.drill import add_load, settings_of
from lab.commands.options import FAILED, PASSED, Subparsers, add_database_mode, add_lab
from lab.settings import FAULT_NAMES


def add(commands: Subparsers) -> None:
    parser = commands.add_parser(
        "roundtrip", help="a failover, a rebuild of the standby and a switchover back, in one report"
    )
    parser.add_argument("--fault", default="region-dark", choices=FAULT_NAMES)
    add_load(parser)
    add_database_mode(parser)
    add_lab(parser, cloud_port=0, public_port=0)
    parser.set_defaults(run=run, planned=False, break_glass=False, isolated=False)


def run(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 only if both legs passed, nothing was lost on the way back, and what was lost is listed.

    A global database has no list: there the rebuild itself must have succeeded.
    """
    settings = settings_of(options)
    from lab.drills.live_view import LiveView
    from lab.drills.roundtrip import conduct
    from lab.host import preflight
    from lab.reports import trip_report, trip_result

    preflight.check(settings.lab)
    preflight.check_reports(options.reports)
    with LiveView(console) as view:
        trip = conduct(settings, view)
    found = trip_result.build(trip)
    console.print(trip_report.summary(found))
    page = trip_report.write(found, options.reports / trip.trip)
    console.print(f"report: {page}", markup=False, soft_wrap=True)
    return PASSED if found["passed"] else FAILED
