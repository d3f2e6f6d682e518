"""What is published of many cases? Counts by state and by fault, what was broken, and what was found on the way."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from chaos.playing import Played

FOUND = Path(__file__).with_name("found.json")


def summarize(played: Sequence[Played], began: datetime, ended: datetime, seed: int, matrix: int) -> dict[str, Any]:
    """Plain JSON. A case counts for each of its faults; `matrix` is how many cases it has of which some were played."""
    faults = [fault for one in played for fault in one.faults]
    single = [one for one in played if not one.reproduce.startswith("drawn-")]
    return {
        "began_at": began.isoformat(timespec="seconds"),
        "seconds": round((ended - began).total_seconds(), 1),
        "seed": seed,
        "cases": len(played),
        "distinct": len({one.name for one in played}),
        "matrix": matrix,
        "systematic": len(single),
        "drawn": len(played) - len(single),
        "faults_injected": sum(one.met for one in played),
        "broken": sum(bool(one.broken) for one in played),
        "by_situation": dict(sorted(Counter(one.name.partition("/")[0] for one in played).items())),
        "by_state": dict(sorted(Counter(state for state, _ in faults).items())),
        "by_fault": dict(sorted(Counter(kind for _, kind in faults).items())),
        "ends": dict(sorted(Counter(end for one in played for end in one.ended).items())),
        "violations": [
            {"case": one.name, "reproduce": one.reproduce, "told": one.broken} for one in played if one.broken
        ],
        "found": json.loads(FOUND.read_text(encoding="utf-8")),
    }


def write(summary: dict[str, Any], folder: Path) -> Path:
    """A JSON file and a Markdown file beside it, whose path is returned."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = datetime.fromisoformat(summary["began_at"]).strftime("%Y%m%dT%H%M%SZ")
    path = folder / f"{stamp}-{summary['cases']}-cases.md"
    path.with_suffix(".json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    path.write_text(render(summary), encoding="utf-8")
    return path


def render(summary: dict[str, Any]) -> str:
    """The Markdown of a summary."""
    drawn = f" and {summary['drawn']} drawn ones with two or three faults (seed {summary['seed']})"
    lines = [
        f"# {summary['cases']} cases of a workflow going wrong",
        "",
        f"{summary['systematic']} of the matrix's {summary['matrix']} cases{drawn if summary['drawn'] else ''}, "
        f"{summary['distinct']} different; {summary['faults_injected']} faults had their occasion. "
        f"{summary['seconds']:.0f} s. **{summary['broken']} cases broke a promise.**",
        "",
        "Real workflow files, real interpreter (moto's), real functions; the faults come between boto3 and moto. "
        "Databases, tasks and clients are in memory, and time passes at once.",
        "",
        *_table("Cases by situation", summary["by_situation"]),
        *_table("Faults by state", summary["by_state"]),
        *_table("Faults by kind", summary["by_fault"]),
        *_table("How the runs ended", summary["ends"]),
    ]
    if summary["violations"]:
        lines += ["## Broken", ""]
        lines += [f"- `{one['reproduce']}`: {'; '.join(one['told'])}" for one in summary["violations"]]
        lines.append("")
    lines += ["## Found on the way", ""]
    lines += [f"- **{one['what']}** {one['then']}" for one in summary["found"]]
    return "\n".join(lines) + "\n"


def _table(title: str, counts: dict[str, int]) -> Iterable[str]:
    return (
        f"## {title}",
        "",
        "| | Cases |",
        "|---|---:|",
        *(f"| {name} | {count} |" for name, count in counts.items()),
        "",
    )
