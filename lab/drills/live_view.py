"""How does a drill show its progress: a live panel on a terminal, plain lines anywhere else?"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from lab.drills.watch import Execution, Watch

REFRESHES_A_SECOND = 5
LINES_KEPT = 8
FEWEST_STATES = 3
# Borders, both Regions, the writes, the run and the clock.
OTHER_LINES = 11


@dataclass(frozen=True)
class RegionLine:
    """What is known of a Region at this moment; None is unknown."""

    region: str
    role: str
    database: str
    tasks: str
    lag: str


class LiveView:
    """Shows steps while the lab starts, then the run. Plain lines where the console is no terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lines: list[tuple[float, str]] = []
        self._began = time.monotonic()
        self._watch: Watch | None = None
        self._regions: Callable[[], list[RegionLine]] | None = None
        self._began_at: tuple[float, str] | None = None
        self._shown: set[str] = set()
        self._live = Live(
            get_renderable=self._render,
            console=console,
            refresh_per_second=REFRESHES_A_SECOND,
            transient=True,
            auto_refresh=console.is_terminal,
        )

    def __enter__(self) -> LiveView:
        if self.is_drawn:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.is_drawn:
            self._live.stop()

    @property
    def is_drawn(self) -> bool:
        """Whether anybody sees the panel: without a terminal there are lines alone."""
        return self._console.is_terminal

    def say(self, text: str) -> None:
        """One step, with the seconds since the start."""
        elapsed = time.monotonic() - self._began
        self._lines.append((elapsed, text))
        if not self.is_drawn:
            self._console.print(f"{elapsed:6.1f}s  {text}", highlight=False, markup=False, soft_wrap=True)

    def follow(self, watch: Watch, regions: Callable[[], list[RegionLine]]) -> None:
        """From now on show the workflow's states and both Regions as well."""
        self._watch = watch
        self._regions = regions

    def count_from(self, at_monotonic: float, since: str) -> None:
        """Show the seconds since then; `since` says of what."""
        self._began_at = (at_monotonic, since)

    def note_news(self) -> None:
        """Say each new alarm state, workflow state and notification once, in the order of the journal."""
        if not self._watch:
            return
        for entry in self._watch.entries:
            self._once(f"journal-{entry['n']}", _sentence(entry))

    def _once(self, key: str, text: str | None) -> None:
        if text and key not in self._shown:
            self._shown.add(key)
            self.say(text)

    def _render(self) -> RenderableType:
        parts: list[RenderableType] = []
        if self._regions:
            parts.append(_region_table(self._regions()))
        if self._watch:
            parts.append(_workload_line(self._watch.progress))
            # On a low terminal the newest states matter; the panel's end would be cut off otherwise.
            room = max(FEWEST_STATES, self._console.height - LINES_KEPT - OTHER_LINES)
            parts.extend(_workflow_table(execution, room) for execution in self._watch.executions[-1:])
        if self._began_at is not None:
            at, since = self._began_at
            parts.append(Text(f"{time.monotonic() - at:.1f} s since the {since}", style="bold red"))
        for elapsed, text in self._lines[-LINES_KEPT:]:
            parts.append(Text(f"{elapsed:6.1f}s  {text}", style="dim", no_wrap=True, overflow="ellipsis"))
        return Panel(Group(*parts), title="drlab: lab seconds, not AWS seconds", border_style="cyan")


def _sentence(entry: Mapping[str, Any]) -> str | None:
    """A journal entry worth a line, or None."""
    match entry["kind"]:
        case "alarm":
            return f"alarm {entry['name']}: {entry['old']} -> {entry['new']}"
        case "health-check":
            return f"health check {entry.get('name') or entry['id']}: {entry['status']}"
        case "event" if entry["outcome"] == "dead-lettered":
            return f"event {entry['detail_type']} to {entry['target']}: {entry['outcome']}"
        case "workflow" if entry["event"].endswith("StateEntered"):
            return f"workflow: {entry['state']}"
        case "workflow" if entry["event"].startswith("Execution"):
            return f"workflow {entry['execution'].rsplit(':', 1)[-1]}: {entry['event']}"
        case "database":
            return f"database {entry['instance']} ({entry['region']}): {entry['status']}"
        case "notification" if entry["outcome"] != "confirmed":
            return f"notification by {entry['protocol']}: {entry['outcome']}"
        case _:
            return None


def _region_table(lines: list[RegionLine]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("Region", "role", "database", "tasks", "replication lag"):
        table.add_column(heading)
    for line in lines:
        table.add_row(line.region, line.role, line.database, line.tasks, line.lag)
    return table


def _workload_line(progress: Mapping[str, Any]) -> Text:
    if not progress:
        return Text("writes: none yet", style="dim")
    return Text(
        f"writes: {progress.get('acked', 0)} acknowledged, {progress.get('failed', 0)} refused,"
        f" {progress.get('unknown', 0)} unknown; last acknowledged by {progress.get('last_ok_region') or 'nobody'}"
    )


def _workflow_table(execution: Execution, states: int) -> Table:
    table = Table(title=f"{execution.name}: {execution.status}", title_justify="left", box=None, pad_edge=False)
    table.add_column("state")
    table.add_column("s", justify="right")
    now = time.monotonic()
    for span in execution.spans[-states:]:
        ended = span.exited_monotonic
        style = "green" if ended is not None and not span.error else "red" if span.error else "yellow"
        table.add_row(Text(span.state, style=style), f"{(ended or now) - span.entered_monotonic:.2f}")
    return table
