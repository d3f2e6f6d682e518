"""Which measured figures does the README show? Those of the drill reports that were kept in runbooks/evidence."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

EVIDENCE = Path(__file__).resolve().parents[1] / "runbooks" / "evidence"
BEGIN, END = "<!-- evidence:begin -->", "<!-- evidence:end -->"
HEADINGS = (
    "Fault",
    "Link",
    "Detect",
    "Decide",
    "Execute",
    "Traffic",
    "RTO",
    "RPO rows",
    "RPO ms",
    "Gate's bound",
    "Invariants",
)


class EvidenceError(ValueError):
    """A report or the README cannot be used; the text says which and why."""


def reports(folder: Path = EVIDENCE) -> list[dict[str, Any]]:
    """The kept results, by fault and link. Raises EvidenceError."""
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            found.append(json.loads(path.read_text(encoding="utf-8")))
        except ValueError as error:
            raise EvidenceError(f"{path.name} is not a drill's result: {error}") from error
    return sorted(found, key=lambda one: (one["fault"]["name"], one["settings"]["replication_delay_ms"]))


def with_table(readme: str, results: Iterable[dict[str, Any]]) -> str:
    """The README with the table between its markers. Raises EvidenceError when it has none."""
    if readme.count(BEGIN) != 1 or readme.count(END) != 1:
        raise EvidenceError(f"README.md needs one {BEGIN} and one {END}")
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table(results)}\n{END}{after}"


def table(results: Iterable[dict[str, Any]]) -> str:
    """A Markdown table; what a report does not know is `unknown`."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "|---" * 2 + "|---:" * 8 + "|---|"]
    lines += ["| " + " | ".join(_row(result)) + " |" for result in results]
    return "\n".join(lines)


def _row(result: dict[str, Any]) -> list[str]:
    clocks, loss, settings = result["clocks_seconds"], result["loss"], result["settings"]
    held = sum(one["verdict"] == "held" for one in result["invariants"])
    violated = sum(one["verdict"] == "violated" for one in result["invariants"])
    delay = f"{settings['replication_delay_ms']:g} ms"
    mode = "" if settings["synchronous_mode"] == "off" else f", {settings['synchronous_mode']}"
    return [
        result["fault"]["name"],
        delay + mode,
        *(_seconds(clocks[name]) for name in ("detect", "decide", "execute", "traffic", "total")),
        "unknown" if loss["rows"] is None else str(loss["rows"]),
        "unknown" if loss["milliseconds"] is None else f"{loss['milliseconds']:.0f}",
        "unknown" if loss["bound_milliseconds"] is None else f"{loss['bound_milliseconds']:.0f} ms",
        f"{held} held, {violated} violated",
    ]


def _seconds(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1f} s"
