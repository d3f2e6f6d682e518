"""How is a drill's result shown? As JSON, as Markdown, and as one HTML page that needs nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from lab.timeline_picture import Picture, draw

TEMPLATES = Path(__file__).parent / "templates"
ROWS_SHOWN = 50
UNKNOWN = "unknown"


def write(result: dict[str, Any], folder: Path) -> dict[str, Path]:
    """Write result.json, report.md and report.html into `folder`: their paths. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "result.json": json.dumps(result, indent=2) + "\n",
        "report.md": _render("report.md.j2", result),
        "report.html": _render("report.html.j2", result, picture=draw(result)),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return {name: folder / name for name in files}


def summary(result: dict[str, Any]) -> RenderableType:
    """The result for a terminal."""
    clocks, loss = result["clocks_seconds"], result["loss"]
    table = Table(title="Lab seconds, not AWS seconds", title_justify="left")
    for heading in ("detect", "decide", "execute", "traffic", "total RTO", "client outage", "control plane's share"):
        table.add_column(heading, justify="right")
    names = ("detect", "decide", "execute", "traffic", "total", "outage", "control_plane")
    table.add_row(*(seconds(clocks[name]) for name in names))
    lines: list[RenderableType] = [
        table,
        Text(
            f"RPO: {shown(loss['rows'])} of {loss['acknowledged']} acknowledged rows lost"
            f" ({shown(loss['milliseconds'])} ms; the gate saw a bound of {shown(loss['bound_milliseconds'])} ms)"
        ),
    ]
    for finding in result["invariants"]:
        style = {"held": "green", "violated": "bold red"}.get(finding["verdict"], "yellow")
        lines.append(Text.assemble((f"{finding['verdict']:11s} ", style), f"{finding['invariant']}"))
    lines.append(Text(result["verdict"], style="bold green" if result["passed"] else "bold red"))
    return Group(*lines)


def seconds(value: float | None) -> str:
    """A duration, or that it is unknown."""
    return UNKNOWN if value is None else f"{value:.2f} s"


def shown(value: object) -> str:
    """A figure, or that it is unknown."""
    return UNKNOWN if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _render(name: str, result: dict[str, Any], picture: Picture | None = None) -> str:
    # Markdown shows the same strings, and escapes them for tables itself.
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=name.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(seconds=seconds, shown=shown, cell=_cell)
    return environment.get_template(name).render(r=result, picture=picture, rows_shown=ROWS_SHOWN)


def _cell(text: object) -> str:
    """Text for one cell of a Markdown table."""
    return " ".join(shown(text).replace("|", "\\|").replace("<", "&lt;").split()) if text is not None else UNKNOWN
