"""`drlab drill`: a failover or a switchover on real parts, measured and reported.

Or with `--isolated` the promotion of a throwaway replica beside production, which goes to a running installation as well.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from lab.commands.options import (
    DEFAULT_CLOUD_PORT,
    FAILED,
    PASSED,
    Subparsers,
    add_database_mode,
    add_lab,
    add_service,
    chosen_lab,
    chosen_target,
    span,
)
from lab.operations.target import TARGETS
from lab.settings import FAULT_NAMES, SECONDARY_REGION, DrillSettings, SettingsError


def add(commands: Subparsers) -> None:
    parser = commands.add_parser("drill", help="a failover or a switchover on real parts, measured and reported")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--fault", default="region-dark", choices=FAULT_NAMES)
    what.add_argument("--planned", action="store_true", help="a switchover: nothing breaks, and nothing may be lost")
    what.add_argument("--break-glass", action="store_true", help="the control plane is lost, and a person fails over")
    what.add_argument(
        "--isolated", action="store_true", help="a throwaway replica is promoted; production is untouched"
    )
    parser.add_argument("--target", help=f"with --isolated: {' or '.join(TARGETS)} (default: a lab of its own)")
    parser.add_argument("--region", default=SECONDARY_REGION, help=f"of the standby (default {SECONDARY_REGION})")
    add_service(parser)
    add_load(parser)
    add_database_mode(parser)
    add_lab(parser, cloud_port=0, public_port=0)
    parser.set_defaults(run=run)


def add_load(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rate", type=float, default=200, help="writes a second (default 200)")
    parser.add_argument("--writers", type=int, default=4, help="clients (default 4)")
    parser.add_argument("--seed", type=int, default=1, help="of the workload (default 1)")
    parser.add_argument("--warm-up", type=float, default=2, help="seconds of writes before the fault (default 2)")
    parser.add_argument("--settle", type=float, default=2, help="seconds of writes after the failover (default 2)")
    parser.add_argument("--give-up-after", type=float, default=60, help="seconds to wait for a failover (default 60)")
    parser.add_argument("--reports", type=Path, default=Path("reports"), help="folder for reports (default reports)")


def run(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 only if writes flow again and the invariants held."""
    settings = settings_of(options)
    if settings.isolated:
        return _isolated(options, settings, console)
    if options.target is not None:
        raise SettingsError("--target is for --isolated alone: other drills break what they are drilled on")
    from lab.drills.drill import conduct
    from lab.drills.live_view import LiveView
    from lab.host import preflight
    from lab.reports import report, result

    preflight.check(settings.lab)
    preflight.check_reports(options.reports)
    with LiveView(console) as view:
        record = conduct(settings, view)
    found = result.build(record)
    console.print(report.summary(found))
    paths = report.write(found, options.reports / record.drill)
    console.print(f"report: {paths['report.html']}", markup=False, soft_wrap=True)
    return PASSED if found["passed"] else FAILED


def _isolated(options: argparse.Namespace, settings: DrillSettings, console: Console) -> int:
    """Exit status 0 only if the promotion succeeded, nothing is left of it, and production is as it was."""
    from failover.domain.leader_record import Refusal
    from lab.drills.isolated_drill import drill_own_lab, drill_target
    from lab.drills.live_view import LiveView
    from lab.host import preflight
    from lab.reports import isolated_report, isolated_result

    options.interrupted = (
        "the throwaway replica is deleted, or left behind as it is said above; `drlab status` shows one."
    )
    preflight.check_reports(options.reports)
    with LiveView(console) as view:
        if options.target is None:
            preflight.check(settings.lab)
            drilled = drill_own_lab(settings, view)
        else:
            options.cloud_port = options.cloud_port or DEFAULT_CLOUD_PORT
            drilled = drill_target(chosen_target(options), options.region, view.say)
    if isinstance(drilled.found, Refusal):
        console.print(f"REFUSED: {drilled.found.reason}", markup=False, soft_wrap=True)
        return FAILED
    found = isolated_result.build(drilled, drilled.found)
    console.print(isolated_report.summary(found))
    if not drilled.recorded:
        console.print("This could NOT be written to the journal.", style="bold yellow")
    page = isolated_report.write(found, options.reports / found["drill"])
    console.print(f"report: {page}", markup=False, soft_wrap=True)
    return PASSED if found["passed"] else FAILED


def settings_of(options: argparse.Namespace) -> DrillSettings:
    return DrillSettings(
        chosen_lab(options),
        fault=options.fault,
        planned=options.planned,
        break_glass=options.break_glass,
        isolated=options.isolated,
        write_rate=options.rate,
        writers=options.writers,
        seed=options.seed,
        warm_up=span("--warm-up", options.warm_up),
        settle=span("--settle", options.settle),
        give_up_after=span("--give-up-after", options.give_up_after),
    )
