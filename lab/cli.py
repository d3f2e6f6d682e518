"""What can be typed? `drlab --help` lists it."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from datetime import timedelta
from pathlib import Path
from types import FrameType

from rich.console import Console

from lab.settings import (
    FAULT_NAMES,
    PRIMARY_REGION,
    SECONDARY_REGION,
    SERVICE,
    SYNCHRONOUS_MODES,
    DrillSettings,
    LabSettings,
    SettingsError,
)
from lab.target import TARGETS, target

FAILED, UNUSABLE, INTERRUPTED = 1, 2, 130
DEFAULT_CLOUD_PORT, DEFAULT_PUBLIC_PORT = 5055, 8080


class Interrupted(Exception):
    """The user or the system asked the lab to end."""


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 passed, 1 failed, 2 could not start (and why), 130 interrupted."""
    options = _parser().parse_args(arguments)
    console = Console(stderr=options.command == "documents")
    try:
        settings = _settings(options)
        if options.command == "documents":
            from lab.documents import write_all

            return write_all(console, options.check)
        _end_on_signals()
        if options.command == "up":
            return _up(settings.lab, console)
        if options.command == "failover":
            return _failover(options, console)
        if options.command == "guard":
            return _guard(options, console)
        if options.command == "initialise":
            return _initialise(options, console)
        return _drill(settings, options.reports, console)
    except SettingsError as error:
        console.print(f"drlab: {error}", style="bold red", markup=False)
        return UNUSABLE
    except (Interrupted, KeyboardInterrupt):
        console.print("drlab: interrupted; everything that was started has been ended.")
        return INTERRUPTED


def _drill(settings: DrillSettings, reports: Path, console: Console) -> int:
    # Imported late: `--help` and a refused setting should not wait for boto3.
    from lab import preflight, report, result
    from lab.drill import conduct
    from lab.failures import LAB_FAILURES
    from lab.live_view import LiveView

    try:
        preflight.check(settings.lab)
        with LiveView(console) as view:
            record = conduct(settings, view)
        found = result.build(record)
        paths = report.write(found, reports / record.drill)
    except LAB_FAILURES as error:
        console.print(f"drlab: {error}", style="bold red", markup=False)
        return UNUSABLE
    console.print(report.summary(found))
    console.print(f"report: {paths['report.html']}", markup=False, soft_wrap=True)
    return 0 if found["passed"] else FAILED


def _up(settings: LabSettings, console: Console) -> int:
    from lab import preflight
    from lab.explore import how_to
    from lab.failures import LAB_FAILURES
    from lab.laboratory import Laboratory
    from lab.live_view import LiveView

    try:
        preflight.check(settings)
        view = LiveView(console)
        with Laboratory(settings, view.say) as lab:
            console.print(how_to(lab), markup=False, highlight=False, soft_wrap=True)
            threading.Event().wait()
    except LAB_FAILURES as error:
        console.print(f"drlab: {error}", style="bold red", markup=False)
        return UNUSABLE
    return 0


