"""When does a heartbeat speak for its leader, and when against it?"""

from __future__ import annotations

from datetime import timedelta

import pytest
from control_plane_world import NOW, PRIMARY, STANDBY, plan_with

from failover.domain.heartbeat import Heartbeat, Lsn
from failover.domain.signals import Health, Observation, sign_of_life

TIMING = plan_with().timing


@pytest.mark.parametrize(
    ("age_seconds", "health"),
    [
        (0, Health.HEALTHY),
        (10, Health.HEALTHY),
        (10.1, Health.INSUFFICIENT),
        (21, Health.INSUFFICIENT),
        (21.1, Health.UNHEALTHY),
    ],
)
def test_a_heartbeat_speaks_against_its_leader_once_no_lease_can_hold(age_seconds: float, health: Health) -> None:
    """It is renewed every 5 s and takes up to 5 s; 20 s may stay unpublished, and clocks differ by up to one."""
    newest = Heartbeat(PRIMARY, 1, 1, NOW - timedelta(seconds=age_seconds), Lsn(1))
    assert sign_of_life(newest, PRIMARY, NOW, TIMING) == (health, f"the newest heartbeat is {age_seconds:.1f} s old")


@pytest.mark.parametrize("newest", [None, Heartbeat(STANDBY, 1, 1, NOW, Lsn(1))])
def test_another_leaders_heartbeat_says_nothing_of_this_one(newest: Heartbeat | None) -> None:
    told = sign_of_life(newest, PRIMARY, NOW, TIMING)
    assert told == (Health.INSUFFICIENT, f"{PRIMARY} has published no heartbeat")


def test_a_look_is_written_down_as_plain_json() -> None:
    written = Observation("route53", Health.UNHEALTHY, "1 of 3", since=NOW).to_dict()
    assert written == {"vantage_point": "route53", "health": "unhealthy", "detail": "1 of 3"}
