"""Do the promises hold drill after drill? Many drills with other seeds and faults in turn, one line each.

`python -m bench.series --runs 20 --replication-delay 100 --keep` also keeps the table as evidence. With `--planned` each drill
is a switchover, and its RTO is the time from the request. Every figure is of a
drill's own result; a drill that could not be measured counts as failed.
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from lab.commands.options import span
from lab.drills.drill import conduct
from lab.drills.live_view import LiveView
from lab.drills.occasion import occasion_of
from lab.failures import LAB_FAILURES
from lab.reports import report, result
from lab.settings import FAULT_NAMES, DrillSettings, LabSettings, SettingsError, within

KEPT = Path(__file__).resolve().parents[1] / "runbooks" / "evidence" / "series"
HEADINGS = (
    "Drill",
    "Seed",
    "Fault",
    "RTO",
    "Outage",
    "Control plane",
    "Rows lost",
    "RPO ms",
    "Bound ms",
    "Late",
    "Violated",
    "",
)


def main(arguments: list[str] | None = None) -> int:
    """Exit status 0 when every drill passed."""
    parser = argparse.ArgumentParser(prog="python -m bench.series", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--replication-delay", type=float, default=100, help="milliseconds (default 100)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--fault", action="append", choices=FAULT_NAMES, help="in turn; default region-dark")
    what.add_argument("--planned", action="store_true", help="switchovers, and no fault")
    parser.add_argument("--reports", type=Path, default=Path("reports"))
    parser.add_argument("--keep", action="store_true", help="write the table to runbooks/evidence/series")
    options = parser.parse_args(arguments)
    try:
        within("--runs", options.runs, 1, 1000, "drills")
        delay = span("--replication-delay", options.replication_delay, timedelta(milliseconds=1))
        lab = LabSettings(replication_delay=delay)
    except SettingsError as error:
        parser.error(str(error))
    faults = options.fault or ["region-dark"]
    began, lines = datetime.now(UTC), list[dict[str, Any]]()
    print(_markdown(HEADINGS), _markdown(["---"] * len(HEADINGS)), sep="\n", flush=True)
    for seed in range(1, options.runs + 1):
        fault = faults[(seed - 1) % len(faults)]
        line = _one(DrillSettings(lab, fault=fault, planned=options.planned, seed=seed), options.reports)
        lines.append(line)
        print(_row(line), flush=True)
    summary = _summary(lines)
    print(f"\n{summary}")
    if options.keep:
        what = "switchovers" if options.planned else "drills"
        name = f"{began:%Y%m%dT%H%M%SZ}-{options.runs}-{what}-{options.replication_delay:g}-ms"
        _keep(KEPT / f"{name}.md", lines, summary, f"{what} over a link of {options.replication_delay:g} ms")
    return 0 if all(line["passed"] for line in lines) else 1


def _one(settings: DrillSettings, reports: Path) -> dict[str, Any]:
    line: dict[str, Any] = {"seed": settings.seed, "fault": occasion_of(settings).name, "passed": False, "verdict": ""}
    try:
        record = conduct(settings, LiveView(Console(file=io.StringIO())))
    except LAB_FAILURES as error:
        return {**line, "verdict": str(error)}
    found = result.build(record)
    report.write(found, reports / record.drill)
    loss = found["loss"]
    return {
        **line,
        "drill": record.drill,
        "passed": found["passed"],
        "verdict": found["verdict"],
        "rto": found["clocks_seconds"]["total"],
        "outage": found["clocks_seconds"]["outage"],
        "control_plane": found["clocks_seconds"]["control_plane"],
        "rows": loss["rows"],
        "milliseconds": loss["milliseconds"],
        "bound": loss["bound_milliseconds"],
        "late": len(loss["acknowledged_late_by_old_leader"]),
        "violated": sum(one["verdict"] == "violated" for one in found["invariants"]),
    }


def _row(line: dict[str, Any]) -> str:
    figures = [
        line.get(name)
        for name in ("rto", "outage", "control_plane", "rows", "milliseconds", "bound", "late", "violated")
    ]
    shown = ["unknown" if figure is None else f"{figure:g}" for figure in figures]
    end = "passed" if line["passed"] else line["verdict"]
    return _markdown([line.get("drill", "-"), str(line["seed"]), line["fault"], *shown, end])


def _markdown(cells: Any) -> str:
    return "| " + " | ".join(cells) + " |"


def _summary(lines: list[dict[str, Any]]) -> str:
    measured = [line for line in lines if line.get("rto") is not None]
    passed, late = sum(line["passed"] for line in lines), [line["late"] for line in lines if "late" in line]
    told = f"{passed} of {len(lines)} drills passed; {sum(late)} writes acknowledged late by the old leader in {len(late)}."
    for name, words in (
        ("rto", "RTO, lab seconds"),
        ("outage", "clients' outage"),
        ("control_plane", "control plane's share"),
        ("rows", "rows lost"),
    ):
        figures = [line[name] for line in measured if line[name] is not None]
        if figures:
            told += f"\n{words}: {min(figures):g} to {max(figures):g}, median {statistics.median(figures):g}."
    return told


def _keep(path: Path, lines: list[dict[str, Any]], summary: str, what: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = "\n".join([_markdown(HEADINGS), _markdown(["---"] * len(HEADINGS)), *map(_row, lines)])
    told = summary.replace("\n", "\n\n")
    path.write_text(
        f"# {len(lines)} {what}\n\n{told}\n\n{table}\n\n"
        "*Late*: writes acknowledged by the old leader after the new one had opened. *Rows lost*: acknowledged, and not on\n"
        "the new leader, found by comparing every write's history with the database. *RTO*: to the first write that the new\n"
        "leader acknowledged, from the fault or, of a switchover, from the request. *Outage*: the longest time without an\n"
        "acknowledged write.\n",
        encoding="utf-8",
    )
    path.with_suffix(".json").write_text(json.dumps(lines, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
