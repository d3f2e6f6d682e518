"""Does the leader record keep its promises under every interleaving, and would these tests notice if it did not?"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from interleavings import NEW, World, play, violation

from failover.domain import register_protocol

SEEDS_THAT_BITE = range(60)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1))
def test_no_interleaving_of_runs_tasks_crashes_and_lost_answers_breaks_a_promise(seed: int) -> None:
    assert violation(play(World(seed))) is None


def test_the_schedules_are_worth_something() -> None:
    """Schedules in which nothing is fenced, or nobody ever takes over, would prove nothing."""
    worlds = [play(World(seed)) for seed in range(40)]
    assert sum(len(world.holds) > 1 for world in worlds) >= 5
    assert sum(any(lease.record.leader == NEW for lease, _ in world.leases) for world in worlds) >= 10


def test_without_the_wait_after_the_fence_the_old_leader_acknowledges_late() -> None:
    """The wait is what makes the lease a fence: taken out, the same check must fail."""
    found = [violation(play(World(seed, wait_steps=0))) for seed in SEEDS_THAT_BITE]
    assert any(one is not None and "could still acknowledge" in one for one in found)


def test_with_less_than_a_majority_two_runs_hold_the_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register_protocol, "majority", lambda copies: 1)
    assert any(violation(play(World(seed))) for seed in SEEDS_THAT_BITE)
