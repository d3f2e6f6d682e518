"""How does the leadership move once, from one Region to another, and what is taken down of it?

One thing happens to the lab, a fault or a request; the rest is only watched.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lab.drills.live_view import LiveView
from lab.drills.notifications import mailed
from lab.drills.observing import (
    environment_of,
    failovers,
    history_of,
    leader_record,
    of_runs,
    permissions_of,
    rows_of,
    runs_in,
    watch_for,
)
from lab.drills.occasion import Occasion
from lab.drills.watch import Execution, Watch
from lab.host.started import Started
from lab.laboratory import Laboratory
from lab.measuring.drill_record import Attempt, DrillRecord, Run, read_history
from lab.settings import DrillSettings


@dataclass(frozen=True)
class Leg:
    """What set it going, when, and who led and is to lead. `begun` is what beginning it left, such as a process."""

    occasion: Occasion
    old: str
    new: str
    began_at: float
    begun: object
    record_before: dict[str, Any] | None

    def runs(self, watch: Watch) -> list[Execution]:
        """The failover workflow's, since it began."""
        return [one for one in failovers(watch) if one.started_monotonic >= self.began_at]

    def has_ended(self, watch: Watch) -> bool:
        """Whether whatever moves the leadership has: its runs, or a person's command that takes every step."""
        if self.occasion.driven:
            return isinstance(self.begun, Started) and not self.begun.is_alive()
        runs = self.runs(watch)
        return bool(runs) and not any(run.running for run in runs)


def begin(lab: Laboratory, view: LiveView, occasion: Occasion, old: str, new: str) -> Leg:
    before, now = leader_record(lab), time.monotonic()
    begun = occasion.begin(lab)
    began_at = occasion.struck_at() or now
    view.count_from(began_at, occasion.word)
    view.say(f"{occasion.word.upper()} {occasion.name}: {occasion.description}")
    return Leg(occasion, old, new, began_at, begun, before)


def await_end(leg: Leg, settings: DrillSettings, view: LiveView, watch: Watch) -> bool:
    """Whether the new leader serves, and its run has ended, in the time that there is; then writes go on for a moment."""

    def over() -> bool:
        return leg.has_ended(watch) and watch.progress.get("last_ok_region") == leg.new

    serves = watch_for(watch, view, over, settings.give_up_after.total_seconds())
    if serves:
        view.say(f"writes are acknowledged by {leg.new}; they go on for a moment")
        watch_for(watch, view, lambda: False, settings.settle.total_seconds())
    else:
        view.say(f"{leg.new} does not serve within {settings.give_up_after.total_seconds():g} s")
    if leg.occasion.driven and isinstance(leg.begun, Started) and leg.begun.log is not None:
        for line in leg.begun.log.read_text(errors="replace").splitlines():
            view.say(line)
    return serves


def take_down(
    leg: Leg,
    lab: Laboratory,
    watch: Watch,
    *,
    name: str,
    started_at: datetime,
    settings: dict[str, Any],
    planned: bool,
    runs: tuple[Run, ...] | None = None,
    gone: frozenset[tuple[str, int]] = frozenset(),
) -> DrillRecord:
    """As it is now. The history is read before the rows: what was acknowledged by then must be there.

    `runs` are the leg's own by default; `gone` are writes that an earlier leg lost, which this one cannot lose again.
    """
    attempts: tuple[Attempt, ...] = tuple(one for one in read_history(history_of(lab)) if one.key not in gone)
    found = runs_in(lab, leg.runs(watch)) if runs is None else runs
    # A run that a command drives is no execution.
    names = {execution.name for execution in watch.executions} | {run.name for run in found}
    return DrillRecord(
        drill=name,
        started_at=started_at,
        fault=leg.occasion.name,
        fault_description=leg.occasion.description,
        fault_at=leg.began_at,
        old_leader=leg.old,
        new_leader=leg.new,
        settings=settings,
        environment=environment_of(lab),
        attempts=attempts,
        survivor_rows=rows_of(lab, leg.new),
        runs=found,
        journal=tuple(watch.entries),
        record_before=leg.record_before,
        record_after=leader_record(lab),
        webhook_notifications=of_runs((str(one.get("Message")) for one in lab.webhook.received()), names),
        mailbox_messages=of_runs(mailed(lab.mailbox), names),
        permissions=permissions_of(lab),
        planned=planned,
    )
