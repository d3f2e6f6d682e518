"""Does the old primary give up its name only when its rows are settled, and keep everything?"""

from __future__ import annotations

from typing import Any

import pytest
from rebuild_world import EXPORTED, INSTANCE, KEPT, RebuildWorld, checked

from failover.application.errors import RunRefused
from failover.application.keep_old_primary import KeepOldPrimary


def keep(world: RebuildWorld) -> KeepOldPrimary:
    return KeepOldPrimary(*world.at, world.register, world.instances, world.clock)


def test_it_is_renamed_once_and_tells_its_backups() -> None:
    world = RebuildWorld()
    run = checked(divergence=EXPORTED)
    assert keep(world)(run) == keep(world)(run) == {"kept_as": KEPT, "backup_retention_days": 7}
    assert world.instances.calls == [("rename", INSTANCE, KEPT)]
    assert INSTANCE not in world.instances.all


@pytest.mark.parametrize("divergence", [None, {"exported": False, "accepted": False, "rows": None}])
def test_it_keeps_its_place_while_its_rows_are_unknown(divergence: Any) -> None:
    world = RebuildWorld()
    with pytest.raises(RunRefused, match="keeps its place"):
        keep(world)(checked(divergence=divergence))
    assert world.instances.calls == []


def test_a_person_may_accept_that_they_are_unknown() -> None:
    world = RebuildWorld()
    assert keep(world)(checked(True, divergence={"exported": False, "accepted": True, "rows": None}))["kept_as"] == KEPT


def test_it_keeps_its_place_once_a_run_moves_the_leadership() -> None:
    world = RebuildWorld()
    world.register.fenced_by("failover-e3-ffff0000")
    with pytest.raises(RunRefused, match="now the record is fenced"):
        keep(world)(checked(divergence=EXPORTED))
    assert world.instances.calls == []
