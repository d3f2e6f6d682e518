"""`drlab gameday`: a scenario with an injected fault, rehearsed by Chaos Toolkit on the lab."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rich.console import Console

from lab.commands.options import FAILED, PASSED, Subparsers, add_lab, chosen_lab


def add(commands: Subparsers) -> None:
    parser = commands.add_parser("gameday", help="rehearse a scenario of runbooks/gamedays on the lab")
    parser.add_argument("name", help="such as primary_outage; an unknown name lists them")
    parser.add_argument("--reports", type=Path, default=Path("reports"), help="folder for reports (default reports)")
    add_lab(parser, cloud_port=0, public_port=0)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 only if every probe found what it should, writes flow again and the invariants held."""
    from lab import preflight, report, result
    from lab.drill import conduct
    from lab.gameday import experiment
    from lab.live_view import LiveView
    from lab.settings import DrillSettings

    settings = DrillSettings(chosen_lab(options))
    preflight.check(settings.lab)
    view = LiveView(console)

    def say(text: str) -> None:
        view.note_news()
        view.say(text)

    game_day = experiment.load(options.name, say)
    with view:
        record = conduct(settings, view, game_day.occasion())
    found = result.build(record)
    folder = options.reports / f"{record.drill}-{options.name}"
    paths = report.write(found, folder)
    (folder / "journal.json").write_text(json.dumps(game_day.journal, indent=2, default=str) + "\n", encoding="utf-8")
    console.print(report.summary(found))
    complaints = game_day.complaints()
    for complaint in complaints:
        console.print(complaint, style="bold red", markup=False, soft_wrap=True)
    count = len(experiment.played(game_day.journal))
    console.print(f"game day {options.name}: {count - len(complaints)} of {count} activities went as planned")
    console.print(
        f"report: {paths['report.html']}, and Chaos Toolkit's journal beside it", markup=False, soft_wrap=True
    )
    return PASSED if found["passed"] and not complaints else FAILED
