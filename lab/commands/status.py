"""`drlab status`: who leads, what holds a run back, what runs, and what was decided lately."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from rich.console import Console

from lab.commands.options import FAILED, PASSED, Subparsers, add_target, chosen_target
from lab.settings import within

if TYPE_CHECKING:
    from failover.application.show_status import Status


def add(commands: Subparsers) -> None:
    parser = commands.add_parser("status", help="who leads, what holds a run back, what runs, what was decided lately")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--entries", type=int, default=10, help="of the journals to show (default 10)")
    add_target(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 when who leads is known, else 1."""
    where = chosen_target(options)
    within("--entries", options.entries, 1, 1000, "entries")
    from failover.wiring.operators import show_status
    from lab.operations.operators import sign_in

    status = show_status(sign_in(where).plan)(options.entries)
    if options.json:
        console.print_json(json.dumps(status.to_dict()))
    else:
        _show(status, console)
    return PASSED if status.record else FAILED


def _show(status: Status, console: Console) -> None:
    for name, value in _lines(status):
        console.print(f"{name:16} {value}", markup=False, highlight=False, soft_wrap=True)
    console.print("\nJournal, newest first (UTC)" if status.entries else "\nThe journals are empty.")
    for region, entry in status.entries:
        event = entry.event
        what = (
            f"{entry.at:%m-%d %H:%M:%S}  {region}  {event.kind}, by {event.by}{f', {event.run}' if event.run else ''}"
        )
        console.print(what, style="bold", markup=False, highlight=False, soft_wrap=True)
        console.print(f"    {event.reason}", markup=False, highlight=False, soft_wrap=True)


def _lines(status: Status) -> list[tuple[str, str]]:
    record = status.record
    if record is None:
        lines = [("Leader", f"UNKNOWN: {status.unknown}")]
    else:
        since = f"since {record.changed_at:%Y-%m-%d %H:%M:%S} UTC"
        lines = [
            ("Leader", f"{record.leader}, {record.state}, epoch {record.epoch}, {since}"),
            ("Last run", record.run or "none"),
            ("Automatic runs", status.held_back or "armed: an alarm starts a run"),
        ]
    for one in status.regions:
        if not one.under_way:
            lines.append((one.region, one.silent or "no run in progress"))
        lines += [(one.region, f"runs {work}") for work in one.under_way]
    return lines
