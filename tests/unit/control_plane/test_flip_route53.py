"""Has traffic moved when the public name is answered here, and not before?"""

from __future__ import annotations

from datetime import timedelta

import pytest
from control_plane_world import NOW, PRIMARY, STANDBY, MemoryWeb, VirtualClock, plan_with, run_with

from failover.application.errors import StillInProgress
from failover.application.flip_route53 import FlipRoute53

HEALTHZ = "https://app.example.com/healthz"
RUN = run_with(opened={"opened_at": (NOW - timedelta(seconds=30)).isoformat(), "leader": STANDBY})


def test_the_move_is_seen_in_the_answer_and_timed_from_the_opening() -> None:
    clock, web = VirtualClock(), MemoryWeb()
    web.say(HEALTHZ, 503, PRIMARY)
    clock.later(20, lambda: web.say(HEALTHZ, 200, STANDBY))
    answer = FlipRoute53(plan_with(), STANDBY, web, clock)(RUN)
    assert answer == {"moved": True, "answered_by": STANDBY, "seconds": 50.0}


@pytest.mark.scenario("F32")
@pytest.mark.parametrize(("status", "region"), [(200, PRIMARY), (503, STANDBY), (200, None)])
def test_any_other_answer_is_not_the_move(status: int, region: str | None) -> None:
    clock, web = VirtualClock(), MemoryWeb()
    web.say(HEALTHZ, status, region)
    with pytest.raises(StillInProgress, match=f"answered {status}"):
        FlipRoute53(plan_with(), STANDBY, web, clock)(RUN)


@pytest.mark.scenario("F32")
def test_a_public_name_that_is_silent_is_waited_for_and_told() -> None:
    with pytest.raises(StillInProgress, match="does not answer"):
        FlipRoute53(plan_with(), STANDBY, MemoryWeb(), VirtualClock())(RUN)
