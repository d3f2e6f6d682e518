"""How does a Chaos Toolkit experiment become the occasion of a drill, and when has it gone well?

Chaos Toolkit (https://chaostoolkit.org) checks the steady state, plays the method, checks the steady state again, and rolls
back. The drill around it writes all the while, and judges the invariants from the whole history.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lab.drills.occasion import FAULT, Occasion
from lab.gameday.stage import staged
from lab.laboratory import Laboratory
from lab.settings import LabSettings, SettingsError

GAMEDAYS = Path(__file__).resolve().parents[2] / "runbooks" / "gamedays"
MARKS = {"succeeded": "ok", "failed": "FAILED"}


class GameDayError(RuntimeError):
    """The game day cannot be played; the text says why and what to do."""


def names() -> list[str]:
    return sorted(path.stem for path in GAMEDAYS.glob("*.yaml"))


@dataclass
class GameDay:
    """One experiment. `journal` is Chaos Toolkit's own, there once it was played.

    `began`: when the method did, on the monotonic clock; the steady state before it is not part of what is measured.
    """

    name: str
    experiment: dict[str, Any]
    say: Callable[[str], None]
    journal: dict[str, Any] = field(default_factory=dict)
    began: float | None = None

    def occasion(self) -> Occasion:
        """Under the name of the fault that it injects, by which the invariants know what must have gone on."""
        title = f"{self.name}: {self.experiment['title']}"
        return Occasion(self.fault or self.name, title, FAULT, self.play, struck_at=lambda: self.began)

    def lab_of(self, chosen: LabSettings) -> LabSettings:
        """`chosen`, with what the experiment's configuration needs of a lab. Raises GameDayError for what no lab has."""
        wanted = dict(self.experiment.get("configuration") or {})
        waits = wanted.pop("approval_seconds", chosen.timers.approval_seconds)
        loses = wanted.pop("rpo_target_seconds", chosen.rpo_target_seconds)
        if wanted:
            raise GameDayError(f"{self.name}.yaml configures {', '.join(wanted)}, which no lab has.")
        timers = replace(chosen.timers, approval_seconds=float(waits))
        return replace(chosen, rpo_target_seconds=float(loses), timers=timers)

    @property
    def fault(self) -> str | None:
        """Of `drlab drill`; None where the leadership is not to move."""
        injected = [one["provider"].get("arguments", {}).get("fault") for one in self.experiment["method"]]
        return next((str(one) for one in injected if one), None)

    def play(self, lab: Laboratory) -> None:
        """On that lab. Raises GameDayError where there was no steady state to begin with."""
        from chaoslib.experiment import run_experiment
        from chaoslib.run import RunEventHandler

        game_day = self

        class Follower(RunEventHandler):  # type: ignore[misc]
            def start_method(self, experiment: Mapping[str, Any]) -> None:
                del experiment
                game_day.began = time.monotonic()

            def activity_completed(self, activity: Mapping[str, Any], run: Mapping[str, Any]) -> None:
                del activity
                game_day.say(_line(run))

        with staged(lab):
            self.journal = run_experiment(self.experiment, settings={}, event_handlers=[Follower()])
        if self.began is None:
            raise GameDayError(f"Nothing was injected, for it was no steady state: {' '.join(self.complaints())}")

    def complaints(self) -> list[str]:
        """Everything that went wrong, one sentence each: what Chaos Toolkit only records counts here."""
        journal = self.journal
        found = [] if journal.get("status") == "completed" else [f"The experiment ended as {journal.get('status')}."]
        if journal.get("deviated"):
            found.append("The steady state after the method is not the one before it.")
        return found + [_line(run) for run in played(journal) if run["status"] != "succeeded" or _off(run)]


def load(name: str, say: Callable[[str], None]) -> GameDay:
    """Raises SettingsError for an unknown name, GameDayError where Chaos Toolkit is not installed or refuses the file."""
    if name not in names():
        raise SettingsError(f"game day {name!r} is not one of {', '.join(names())}")
    try:
        from chaoslib.exceptions import ChaosException
        from chaoslib.experiment import ensure_experiment_is_valid, load_experiment
    except ImportError as error:
        raise GameDayError("Chaos Toolkit is not installed: `make gameday NAME=...` installs it first.") from error
    logging.getLogger("chaostoolkit").setLevel(logging.ERROR)
    try:
        experiment = load_experiment(str(GAMEDAYS / f"{name}.yaml"))
        ensure_experiment_is_valid(experiment)
    except ChaosException as error:
        raise GameDayError(f"{name}.yaml is no experiment: {error}") from error
    return GameDay(name, experiment, say)


def played(journal: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every activity in the order in which it was played."""
    states = journal.get("steady_states") or {}
    before, after = ((states.get(when) or {}).get("probes") or [] for when in ("before", "after"))
    return [*before, *(journal.get("run") or []), *after, *(journal.get("rollbacks") or [])]


def _off(run: Mapping[str, Any]) -> bool:
    return run.get("tolerance_met") is False


def _line(run: Mapping[str, Any]) -> str:
    told = run.get("output")
    if run["status"] != "succeeded":
        told = " ".join(str(line).strip() for line in (run.get("exception") or ["no reason was given"])[-1:])
    mark = "NOT SO" if _off(run) else MARKS.get(run["status"], str(run["status"]))
    return f"{mark}: {run['activity']['name']} ({told})"
