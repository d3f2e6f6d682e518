"""`drlab gameday`: a scenario with an injected fault, rehearsed by Chaos Toolkit on the lab."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from lab.commands.options import FAILED, PASSED, Subparsers, add_lab, chosen_lab

if TYPE_CHECKING:
    from lab.drills.live_view import LiveView
    from lab.gameday.experiment import GameDay
    from lab.settings import LabSettings


def add(commands: Subparsers) -> None:
    parser = commands.add_parser("gameday", help="rehearse a scenario of runbooks/gamedays on the lab")
    parser.add_argument("name", help="such as primary_outage; an unknown name lists them")
    parser.add_argument("--reports", type=Path, default=Path("reports"), help="folder for reports (default reports)")
    add_lab(parser, cloud_port=0, public_port=0)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 only if every probe found what it should and, where the leadership moved, the drill around it passed."""
    from lab.drills.live_view import LiveView
    from lab.gameday import experiment
    from lab.host import preflight

    settings = chosen_lab(options)
    preflight.check(settings)
    preflight.check_reports(options.reports)
    view = LiveView(console)

    def say(text: str) -> None:
        view.note_news()
        view.say(text)

    game_day = experiment.load(options.name, say)
    play = _by_itself if game_day.fault is None else _in_a_drill
    with view:
        passed, folder = play(game_day, game_day.lab_of(settings), view, options.reports, console)
    journal = json.dumps(game_day.journal, indent=2, default=str)
    (folder / "journal.json").write_text(f"{journal}\n", encoding="utf-8")
    complaints = game_day.complaints()
    for complaint in complaints:
        console.print(complaint, style="bold red", markup=False, soft_wrap=True)
    count = len(experiment.played(game_day.journal))
    console.print(f"game day {options.name}: {count - len(complaints)} of {count} activities went as planned")
    console.print(f"report: {folder}/, with Chaos Toolkit's journal.json", markup=False, soft_wrap=True)
    return PASSED if passed and not complaints else FAILED


def _in_a_drill(
    game_day: GameDay, settings: LabSettings, view: LiveView, reports: Path, console: Console
) -> tuple[bool, Path]:
    """Clients write all the while, and the invariants are judged."""
    from lab.drills.drill import conduct
    from lab.reports import report, result
    from lab.settings import DrillSettings

    record = conduct(DrillSettings(settings), view, game_day.occasion())
    found = result.build(record)
    folder = reports / f"{record.drill}-{game_day.name}"
    console.print(report.summary(found))
    report.write(found, folder)
    return bool(found["passed"]), folder


def _by_itself(
    game_day: GameDay, settings: LabSettings, view: LiveView, reports: Path, console: Console
) -> tuple[bool, Path]:
    """Nobody's leadership moves, so there is no recovery to measure: the experiment's own journal is the report."""
    from lab.laboratory import Laboratory

    del console
    with Laboratory(settings, view.say) as lab:
        game_day.play(lab)
    folder = reports / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{game_day.name}"
    folder.mkdir(parents=True, exist_ok=True)
    return True, folder
