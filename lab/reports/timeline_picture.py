"""Where does everything stand in the report's timeline picture? Positions only; the template draws them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

WIDTH = 1000.0
LEFT = 112.0
RIGHT = 18.0
HEAD_LINE = 13.0
# Of the labels' 11 px text, on average; a label with its distance goes to the left of what has no room for it on the right.
CHARACTER = 6.2
LABEL_DISTANCE = 12.0
LANE = 17.0
GAP = 18.0
BARS = 48.0
BEFORE_SECONDS = 1.5
AFTER_SECONDS = 1.5
LONGEST_SECONDS = 3600.0
SIGNALS_SHOWN = 8
MOST_TICKS = 14
STEPS = (1, 2, 5, 10, 30, 60, 120, 300, 600)
# Narrower than this is no bar: a choice between two states takes no time that could be seen.
NARROWEST = 2.5


@dataclass(frozen=True)
class Box:
    """A state or a bar: position, size, and its text, to the left of it where `anchor` is end."""

    x: float
    y: float
    width: float
    height: float
    text: str
    kind: str
    anchor: str = "start"


@dataclass(frozen=True)
class Mark:
    """An instant or a label; `anchor` is the SVG text-anchor, `kind` chooses its colour."""

    x: float
    y: float
    text: str
    kind: str
    anchor: str = "start"


@dataclass(frozen=True)
class Picture:
    """Everything in user units of an SVG that is `width` by `height`. `left` is where the time begins."""

    width: float
    height: float
    left: float
    foot: float
    states: list[Box]
    bars: list[Box]
    signals: list[Mark]
    marks: list[Mark]
    lanes: list[Mark]
    ticks: list[Mark]
    baselines: list[float]
    outage: Box
    left_out: int
    description: str


@dataclass(frozen=True)
class Scale:
    """Seconds since the fault to the picture's x."""

    begin: float
    end: float

    def __call__(self, at: float) -> float:
        share = (min(max(at, self.begin), self.end) - self.begin) / (self.end - self.begin)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def shows(self, at: float) -> bool:
        return self.begin <= at <= self.end


def draw(result: dict[str, Any]) -> Picture:
    """Lay out a result: signals above, the workflow's states in the middle, acknowledged writes by Region below."""
    x = _scale(result)
    seen = [one for one in result["signals"] if one["kind"] in ("alarm", "health-check") and x.shows(one["at"])]
    marks = _marks(result, x)
    head = max(mark.y for mark in marks) + 16
    y = head + 10
    lanes = [Mark(0, y + 10, "signals", "lane")]
    signals = [_signal(one, x, y + place * LANE) for place, one in enumerate(seen[:SIGNALS_SHOWN])]
    y += max(1, len(signals)) * LANE + GAP
    lanes.append(Mark(0, y + 10, "workflow", "lane"))
    states = _states(result, x, y)
    y += max(1, len(states)) * LANE + GAP
    bars: list[Box] = []
    baselines: list[float] = []
    for region, kind in ((result["old_leader"], "old"), (result["new_leader"], "new")):
        lanes.append(Mark(0, y + BARS - 4, region, "lane"))
        bars.extend(_bars(result["acknowledged_per_bucket"], region, kind, x, y))
        baselines.append(y + BARS)
        y += BARS + GAP
    total = result["clocks_seconds"]["total"]
    ends = x(total) if total is not None else x(x.end)
    return Picture(
        width=WIDTH,
        height=y + 16,
        left=LEFT,
        foot=y - 4,
        states=states,
        bars=bars,
        signals=signals,
        marks=marks,
        lanes=lanes,
        ticks=_ticks(x, y + 10),
        baselines=baselines,
        outage=Box(x(0), head, max(0.0, round(ends - x(0), 1)), y - 4 - head, "", "outage"),
        left_out=max(0, len(seen) - SIGNALS_SHOWN),
        description=_description(result),
    )


def _scale(result: dict[str, Any]) -> Scale:
    ends = [span["to"] or span["from"] for run in result["runs"] for span in run["states"]]
    total = result["clocks_seconds"]["total"]
    return Scale(-BEFORE_SECONDS, min(LONGEST_SECONDS, max([5.0, *ends, total or 0.0])) + AFTER_SECONDS)


def _signal(one: dict[str, Any], x: Scale, y: float) -> Mark:
    text = str(one["text"])
    kind = "bad" if text.endswith(("ALARM", "unhealthy")) else "good"
    place = x(one["at"])
    return Mark(place, y + 10, text, kind, _anchor(place, text))


def _states(result: dict[str, Any], x: Scale, y: float) -> list[Box]:
    found: list[Box] = []
    for span in (span for run in result["runs"] for span in run["states"]):
        until = span["to"] if span["to"] is not None else span["from"]
        begin, width = x(span["from"]), x(until) - x(span["from"])
        if width < NARROWEST and not span["error"]:
            continue
        kind = "failed" if span["error"] else "wait" if span["state"] == "WaitOutLease" else "state"
        wide, text = round(max(width, NARROWEST), 1), str(span["state"])
        found.append(Box(begin, y + len(found) * LANE, wide, LANE - 5, text, kind, _anchor(begin + wide, text)))
    return found


def _bars(buckets: dict[str, list[list[float]]], region: str, kind: str, x: Scale, y: float) -> list[Box]:
    tallest = max((count for found in buckets.values() for _, count in found), default=1)
    boxes = []
    for at, count in buckets.get(region, []):
        if x.shows(at):
            height = round(BARS * count / tallest, 1)
            width = round(max(1.2, x(at + 0.1) - x(at) - 0.5), 1)
            boxes.append(Box(x(at), round(y + BARS - height, 1), width, height, f"{count:g}", kind))
    return boxes


def _marks(result: dict[str, Any], x: Scale) -> list[Mark]:
    """The fault and the run's turning points, each on the first line of the head where its label overlaps no other."""
    moments = [(0.0, f"{result['counted_from']}: {result['fault']['name']}", "fault")]
    moments += [
        (one["at"], f"{one['text']} {one['at']:.1f} s", "mark") for one in result["marks"] if x.shows(one["at"])
    ]
    ends: list[float] = []
    marks = []
    for at, text, kind in sorted(moments):
        place, width, anchor = x(at), _width(text), _anchor(x(at), text)
        begin = place - width if anchor == "end" else place
        line = next((number for number, end in enumerate(ends) if end <= begin), len(ends))
        ends[line : line + 1] = [begin + width]
        marks.append(Mark(place, (line + 1) * HEAD_LINE, text, kind, anchor))
    return marks


def _width(text: str) -> float:
    return len(text) * CHARACTER + LABEL_DISTANCE


def _anchor(at: float, text: str) -> str:
    return "end" if at + _width(text) > WIDTH else "start"


def _ticks(x: Scale, y: float) -> list[Mark]:
    step = next((step for step in STEPS if x.end / step <= MOST_TICKS), STEPS[-1])
    return [Mark(x(at), y, f"{at} s", "tick", "middle") for at in range(0, int(x.end) + 1, step)]


def _description(result: dict[str, Any]) -> str:
    moments = "; ".join(f"{one['text']} at {one['at']:.1f} s" for one in result["marks"]) or "no turning point"
    since = f"in lab seconds since the {result['counted_from']}"
    return (
        f"Timeline of {result['drill']} {since}: signals, the workflow's states, and writes"
        f" acknowledged by {result['old_leader']} and {result['new_leader']}. {moments}. {result['verdict']}"
    )
