"""Is a user's write proven through the public name, by this Region?"""

from __future__ import annotations

import pytest
from control_plane_world import PRIMARY, STANDBY, MemoryWeb, VirtualClock, plan_with, run_with

from failover.application.errors import StillInProgress
from failover.application.post_checks import PostChecks

DBCHECK = "https://app.example.com/dbcheck"


def test_a_row_read_back_through_the_public_name_ends_the_failover() -> None:
    web = MemoryWeb()
    web.say(DBCHECK, 200, STANDBY, read_back=True, in_recovery=False)
    answer = PostChecks(plan_with(), STANDBY, web, VirtualClock())(run_with())
    assert answer == {"region": STANDBY, "read_back": True, "elapsed_ms": None}


def test_the_old_regions_answer_does_not() -> None:
    web = MemoryWeb()
    web.say(DBCHECK, 200, PRIMARY, read_back=True, in_recovery=False)
    with pytest.raises(StillInProgress, match="answered by ap-southeast-2"):
        PostChecks(plan_with(), STANDBY, web, VirtualClock())(run_with())