def _failover(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 when a run would go through, 1 when it would stand down."""
    from failover.application.errors import RunRefused, TransientFailure
    from lab.preview import preview

    if not options.plan_only:
        raise SettingsError(
            "a failover is started by an alarm, or by `aws stepfunctions start-execution`; add --plan-only"
        )
    where = target(options.target, options.cloud_port, options.service)
    obstacles = []
    try:
        for step in preview(where, options.region):
            word = {True: "goes on", False: "STOPS", None: "would"}[step.goes_on]
            console.print(f"{step.state:32} {word:8} {step.reason}", markup=False, highlight=False, soft_wrap=True)
            if step.goes_on is False:
                obstacles.append(step.state)
    except (RunRefused, TransientFailure) as error:
        console.print(f"drlab: {error}", style="bold red", markup=False)
        return UNUSABLE
    if obstacles:
        console.print(f"A run would stand down at {obstacles[0]}, change nothing, and tell people why.")
        return FAILED
    console.print(f"A run would fail over to {options.region}.")
    return 0


def _guard(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 when a deploy may go on, 1 when not."""
    from lab.guard import ask

    answer = ask(target(options.target, options.cloud_port, options.service))
    console.print(f"{'deploy' if answer.allowed else 'DO NOT DEPLOY'}: {answer.reason}", markup=False, soft_wrap=True)
    return 0 if answer.allowed else FAILED


def _initialise(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 when there is a leader record now."""
    from failover.application.errors import RunRefused, TransientFailure
    from lab.first_record import initialise

    try:
        answer = initialise(target(options.target, options.cloud_port, options.service), options.region)
    except (RunRefused, TransientFailure) as error:
        console.print(f"drlab: {error}", style="bold red", markup=False)
        return UNUSABLE
    console.print(answer.reason, markup=False, soft_wrap=True)
    return 0 if answer.allowed else FAILED


def _end_on_signals() -> None:
    """Ctrl-C and an ordinary kill both leave by way of the context managers, which end every process."""

    def leave(number: int, frame: FrameType | None) -> None:
        del number, frame
        # A second Ctrl-C must not cut the ending short.
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_IGN)
        raise Interrupted

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, leave)


def _settings(options: argparse.Namespace) -> DrillSettings:
    if options.command in ("documents", "failover", "guard", "initialise"):
        return DrillSettings()
    lab = LabSettings(
        replication_delay=timedelta(milliseconds=options.replication_delay),
        synchronous_mode=options.synchronous,
        time_scale=options.time_scale,
        rpo_target_seconds=options.rpo_target,
        cloud_port=options.cloud_port,
        public_port=options.public_port,
    )
    if options.command == "up":
        return DrillSettings(lab)
    return DrillSettings(
        lab,
        fault=options.fault,
        write_rate=options.rate,
        writers=options.writers,
        seed=options.seed,
        warm_up=timedelta(seconds=options.warm_up),
        settle=timedelta(seconds=options.settle),
        give_up_after=timedelta(seconds=options.give_up_after),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="drlab", description="Run, drill and prove a multi-Region warm standby.")
    commands = parser.add_subparsers(dest="command", required=True)
    drill = commands.add_parser("drill", help="an unplanned failover on real parts, measured and reported")
    drill.add_argument("--fault", default="region-dark", choices=FAULT_NAMES)
    drill.add_argument("--rate", type=float, default=200, help="writes a second (default 200)")
    drill.add_argument("--writers", type=int, default=4, help="clients (default 4)")
    drill.add_argument("--seed", type=int, default=1, help="of the workload (default 1)")
    drill.add_argument("--warm-up", type=float, default=2, help="seconds of writes before the fault (default 2)")
    drill.add_argument("--settle", type=float, default=2, help="seconds of writes after the failover (default 2)")
    drill.add_argument("--give-up-after", type=float, default=60, help="seconds to wait for a failover (default 60)")
    drill.add_argument("--reports", type=Path, default=Path("reports"), help="folder for reports (default reports)")
    _add_lab(drill, 0, 0)
    up = commands.add_parser("up", help="keep the lab running for any boto3 or AWS CLI client")
    _add_lab(up, DEFAULT_CLOUD_PORT, DEFAULT_PUBLIC_PORT)
    failover = commands.add_parser("failover", help="what a failover would do now, and why")
    failover.add_argument(
        "--plan-only", action="store_true", help="decide everything that needs no change, and print it"
    )
    failover.add_argument("--region", default=SECONDARY_REGION, help=f"that would lead (default {SECONDARY_REGION})")
    _add_target(failover)
    guard = commands.add_parser("guard", help="refuse a deploy during a run, or one that would undo a failover")
    _add_target(guard)
    first = commands.add_parser(
        "initialise", help="write a new installation's first leader record, or repair a lost copy"
    )
    first.add_argument("--region", default=PRIMARY_REGION, help=f"whose plan is read (default {PRIMARY_REGION})")
    _add_target(first)
    documents = commands.add_parser("documents", help="write the generated documents anew")
    documents.add_argument("--check", action="store_true", help="only say which are out of date")
    return parser


def _add_target(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--target", default="aws", help=f"{' or '.join(TARGETS)} (default aws)")
    parser.add_argument("--cloud-port", type=int, default=DEFAULT_CLOUD_PORT, help="of the lab's AWS APIs")
    parser.add_argument("--service", default=SERVICE, help=f"part of every name (default {SERVICE})")


def _add_lab(parser: argparse.ArgumentParser, cloud_port: int, public_port: int) -> None:
    parser.add_argument(
        "--replication-delay", type=float, default=50, help="milliseconds between the Regions (default 50)"
    )
    parser.add_argument("--synchronous", default="off", choices=SYNCHRONOUS_MODES, help="synchronous replication")
    parser.add_argument("--time-scale", type=float, default=60, help="AWS seconds in a lab second (default 60)")
    parser.add_argument("--rpo-target", type=float, default=300, help="seconds (default 300)")
    parser.add_argument("--cloud-port", type=int, default=cloud_port, help=f"of the AWS APIs (default {cloud_port})")
    parser.add_argument("--public-port", type=int, default=public_port, help=f"of the service (default {public_port})")


if __name__ == "__main__":
    sys.exit(main())
