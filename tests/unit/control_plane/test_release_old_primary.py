"""Is the kept old primary let go only by name, only when its rows are listed, and never anything else?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from control_plane_world import MemoryJournal
from rebuild_world import HERE, INSTANCE, KEPT, RebuildWorld

from failover.application.release_old_primary import ReleaseOldPrimary
from failover.domain.rebuild import divergence_key


class Desk(RebuildWorld):
    def __init__(self, listed: bool = True) -> None:
        super().__init__()
        self.journal = MemoryJournal()
        self.instances.all[KEPT] = replace(self.instances.all[INSTANCE], identifier=KEPT)
        if listed:
            self.exports.put_once(divergence_key(KEPT), "")
        self.release = ReleaseOldPrimary(*self.at, self.instances, self.exports, self.journal, "kim")


def test_it_is_let_go_all_but_a_snapshot_and_that_is_remembered() -> None:
    desk = Desk()
    answer = desk.release(KEPT, "looked through")
    assert (answer.done, desk.instances.released) == (True, [KEPT])
    assert f"snapshot {KEPT}-final stays" in answer.reason
    assert [event.kind for event in desk.journal.events] == ["old-primary-released"]


@pytest.mark.parametrize(
    ("instance", "why"),
    [
        (INSTANCE, "is not what a rebuild keeps"),
        (f"{INSTANCE}-rebuilt-3", "is not what a rebuild keeps"),
        (f"other-{KEPT}", "is not what a rebuild keeps"),
        (f"{INSTANCE}-diverged-9", f"{HERE} has no database instance"),
    ],
)
def test_nothing_else_is_let_go(instance: str, why: str) -> None:
    desk = Desk()
    answer = desk.release(instance, "looked through")
    assert why in answer.reason
    assert (answer.done, desk.instances.released) == (False, [])


def test_one_whose_rows_nobody_listed_needs_a_persons_word() -> None:
    desk = Desk(listed=False)
    assert "listed nowhere" in desk.release(KEPT, "gone").reason
    assert desk.instances.released == []
    assert desk.release(KEPT, "gone", accept_unlisted=True).done


def test_a_reason_is_needed() -> None:
    desk = Desk()
    assert (desk.release(KEPT, " ").reason, desk.instances.released) == ("A reason is needed.", [])
