"""`drlab cost`: what the default plan costs in a month, what each option changes, and what one drill costs."""

from __future__ import annotations

import argparse
import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from lab.commands.options import FAILED, PASSED, Subparsers
from lab.settings import SettingsError

if TYPE_CHECKING:
    from lab.cost.estimate import Estimate
    from lab.cost.quote import Quote

BIGGEST = 8


def add(commands: Subparsers) -> None:
    parser = commands.add_parser("cost", help="what the plan costs in a month, by service and Region")
    parser.add_argument("--usage", metavar="FILE", help="figures that replace those of lab/cost/usage.yaml")
    parser.add_argument("--json", action="store_true", help="for programs, with every item, price and assumption")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 when a month is within monthlyBudgetUsd, else 1."""
    if options.usage == "":
        raise SettingsError("--usage '' is no file's name")
    from lab.cost.quote import as_json, quote

    found = quote(Path(options.usage) if options.usage else None)
    if options.json:
        console.print_json(json.dumps(as_json(found)))
    else:
        _show(found, console)
    return PASSED if found.month.within_budget else FAILED


def _show(found: Quote, console: Console) -> None:
    console.print(_month(found.month))
    _say_verdict(found.month, console)
    console.print(_biggest(found.month))
    console.print(_options(found))
    _say_drill(found.month, console)
    _say_sureness(found, console)


def _month(month: Estimate) -> Table:
    table = Table(title="USD a month, list prices, no free tier")
    table.add_column("Service")
    for column in (*month.regions, "Total"):
        table.add_column(column, justify="right")
    rows = month.by_service()
    for service, by_region in rows.items():
        told = [by_region.get(region, Decimal(0)) for region in month.regions]
        table.add_row(service, *(_usd(one) if one else "" for one in told), _usd(sum(told, Decimal(0))))
    table.add_section()
    sums = [sum((row.get(region, Decimal(0)) for row in rows.values()), Decimal(0)) for region in month.regions]
    table.add_row("Total", *(_usd(one) for one in sums), _usd(month.total), style="bold")
    return table


def _say_verdict(month: Estimate, console: Console) -> None:
    left = month.budget_usd - month.total
    told = f"{_usd(left)} below" if month.within_budget else f"{_usd(-left)} ABOVE"
    line = f"{_usd(month.total)} a month is {told} monthlyBudgetUsd, which is {_usd(month.budget_usd)}."
    console.print(line, style="green" if month.within_budget else "bold red", highlight=False, soft_wrap=True)


def _biggest(month: Estimate) -> Table:
    table = Table(title="The biggest single items")
    for column in ("Region", "What", "Quantity", "Unit", "USD"):
        table.add_column(column, justify="right" if column in ("Quantity", "USD") else "left")
    for one in month.biggest(BIGGEST):
        table.add_row(one.region, one.price.what, f"{one.quantity:,.1f}", one.price.unit, _usd(one.usd))
    return table


def _options(found: Quote) -> Table:
    table = Table(title="With one option alone")
    table.add_column("Option")
    for column in ("Difference", "Total"):
        table.add_column(column, justify="right")
    for one in found.options:
        table.add_row(one.name, f"{one.total - found.month.total:+,.2f}", _usd(one.total))
    return table


def _say_drill(month: Estimate, console: Console) -> None:
    from lab.cost.estimate import total

    parts = sorted(month.drill, key=lambda one: -one.usd)[:3]
    most = ", ".join(f"{one.price.what} ({one.region}) {_usd(one.usd)}" for one in parts)
    line = f"One drill costs {_usd(total(month.drill))}, there and back; the dearest parts: {most}."
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def _say_sureness(found: Quote, console: Console) -> None:
    oldest = min(one.price.listed for one in found.used)
    line = (
        f"Unconfirmed: {len(found.unconfirmed)} of {len(found.used)} prices, with {_usd(found.unconfirmed_usd)} of the month; "
        f"the oldest is of {oldest:%Y-%m-%d}. dataplane_cdk/prices/prices.yaml has the date and the source of each."
    )
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def _usd(amount: Decimal) -> str:
    return f"{amount:,.2f}"
