"""Does any order of a few calls, with copies dark, answers lost or late and a copy emptied, break the leader record?

All orders, not drawn ones: each of these searches visits tens of thousands of states. The broken protocols show that it bites.
"""

from __future__ import annotations

import pytest
from broken_protocols import believe_a_minority, compare_and_swap, trust_what_forgot
from every_interleaving import Search, three_runs, two_runs

from failover.domain import register_protocol

# The protocol's own tests cover it; to trace each step of so many states takes longer than to visit them.
pytestmark = pytest.mark.untraced


def test_two_runs_with_any_call_gone_wrong_keep_every_promise() -> None:
    search = Search(two_runs(), faults=1)
    assert search.violation() is None
    assert search.positions > 50_000
    assert search.fenced == {"run-1", "run-2"}, "either may win"


def test_two_runs_with_any_copy_emptied_at_any_time_keep_every_promise() -> None:
    search = Search(two_runs(), faults=0, losses=1)
    assert search.violation() is None
    assert search.positions > 40_000


def test_two_runs_with_any_two_calls_gone_wrong_keep_every_promise() -> None:
    """Each asks the copies one after the other here: two faults are enough to leave an accepted value with a minority."""
    search = Search(two_runs(), faults=2, in_order=True)
    assert search.violation() is None
    assert search.positions > 50_000


def test_three_runs_keep_every_promise() -> None:
    search = Search(three_runs(), faults=0, in_order=True)
    assert search.violation() is None
    assert search.positions > 100_000
    assert search.fenced == {"run-1", "run-2", "run-3"}


@pytest.mark.parametrize(
    ("part", "broken", "losses"),
    [
        ("attempt", compare_and_swap, 0),
        ("attempt", believe_a_minority, 0),
        ("majority", lambda copies: 1, 0),
        ("_among_intact", trust_what_forgot, 1),
    ],
    ids=["no promises", "a minority is believed", "less than a majority", "a lost copy is trusted"],
)
def test_a_protocol_that_only_looks_right_is_caught(
    monkeypatch: pytest.MonkeyPatch, part: str, broken: object, losses: int
) -> None:
    monkeypatch.setattr(register_protocol, part, broken)
    assert Search(two_runs(), faults=1, losses=losses).violation()
