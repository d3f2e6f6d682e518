"""How is a round trip's result shown? One page for the trip, and the page of a drill for each leg."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from lab.reports import report
from lab.reports.report import seconds, shown


def write(result: dict[str, Any], folder: Path) -> Path:
    """Write result.json, report.md and report.html into `folder`, and the legs beside them; the page. Raises OSError."""
    for name, leg in result["legs"].items():
        if leg is not None:
            report.write(leg, folder / name)
    return report.write_as("roundtrip", result, folder)["report.html"]


def summary(result: dict[str, Any]) -> RenderableType:
    """For a terminal: the two legs, the rebuild, the rows, and the verdict last."""
    table = Table(title="Lab seconds, not AWS seconds", title_justify="left")
    for heading in ("", "total", "client outage", "acknowledged rows lost", "invariants"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, leg in result["legs"].items():
        if leg is not None:
            clocks, verdicts = leg["clocks_seconds"], [one["verdict"] for one in leg["invariants"]]
            told = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in dict.fromkeys(verdicts))
            table.add_row(name, seconds(clocks["total"]), seconds(clocks["outage"]), shown(leg["loss"]["rows"]), told)
    rebuild, rows = result["rebuild"] or {}, result["rows"]
    return Group(
        table,
        Text(str(rebuild.get("summary") or "The standby was not rebuilt.")),
        Text(f"Wall time: {result['wall_seconds']:g} s, target {result['wall_seconds_target']:g} s"),
        *([Text(result["simulated"])] if result["simulated"] else []),
        *(Text(complaint, style="yellow") for complaint in result["complaints"][1:]),
        Text(f"Rows listed as the old primary's own: {shown(rows['listed'])}"),
        Text(result["verdict"], style="bold green" if result["passed"] else "bold red"),
    )
