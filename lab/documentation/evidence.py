"""Which measured figures does the README show? Those of the drill reports that were kept in runbooks/evidence."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lab.drills.occasion import CONTROL_PLANE_LOST, REQUEST, SWITCHOVER
from lab.reports.result import SCHEMA

EVIDENCE = Path(__file__).resolve().parents[2] / "runbooks" / "evidence"
LINK = "runbooks/evidence"
ISOLATED = "isolated"
VERDICTS = ("held", "violated", "not checked")
BEGIN, END = "<!-- evidence:begin -->", "<!-- evidence:end -->"
RESTORE = "RestoreFromLatestSnapshot"
HEADINGS = (
    "Run",
    "Fault",
    "Link",
    "Detect",
    "Decide",
    "Execute",
    "Traffic",
    "RTO",
    "Outage",
    "RPO rows",
    "RPO ms",
    "Gate's bound",
    "Invariants",
)


class EvidenceError(ValueError):
    """A report or the README cannot be used; the text says which and why."""


def reports(folder: Path = EVIDENCE) -> list[dict[str, Any]]:
    """The kept drills, by kind of run, fault and link: a round trip's two legs are two. `file` and `run`, its kind, are
    added. Raises EvidenceError."""
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            result = json.loads(path.read_text(encoding="utf-8"))
            if result["schema"] != SCHEMA:
                raise ValueError(f"its schema is {result['schema']!r}, not {SCHEMA}")
            for one in _drills(result):
                _row(one)
                found.append({**one, "file": path.name})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            what = f"it has no {error}" if isinstance(error, KeyError) else str(error)
            raise EvidenceError(f"{path.name} is not a drill's result: {what}") from error
    return sorted(
        found, key=lambda one: (one["run"], one["fault"]["name"], one["settings"]["replication_delay_ms"], one["file"])
    )


def _drills(result: dict[str, Any]) -> list[dict[str, Any]]:
    if "legs" not in result:
        return [{**result, "run": _kind(result)}]
    took = f"a round trip of {result['wall_seconds']:.0f} s"
    return [
        {**leg, "run": f"{_kind(leg)}, {name} in {took}"} for name, leg in result["legs"].items() if leg is not None
    ]


def _kind(result: dict[str, Any]) -> str:
    if result.get("counted_from") == REQUEST:
        return SWITCHOVER
    if result["fault"]["name"] == CONTROL_PLANE_LOST:
        return "failover by hand"
    entered = {one["state"] for run in result["runs"] for one in run["states"]}
    return "failover by restore" if RESTORE in entered else "failover"


def beside_production(folder: Path = EVIDENCE) -> list[str]:
    """A line for each kept promotion of a throwaway replica, which moves nothing. Raises EvidenceError."""
    lines = []
    for path in sorted((folder / ISOLATED).glob("*.json")):
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            lines.append(f"- [Beside production]({LINK}/{ISOLATED}/{path.name}): {_told(found)}")
        except (ValueError, KeyError, TypeError) as error:
            raise EvidenceError(f"{path.name} is no drill beside production: {error}") from error
    return lines


def _told(found: dict[str, Any]) -> str:
    clients, usd = found["clients"], found["price"]["usd"]
    price = "unknown" if usd is None else f"{usd:.4f} USD"
    return f"{found['verdict']} {clients['others']} of its clients' writes failed meanwhile. Price on AWS: {price}."


def with_table(readme: str, results: Iterable[dict[str, Any]], beside: Iterable[str] = ()) -> str:
    """The README with the table between its markers. Raises EvidenceError when it has none."""
    if readme.count(BEGIN) != 1 or readme.count(END) != 1:
        raise EvidenceError(f"README.md needs one {BEGIN} and one {END}")
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    lines = "".join(f"\n{line}\n" for line in beside)
    return f"{before}{BEGIN}\n{table(results)}\n{lines}{END}{after}"


def table(results: Iterable[dict[str, Any]]) -> str:
    """A Markdown table; what a report does not know is `unknown`."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "|---" * 3 + "|---:" * 9 + "|---|"]
    lines += ["| " + " | ".join(_row(result)) + " |" for result in results]
    return "\n".join(lines)


def _row(result: dict[str, Any]) -> list[str]:
    clocks, loss, settings = result["clocks_seconds"], result["loss"], result["settings"]
    verdicts = [one["verdict"] for one in result["invariants"]]
    fault = cell(result["fault"]["name"]) + (", simulated Aurora" if result.get("simulated") else "")
    delay = f"{settings['replication_delay_ms']:g} ms"
    mode = "" if settings["synchronous_mode"] == "off" else f", {cell(settings['synchronous_mode'])}"
    # Where nothing was promoted, rows that the standby lacks are not lost, and nobody read the old leader's.
    lost = loss if loss.get("promoted", True) else {**loss, "rows": None, "milliseconds": None}
    return [
        cell(result.get("run") or _kind(result)),
        f"[{fault}]({LINK}/{result['file']})" if "file" in result else fault,
        delay + mode,
        *(_seconds(clocks[name]) for name in ("detect", "decide", "execute", "traffic", "total", "outage")),
        "unknown" if lost["rows"] is None else str(lost["rows"]),
        "unknown" if lost["milliseconds"] is None else f"{lost['milliseconds']:.0f}",
        "unknown" if loss["bound_milliseconds"] is None else f"{loss['bound_milliseconds']:.0f} ms",
        ", ".join(f"{verdicts.count(name)} {name}" for name in VERDICTS if name != "not checked" or name in verdicts),
    ]


def cell(text: object) -> str:
    """Text for one cell of a Markdown table."""
    return " ".join(str(text).replace("|", "\\|").replace("<", "&lt;").split())


def _seconds(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1f} s"
