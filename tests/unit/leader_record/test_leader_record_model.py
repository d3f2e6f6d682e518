"""Does the leader record keep its promises under every interleaving, and would these tests notice if it did not?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import ClassVar

import pytest
from broken_protocols import believe_a_minority, compare_and_swap, trust_what_forgot
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from interleavings import OLD, REGIONS
from leader_record_machine import TO_THE_END, LeaderRecordMachine

from failover.domain import register_protocol

# What their schedules cover, the tests of the same modules cover; to trace them takes longer than to play them.
pytestmark = pytest.mark.untraced

STEPS = 50
# The first history that breaks a promise is enough: nobody reads it.
BITES = settings(
    max_examples=3000,
    stateful_step_count=STEPS,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.scenario("F26")
def test_no_interleaving_of_runs_tasks_crashes_and_lost_answers_breaks_a_promise() -> None:
    run_state_machine_as_test(LeaderRecordMachine, settings=settings(max_examples=120, stateful_step_count=STEPS))


def test_the_histories_are_worth_something() -> None:
    """Histories in which nothing is fenced, crashed or forgotten, or nobody ever takes over, would prove nothing."""

    class Counted(LeaderRecordMachine):
        reached: ClassVar[Counter[str]] = Counter()

    run_state_machine_as_test(Counted, settings=settings(BITES, max_examples=80))
    reached = {what for what, count in Counted.reached.items() if count >= 2}
    assert len(reached) == 7, Counted.reached


def test_a_search_finds_what_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register_protocol, "majority", lambda copies: 1)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(LeaderRecordMachine, settings=BITES)


History = Callable[[LeaderRecordMachine], None]


def broken_by(history: History, machine: type[LeaderRecordMachine] = LeaderRecordMachine) -> str | None:
    """The promise that `history` breaks, as a search looks for it."""
    state = machine()
    try:
        history(state)
        state.every_promise_is_kept()
    except AssertionError as broken:
        return str(broken)
    finally:
        if state.broken is None:
            state.teardown()
    return None


def without_a_wait(state: LeaderRecordMachine) -> None:
    state.renews(task="task-old-1", moves=TO_THE_END)
    state.fences(run="run0", moves=TO_THE_END)
    state.waits_out_the_lease_and_hands_over(run="run0", moves=TO_THE_END)


def a_copy_each(state: LeaderRecordMachine) -> None:
    """One run has asked for its promises, while the other does all that it wants on two copies."""
    state.fences(run="run2", moves=13)
    state.a_copy_goes_dark(region=OLD)
    state.fences(run="run0", moves=TO_THE_END)
    state.a_copy_goes_dark(region=None)
    state.goes_on(who="run2", moves=TO_THE_END, mishap=None)


def read_before_another_wrote(state: LeaderRecordMachine) -> None:
    state.fences(run="run2", moves=6)
    state.a_copy_goes_dark(region=OLD)
    state.fences(run="run0", moves=TO_THE_END)
    state.a_copy_goes_dark(region=None)
    state.goes_on(who="run2", moves=TO_THE_END, mishap=None)


def one_copy_accepted(state: LeaderRecordMachine) -> None:
    """A run crashes when one copy has its fence; who is refused for it tells of a record that was never chosen."""
    state.fences(run="run0", moves=14)
    (accepted,) = [region for region, one in state.world.objects.items() if one.copy and one.copy.value.run == "run0"]
    state.fences(run="run2", moves=TO_THE_END)
    state.a_copy_goes_dark(region=accepted)
    state.acknowledges(moves=TO_THE_END)


def one_of_two_forgot(state: LeaderRecordMachine) -> None:
    dark, seen, lost = REGIONS[1], REGIONS[0], REGIONS[2]
    state.a_copy_goes_dark(region=dark)
    state.fences(run="run0", moves=TO_THE_END)
    state.a_copy_goes_dark(region=seen)
    state.a_copy_is_lost(region=lost)
    state.reopens(run="run0", moves=TO_THE_END)


@pytest.mark.parametrize(
    "history", [without_a_wait, a_copy_each, read_before_another_wrote, one_copy_accepted, one_of_two_forgot]
)
def test_the_histories_that_break_another_protocol_break_nothing_here(history: History) -> None:
    assert broken_by(history) is None


def test_without_the_wait_after_the_fence_the_old_leader_acknowledges_late() -> None:
    """The wait is what makes the lease a fence: taken out, the same check must fail."""

    class Hasty(LeaderRecordMachine):
        wait_steps = 0

    assert "could still acknowledge" in str(broken_by(without_a_wait, Hasty))


def test_with_less_than_a_majority_two_runs_hold_the_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register_protocol, "majority", lambda copies: 1)
    assert "took the fence while" in str(broken_by(a_copy_each))


def test_without_promises_two_runs_hold_the_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comparing and swapping two of three copies looks enough, and is not."""
    monkeypatch.setattr(register_protocol, "attempt", compare_and_swap)
    assert "took the fence while" in str(broken_by(read_before_another_wrote))


def test_what_rests_on_a_minority_is_lost_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """So a refusal, and the repeat of a change, must have its record accepted by a majority as well."""
    monkeypatch.setattr(register_protocol, "attempt", believe_a_minority)
    assert "a change was lost" in str(broken_by(one_copy_accepted))


def test_a_lost_copy_that_is_trusted_loses_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register_protocol, "_among_intact", trust_what_forgot)
    assert "a change was lost" in str(broken_by(one_of_two_forgot))
