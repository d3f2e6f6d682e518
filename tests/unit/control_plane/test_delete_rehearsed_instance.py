"""Is nothing left of a rehearsal, and nothing deleted that is none?"""

from __future__ import annotations

import pytest
from rehearsal_world import RUN, TAG, RehearsalWorld

from failover.application.errors import RunRefused, StillInProgress


def test_the_instance_is_deleted_and_seen_to_be_gone_and_the_replica_stays() -> None:
    world = RehearsalWorld()
    world.checked()
    world.leave(**{TAG: RUN})
    assert world.delete()(world.run()) == {"gone": True}
    assert world.databases.isolated.instance is None
    assert world.databases.replica.instance is not None


def test_again_it_has_nothing_to_do() -> None:
    world = RehearsalWorld()
    world.checked()
    assert world.delete()(world.run()) == {"gone": True}
    assert world.restores.deleted == []


def test_one_that_does_not_go_is_asked_for_again() -> None:
    world = RehearsalWorld()
    world.checked()
    world.leave(**{TAG: RUN})
    world.databases.isolated.set(status="deleting")
    with pytest.raises(StillInProgress, match=f"made for {RUN}, is being deleted"):
        world.delete()(world.run())
    assert world.restores.deleted == [], "RDS is asked once"


def test_one_that_no_rehearsal_made_is_left_for_a_person() -> None:
    world = RehearsalWorld()
    world.checked()
    world.leave()
    with pytest.raises(RunRefused, match="look at it, delete or rename it"):
        world.delete()(world.run())
