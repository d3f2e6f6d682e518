"""Does every runbook page hold: its commands, typed as written on a real lab, print what the page says?

Labs cost seconds, so pages that fit together share one, in the order of an operator's life.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from lab.laboratory import Laboratory
from lab.processes import Processes
from lab.region.ports import free_port
from lab.settings import LabSettings, Timers
from tests.runbooks.page import RUNBOOKS, name_of, pages
from tests.runbooks.rehearsal import Rehearsal

pytestmark = pytest.mark.book
# Long enough for a reader's commands, which are processes of their own.
PATIENT = replace(Timers(), approval_seconds=120)


@dataclass(frozen=True)
class Play:
    """One lab, and the pages that are played on it, one after the other. None: their commands bring up their own."""

    lab: LabSettings | None
    pages: tuple[str, ...]


PLAYS: Mapping[str, Play] = {
    # A page that is named nowhere asks for nothing special: it is played first here, where nothing is wrong.
    "planned": Play(LabSettings(timers=PATIENT), ("planned_failover", "acknowledge_and_rearm", "failback")),
    "asked": Play(LabSettings(timers=PATIENT, rpo_target_seconds=0.5), ("approve_or_refuse",)),
    "unplanned": Play(LabSettings(timers=PATIENT), ("unplanned_failover", "deploy_during_incident", "db_restore")),
    "control plane lost": Play(LabSettings(timers=PATIENT), ("control_plane_lost",)),
    "gamedays": Play(None, ("gamedays/primary_outage", "gamedays/s3_ransomware", "gamedays/split_brain")),
}


def order_of_play() -> list[Any]:
    """A play's pages stay together, in their order, where tests run side by side."""
    named = {page for play in PLAYS.values() for page in play.pages}
    others = tuple(name for name in map(name_of, pages()) if name not in named)
    orders = {**{name: play.pages for name, play in PLAYS.items()}}
    orders["planned"] = others + orders["planned"]
    return [
        pytest.param(play, page, marks=pytest.mark.xdist_group(f"books {play}"), id=page)
        for play, order in orders.items()
        for page in order
    ]


@pytest.fixture(scope="module")
def rehearsal(request: pytest.FixtureRequest) -> Iterator[Rehearsal]:
    settings = PLAYS[request.param].lab
    if settings is None:
        with Processes() as processes:
            yield Rehearsal(processes, None)
    else:
        with Laboratory(replace(settings, cloud_port=free_port()), lambda _: None) as lab:
            yield Rehearsal(lab.processes, lab)


@pytest.mark.parametrize(("rehearsal", "page"), order_of_play(), indirect=["rehearsal"], scope="module")
def test_a_page_s_commands_print_what_it_says(rehearsal: Rehearsal, page: str) -> None:
    told = rehearsal.play(Path(RUNBOOKS / f"{page}.md"))
    for one in told.on_aws_only:
        warnings.warn(f"not executed, on AWS only: {one}", stacklevel=1)  # in the summary, where it is read
    assert not told.wrong, "\n\n".join(told.wrong)
    assert told.executed, "no command of the page was executed"
