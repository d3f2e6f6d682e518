"""How is the result of a drill on a throwaway replica shown?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from lab.reports import report


def write(result: dict[str, Any], folder: Path) -> Path:
    """Write result.json, report.md and report.html into `folder`; the page. Raises OSError."""
    return report.write_as("isolated", result, folder)["report.html"]


def summary(result: dict[str, Any]) -> RenderableType:
    """For a terminal: the steps, the price, and the verdict last."""
    table = Table(title=_title(result), title_justify="left")
    for heading, justify in (("step", "left"), ("took", "right"), ("", "left")):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for step in result["steps"]:
        table.add_row(step["step"], report.seconds(step["seconds"]), step["told"])
    usd = result["price"]["usd"]
    price = "unknown" if usd is None else f"{usd:.4f} USD"
    return Group(
        table,
        Text(f"Price: {price} ({result['price']['told']})"),
        *([Text(_clients(result["clients"]))] if result["clients"] else []),
        *(Text(complaint, style="yellow") for complaint in result["complaints"][1:]),
        Text(result["verdict"], style="bold green" if result["passed"] else "bold red"),
    )


def _title(result: dict[str, Any]) -> str:
    return "Lab seconds, not AWS seconds" if result["target"] == "lab" else f"In {result['region']}"


def _clients(clients: dict[str, Any]) -> str:
    return (
        f"Clients meanwhile: {clients['acknowledged']} writes acknowledged, {clients['others']} not; "
        f"at the longest {report.seconds(clients['longest_silence'])} between two."
    )
