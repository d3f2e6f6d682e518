"""When is a run that has ended taken for over, and what is told of it?"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from control_plane_world import NOW, PRIMARY, RUN

from failover.domain.abandoned_run import (
    REDRIVABLE,
    SILENT_MINUTES,
    DrivenRun,
    EndedRun,
    Page,
    Reopen,
    holder,
    judge,
    judge_driven,
    untold,
)
from failover.domain.leader_record import State, genesis

SETTLED = timedelta(seconds=30)
FENCED = replace(genesis(PRIMARY, NOW), epoch=2, state=State.FENCED, run=RUN)
OVER = NOW - SETTLED


def ended(at: datetime | None = OVER, entered: bool = False) -> EndedRun:
    return EndedRun("ABORTED", at, entered)


def test_only_a_fence_has_a_holder() -> None:
    assert holder(FENCED) == RUN
    assert holder(replace(FENCED, state=State.OPEN)) is None


@pytest.mark.parametrize("run", [None, ended(None), ended(OVER + timedelta(milliseconds=1))])
def test_a_run_that_is_not_known_to_be_over_is_left_alone(run: EndedRun | None) -> None:
    assert judge(FENCED, run, SETTLED, NOW) is None
    assert untold(FENCED, run, SETTLED, NOW) is None


def test_what_is_to_be_done_depends_on_the_one_way_step_and_is_told() -> None:
    assert judge(FENCED, ended(), SETTLED, NOW) == Reopen(
        f"{RUN} ended as ABORTED before its one-way step and left {PRIMARY} fenced."
    )


@pytest.mark.parametrize(("before", "redrivable"), [(timedelta(milliseconds=1), True), (timedelta(0), False)])
def test_a_page_tells_whether_aws_still_redrives_the_run(before: timedelta, redrivable: bool) -> None:
    held = f"{RUN} ended as ABORTED after it had entered its one-way step: {PRIMARY} stays fenced and nobody leads."
    late = "" if redrivable else f" That is {REDRIVABLE.days} days ago or more, so AWS redrives it no more."
    run = ended(NOW - REDRIVABLE + before, entered=True)
    assert judge(FENCED, run, SETTLED, NOW) == Page(f"{held}{late}", redrivable)


def test_a_run_that_recorded_nothing_is_told_by_what_the_record_says() -> None:
    told = untold(replace(FENCED, state=State.OPEN, epoch=3), ended(), SETTLED, NOW)
    assert told == f"{RUN} ended as ABORTED and recorded no outcome: {PRIMARY} leads, open in epoch 3."


SILENT = timedelta(minutes=SILENT_MINUTES)


@pytest.mark.parametrize(("since", "called"), [(SILENT - timedelta(milliseconds=1), False), (SILENT, True)])
def test_a_person_is_called_when_a_terminal_has_been_silent_for_that_long(since: timedelta, called: bool) -> None:
    fenced = replace(FENCED, changed_at=NOW - since)
    told = judge_driven(fenced, DrivenRun("PromoteReplica", NOW - since, promotes=True, heard=False), NOW)
    assert (told is not None) == called
    if told is not None:
        assert told.startswith(f"{RUN}, in PromoteReplica since {NOW - since:%H:%M:%S} UTC, is driven from a terminal")


def test_a_silent_terminal_that_kept_no_step_is_told_as_such() -> None:
    told = judge_driven(
        replace(FENCED, changed_at=NOW - SILENT), DrivenRun(None, None, promotes=False, heard=False), NOW
    )
    assert told is not None
    assert told.startswith(f"{RUN}, of which no step was kept, is driven")
