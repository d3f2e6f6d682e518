"""Does the leader record keep its promises under every interleaving, and would these tests notice if it did not?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from broken_protocols import believe_a_minority, compare_and_swap, trust_what_forgot
from hypothesis import given, settings
from hypothesis import strategies as st
from interleavings import NEW, World, play, violation

from failover.domain import register_protocol

# What their schedules cover, the tests of the same modules cover; to trace them takes longer than to play them.
pytestmark = pytest.mark.untraced

SEEDS_THAT_BITE = range(200)


def violations(**world: int) -> Iterator[str]:
    """Found one after the other, so that a test may stop at the first."""
    return (found for seed in SEEDS_THAT_BITE if (found := violation(play(World(seed, **world)))))


@pytest.mark.scenario("F26")
@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1))
def test_no_interleaving_of_runs_tasks_crashes_and_lost_answers_breaks_a_promise(seed: int) -> None:
    assert violation(play(World(seed))) is None


def test_the_schedules_are_worth_something() -> None:
    """Schedules in which nothing is fenced, crashed or forgotten, or nobody ever takes over, would prove nothing."""
    worlds = [play(World(seed)) for seed in range(40)]
    assert sum(len(world.holds) > 1 for world in worlds) >= 5
    assert sum(any(lease.record.leader == NEW for lease, _ in world.leases) for world in worlds) >= 5
    assert sum(world.crashed > 0 for world in worlds) >= 5
    assert sum(not world.forgets for world in worlds) >= 20
    assert sum(all(one.copy for one in world.objects.values()) for world in worlds if not world.forgets) >= 5


def test_without_the_wait_after_the_fence_the_old_leader_acknowledges_late() -> None:
    """The wait is what makes the lease a fence: taken out, the same check must fail."""
    assert any("could still acknowledge" in found for found in violations(wait_steps=0))


def test_with_less_than_a_majority_two_runs_hold_the_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register_protocol, "majority", lambda copies: 1)
    assert any("took the fence while" in found for found in violations())


def test_without_promises_two_runs_hold_the_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comparing and swapping two of three copies looks enough, and is not."""
    monkeypatch.setattr(register_protocol, "attempt", compare_and_swap)
    assert any("took the fence while" in found for found in violations())


def test_what_rests_on_a_minority_is_lost_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """So a refusal, and the repeat of a change, must have its record accepted by a majority as well."""
    monkeypatch.setattr(register_protocol, "attempt", believe_a_minority)
    assert any(violations())


def test_a_lost_copy_that_is_trusted_loses_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register_protocol, "_among_intact", trust_what_forgot)
    assert any(violations())
