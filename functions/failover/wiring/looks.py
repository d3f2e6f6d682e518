"""With what is the leader looked at?"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from failover.adapters.service_probe import HttpProbe
from failover.application.vantage_points import VantagePoints
from failover.domain.plan import Plan
from failover.wiring.alarms import alarms_of
from failover.wiring.heartbeats import heartbeats_of
from failover.wiring.this_region import CLOCK

# Apart from that of the copies: a look that asks all copies must not wait for threads that looks occupy.
_LOOKS = ThreadPoolExecutor(32, thread_name_prefix="look")


def vantage_points_of(plan: Plan) -> VantagePoints:
    """Every vantage point of `plan`, each with the time that one look may take."""
    probe = HttpProbe(plan.timing.look_timeout)
    return VantagePoints(plan, alarms_of(plan), probe, heartbeats_of(plan), CLOCK, _LOOKS)
