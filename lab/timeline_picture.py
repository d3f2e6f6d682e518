"""Where does everything stand in the report's timeline picture? Positions only; the template draws them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

WIDTH = 1000.0
LEFT = 150.0
RIGHT = 16.0
LANE = 22.0
BARS = 46.0
BEFORE_SECONDS = 1.5
AFTER_SECONDS = 1.5


@dataclass(frozen=True)
class Box:
    """A state or a bar: position, size, and its text."""

    x: float
    y: float
    width: float
    height: float
    text: str
    kind: str


@dataclass(frozen=True)
class Mark:
    """An instant with a label in its lane."""

    x: float
    y: float
    text: str
    kind: str


@dataclass(frozen=True)
class Picture:
    """Everything in user units of an SVG that is `width` by `height`."""

    width: float
    height: float
    left: float
    states: list[Box]
    bars: list[Box]
    marks: list[Mark]
    lanes: list[Mark]
    ticks: list[Mark]
    fault_x: float
    outage: Box | None
    description: str


def draw(result: dict[str, Any]) -> Picture:
    """Lay out a result: signals above, the workflow's states in the middle, acknowledged writes by Region below."""
    begin, end = _extent(result)

    def x(at: float) -> float:
        return round(LEFT + (min(max(at, begin), end) - begin) / (end - begin) * (WIDTH - LEFT - RIGHT), 1)

    signals = [one for one in result["signals"] if one["kind"] in ("alarm", "health-check") and one["at"] <= end]
    y = 30.0
    lanes, marks = [Mark(0, y + 14, "signals", "lane")], []
    for one in signals:
        marks.append(Mark(x(one["at"]), y + 14, one["text"], one["kind"]))
        y += LANE * 0.8
    y += LANE * 0.6
    states: list[Box] = []
    lanes.append(Mark(0, y + 14, "workflow", "lane"))
    for span in (span for run in result["runs"] for span in run["states"]):
        until = span["to"] if span["to"] is not None else span["from"]
        kind = "failed" if span["error"] else "wait" if span["state"] == "WaitOutLease" else "state"
        states.append(Box(x(span["from"]), y, max(2.0, x(until) - x(span["from"])), LANE * 0.62, span["state"], kind))
        y += LANE * 0.8
    y += LANE * 0.8
    bars: list[Box] = []
    for region in (result["old_leader"], result["new_leader"]):
        lanes.append(Mark(0, y + BARS - 6, region, "lane"))
        bars.extend(_bars(result, region, x, y, begin, end))
        y += BARS + 14
    clocks = result["clocks_seconds"]
    outage = None
    if clocks["total"] is not None:
        outage = Box(x(0), 22, x(clocks["total"]) - x(0), y - 22, "outage", "outage")
    step = 1 if end - begin <= 16 else 5 if end - begin <= 80 else 30
    ticks = [Mark(x(at), y + 12, f"{at} s", "tick") for at in range(0, int(end) + 1, step)]
    return Picture(WIDTH, y + 20, LEFT, states, bars, marks, lanes, ticks, x(0), outage, _description(result))


def _bars(result: dict[str, Any], region: str, x: Any, y: float, begin: float, end: float) -> Iterator[Box]:
    buckets = result["acknowledged_per_bucket"]
    tallest = max((count for found in buckets.values() for _, count in found), default=1)
    for at, count in buckets.get(region, []):
        if begin <= at <= end:
            height = round(BARS * count / tallest, 1)
            kind = "old" if region == result["old_leader"] else "new"
            yield Box(x(at), y + BARS - height, max(1.5, x(at + 0.1) - x(at) - 0.5), height, f"{count:g}", kind)


def _extent(result: dict[str, Any]) -> tuple[float, float]:
    ends = [span["to"] or span["from"] for run in result["runs"] for span in run["states"]]
    total = result["clocks_seconds"]["total"]
    return -BEFORE_SECONDS, max([5.0, *ends, total or 0.0]) + AFTER_SECONDS


def _description(result: dict[str, Any]) -> str:
    return (
        f"Timeline of {result['drill']} in lab seconds since the fault: signals, the workflow's states, and writes"
        f" acknowledged by {result['old_leader']} and {result['new_leader']}. {result['verdict']}"
    )
