"""Does every runbook page hold: its commands, typed as written on a real lab, print what the page says?

Labs cost seconds, so pages that fit together share one, in the order of an operator's life.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from lab.host.processes import Processes
from lab.laboratory import Laboratory
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
    "planned": Play(LabSettings(timers=PATIENT), ("planned_failover", "acknowledge_and_rearm", "failback")),
    "asked": Play(LabSettings(timers=PATIENT, rpo_target_seconds=0.5), ("approve_or_refuse",)),
    "unplanned": Play(LabSettings(timers=PATIENT), ("unplanned_failover", "deploy_during_incident")),
    "restore": Play(LabSettings(timers=PATIENT), ("db_restore",)),
    "control plane lost": Play(LabSettings(timers=PATIENT), ("control_plane_lost",)),
    "outage": Play(None, ("gamedays/primary_outage", "gamedays/s3_ransomware")),
    "partition": Play(None, ("gamedays/split_brain",)),
    "restore day": Play(None, ("gamedays/snapshot_restore",)),
}
NAMED = {page for play in PLAYS.values() for page in play.pages}
# A page that is named nowhere asks for nothing special: these are played where nothing is wrong.
QUIET = Play(LabSettings(timers=PATIENT), tuple(name for name in map(name_of, pages()) if name not in NAMED))


@contextmanager
def staged(play: Play) -> Iterator[Rehearsal]:
    if play.lab is None:
        with Processes() as processes:
            yield Rehearsal(processes, None)
    else:
        with Laboratory(replace(play.lab, cloud_port=free_port()), lambda _: None) as lab:
            yield Rehearsal(lab.processes, lab)


# The longest first.
@pytest.mark.parametrize("play", [QUIET, *PLAYS.values()], ids=["quiet", *PLAYS])
def test_the_commands_of_a_play_s_pages_print_what_they_say(play: Play) -> None:
    """A page begins where the one before it ended, so a play is one test: every page of it is played, whatever is wrong."""
    wrong = []
    with staged(play) as rehearsal:
        for page in play.pages:
            told = rehearsal.play(Path(RUNBOOKS / f"{page}.md"))
            for one in told.on_aws_only:
                warnings.warn(f"not executed, on AWS only: {one}", stacklevel=1)  # in the summary, where it is read
            wrong += told.wrong
            if not told.executed:
                wrong.append(f"{page}: no command of the page was executed")
    assert not wrong, "\n\n".join(wrong)
