"""Is exactly that listed which only the old primary has, and is unknown never taken for nothing?"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rebuild_world import HERE, KEPT, LAST_BEAT, REPLICA, RebuildWorld, checked, row

from failover.application.errors import RunRefused, StillInProgress
from failover.application.export_divergence import ExportDivergence

KEY = f"divergence/{KEPT}.jsonl"


def export(world: RebuildWorld, accept_unknown: bool = False) -> dict[str, Any]:
    world.replica_is_there()
    use_case = ExportDivergence(*world.at, world.instances, world.secrets, world.servers, world.servers, world.exports)
    return use_case(checked(accept_unknown, replica={"instance": REPLICA}))


@given(st.sets(st.integers(1, 40)), st.sets(st.integers(1, 40)))
def test_what_is_listed_is_what_the_old_one_has_and_the_new_one_lacks(old: set[int], new: set[int]) -> None:
    world = RebuildWorld()
    world.servers.rows = {"old": [row(n) for n in sorted(old)], "new": [row(n) for n in sorted(new)]}
    answer = export(world)
    listed = [json.loads(line)["number"] for line in world.exports.texts[KEY].splitlines()]
    assert listed == sorted(old - new)
    assert (answer["exported"], answer["rows"], answer["key"]) == (True, len(old - new), KEY)


def test_the_same_number_with_another_body_is_another_write() -> None:
    """A client that was not answered may have tried again with something else, and the new leader took that."""
    world = RebuildWorld()
    world.servers.rows = {"old": [row(1, body="first")], "new": [row(1, body="second")]}
    assert export(world)["rows"] == 1


def test_rows_from_well_before_the_last_heartbeat_that_arrived_are_not_looked_at() -> None:
    """They have reached the replica before that heartbeat did, and may have been changed there since."""
    world = RebuildWorld()
    world.servers.rows["old"] = [row(1, LAST_BEAT - timedelta(minutes=11)), row(2, LAST_BEAT - timedelta(minutes=9))]
    assert export(world)["rows"] == 1


def too_many(world: RebuildWorld) -> None:
    world.servers.rows["old"] = [row(n) for n in range(5)]
    world.servers.most = 4


def silent(world: RebuildWorld) -> None:
    world.servers.silent.add("old")


@pytest.mark.parametrize("broken", [silent, too_many])
def test_what_cannot_be_read_is_unknown_and_a_persons_to_accept(broken: Any) -> None:
    world = RebuildWorld()
    broken(world)
    answer = export(world)
    assert (answer["exported"], answer["accepted"], answer["rows"]) == (False, False, None)
    assert "does not tell its rows" in answer["reason"]
    accepted = export(world, accept_unknown=True)
    assert (accepted["exported"], accepted["accepted"], accepted["rows"]) == (False, True, None)
    assert world.exports.texts == {}


def test_a_silent_replica_is_asked_again() -> None:
    """It is no evidence of anything about the old primary."""
    world = RebuildWorld()
    world.servers.silent.add("new")
    with pytest.raises(StillInProgress):
        export(world)


def test_the_first_list_stays() -> None:
    world = RebuildWorld()
    world.servers.rows["old"] = [row(1), row(2)]
    first = export(world)
    world.servers.rows["old"] = []
    again = export(world)
    assert (again["rows"], again["sha256"]) == (2, first["sha256"])


def test_without_both_databases_nothing_is_compared() -> None:
    world = RebuildWorld()
    world.instances.all.clear()
    with pytest.raises(RunRefused, match=f"{HERE} has not both"):
        export(world)
