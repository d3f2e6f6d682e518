"""Does a person's request start one rehearsal, and is it remembered?"""

from __future__ import annotations

from datetime import UTC, datetime

from control_plane_world import STANDBY
from rehearsal_world import RUN, RehearsalWorld


def test_a_rehearsal_begins_under_a_name_of_its_own_and_is_in_the_journal() -> None:
    world = RehearsalWorld()
    answer = world.start()(None)
    assert (answer.done, answer.run) == (True, RUN)
    run_input = world.rehearsals.started[RUN]
    assert (run_input["rehearsal"], run_input["trigger"]["kind"]) == ({"to": "latest"}, "manual")
    assert [(event.kind, event.by) for event in world.journal.events] == [("run-started", "maria")]


def test_an_older_moment_can_be_asked_for() -> None:
    world = RehearsalWorld()
    world.start()(datetime(2026, 11, 23, 2, tzinfo=UTC))
    assert world.rehearsals.started[RUN]["rehearsal"] == {"to": "2026-11-23T02:00:00+00:00"}


def test_beside_a_run_nothing_begins_and_that_is_in_the_journal_too() -> None:
    world = RehearsalWorld()
    world.failovers.others = ("failover-e1-0123abcd",)
    answer = world.start()(None)
    assert (answer.done, world.rehearsals.started) == (False, {})
    assert "rehearse when it has ended" in answer.reason
    assert [event.kind for event in world.journal.events] == ["rehearsal-refused"]


def test_the_region_that_leads_is_told_which_one_rehearses() -> None:
    world = RehearsalWorld()
    world.register.record = world.register.record.__class__(**{**vars(world.register.record), "leader": STANDBY})
    assert "a restore is rehearsed in the standby" in world.start()(None).reason
