"""`drlab readiness`: could the standby take over today, and if not, what is missing?"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from lab.commands.options import FAILED, PASSED, Subparsers, add_target, chosen_target

UNKNOWN = 2
STATUS = {"ok": PASSED, "not ok": FAILED, "unknown": UNKNOWN}
STYLE = {"ok": "green", "not ok": "bold red", "unknown": "yellow"}


def add(commands: Subparsers) -> None:
    parser = commands.add_parser("readiness", help="could the standby take over today, and if not, what is missing?")
    parser.add_argument("--json", action="store_true", help="for programs")
    add_target(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 when it is ready, 1 when it is not, 2 when that is unknown or nobody could be asked."""
    where = chosen_target(options)
    from failover.wiring.readiness import ask_readiness
    from lab.operations.operators import sign_in

    found = ask_readiness(sign_in(where).plan)
    if options.json:
        console.print_json(json.dumps(found))
    elif found["evaluated"]:
        _show(found, console)
    else:
        console.print(found["reason"], markup=False, highlight=False, soft_wrap=True)
    return STATUS[found["verdict"]]


def _show(found: Mapping[str, Any], console: Console) -> None:
    table = Table(box=None, pad_edge=False, show_edge=False)
    for column in ("Check", "", "Seen"):
        table.add_column(column, overflow="fold")
    for one in found["checks"]:
        verdict = f"[{STYLE[one['verdict']]}]{one['verdict']}[/]"
        table.add_row(one["name"], verdict, _plain(one["value"]))
    console.print(table)
    for one in (one for one in found["checks"] if one["verdict"] != "ok"):
        console.print()
        console.print(f"{one['name']}: {one['verdict']}", style=STYLE[one["verdict"]], markup=False, soft_wrap=True)
        for label, text in (
            ("Seen", one["value"]),
            ("Expected", one["expected"]),
            ("Why", one["why"]),
            ("How", one["page"]),
        ):
            console.print(f"  {label:9} {text}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"\n{found['sentence']} Looked at in {found['seconds']:.1f} s.", markup=False, soft_wrap=True)


def _plain(text: str) -> str:
    """What AWS said is no markup."""
    from rich.markup import escape

    return escape(text)
