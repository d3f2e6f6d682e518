"""How is a drill's result shown? As JSON, as Markdown, and as one HTML page that needs nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from lab.documentation.evidence import cell
from lab.drills.occasion import REQUEST
from lab.reports.timeline_picture import draw

TEMPLATES = Path(__file__).parent / "templates"
ROWS_SHOWN = 50
UNKNOWN = "unknown"


def write(result: dict[str, Any], folder: Path) -> dict[str, Path]:
    """Write result.json, report.md and report.html into `folder`: their paths. Raises OSError."""
    return write_as("report", result, folder, picture=draw(result), shares=shares(result))


def write_as(template: str, result: dict[str, Any], folder: Path, **also: Any) -> dict[str, Path]:
    """The same files, as the templates of that name show a result; `also` is what they need beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "result.json": json.dumps(result, indent=2) + "\n",
        "report.md": render(f"{template}.md.j2", result, **also),
        "report.html": render(f"{template}.html.j2", result, **also),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return {name: folder / name for name in files}


def summary(result: dict[str, Any]) -> RenderableType:
    """The result for a terminal: the clocks, the loss, the invariants, and the verdict last."""
    invariants = Table.grid(padding=(0, 2))
    for finding in result["invariants"]:
        style = {"held": "green", "violated": "bold red"}.get(finding["verdict"], "yellow")
        told = Text(finding["invariant"])
        if finding["verdict"] != "held":
            told.append(f"\n{finding['evidence']}", style="dim")
        invariants.add_row(Text(finding["verdict"], style=style), told)
    return Group(
        _clock_table(result["clocks_seconds"], result["counted_from"] == REQUEST, bool(result["simulated"])),
        Text(_loss_sentence(result)),
        invariants,
        *(Text(note, style="yellow") for note in result["notes"]),
        Text(result["verdict"], style="bold green" if result["passed"] else "bold red"),
    )


def _clock_table(clocks: dict[str, Any], planned: bool, simulated: bool) -> Table:
    total = "total" if planned else "total RTO"
    of = ", on a simulated database" if simulated else ""
    table = Table(title=f"Lab seconds, not AWS seconds{of}", title_justify="left")
    for heading in ("detect", "decide", "execute", "traffic", total, "client outage", "control plane"):
        table.add_column(heading, justify="right")
    names = ("detect", "decide", "execute", "traffic", "total", "outage", "control_plane")
    table.add_row(*(seconds(clocks[name]) for name in names))
    return table


def _loss_sentence(result: dict[str, Any]) -> str:
    loss = result["loss"]
    bound = loss["bound_milliseconds"]
    gate = "the gate saw no bound" if bound is None else f"the gate saw a bound of {bound:g} ms"
    if not loss["promoted"]:
        return f"RPO: nothing was promoted; {gate}"
    if loss["rows"] is None:
        return f"RPO: unknown, the rows of {result['new_leader']} could not be read; {gate}"
    of = f"{loss['rows']} of {loss['acknowledged']} acknowledged rows lost"
    simulated = "; simulated database" if result["simulated"] else ""
    return f"RPO: {of} ({shown(loss['milliseconds'])} ms; {gate}{simulated})"


def seconds(value: float | None) -> str:
    """A duration, or that it is unknown."""
    return UNKNOWN if value is None else f"{value:.2f} s"


def shown(value: object) -> str:
    """A figure, or that it is unknown."""
    return UNKNOWN if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def shares(result: dict[str, Any]) -> dict[str, float]:
    """How the total splits into the four clocks, in percent; empty when one of them is unknown."""
    parts = {name: result["clocks_seconds"][name] for name in ("detect", "decide", "execute", "traffic")}
    total = sum(part or 0.0 for part in parts.values())
    if total <= 0 or any(part is None or part < 0 for part in parts.values()):
        return {}
    return {name: 100.0 * part / total for name, part in parts.items()}


def render(name: str, result: dict[str, Any], **also: Any) -> str:
    """A template of `lab/templates`, filled in with the result as `r`, and with `also` by its names."""
    # Markdown shows the same strings, and escapes them for tables itself.
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(seconds=seconds, shown=shown, cell=lambda text: cell(shown(text)))
    return environment.get_template(name).render(r=result, rows_shown=ROWS_SHOWN, **also)
