"""Is a standby let on with just enough tasks, and held with one too few?"""

from __future__ import annotations

import pytest

from failover.domain.leading_size import Enough, TooFew, enough


@pytest.mark.parametrize(
    ("healthy", "found"),
    [
        (5, Enough("5 targets are healthy; 4 are needed to lead.")),
        (4, Enough("4 targets are healthy; 4 are needed to lead.")),
        (3, Enough("3 of the 4 targets wanted are healthy; the plan goes on with 2 or more.")),
        (2, Enough("2 of the 4 targets wanted are healthy; the plan goes on with 2 or more.")),
        (1, TooFew("1 of the 2 targets needed are healthy.")),
    ],
)
def test_the_leader_s_size_is_wanted_and_the_plan_s_minimum_is_enough(healthy: int, found: Enough | TooFew) -> None:
    assert enough(healthy, leading=4, minimum=2) == found
