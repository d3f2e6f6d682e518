"""With what is the leader looked at?"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from failover.adapters import aws
from failover.adapters.cloudwatch import CloudWatch
from failover.adapters.service_probe import HttpProbe
from failover.application.vantage_points import VantagePoints
from failover.domain.plan import Plan
from failover.wiring.heartbeats import heartbeats_of
from failover.wiring.this_region import CLOCK

# Apart from that of the copies: a look that asks all copies must not wait for threads that looks occupy.
_LOOKS = ThreadPoolExecutor(32, thread_name_prefix="look")


def vantage_points_of(plan: Plan) -> VantagePoints:
    """Every vantage point of `plan`, each with the time that one look may take."""
    timeout = plan.timing.look_timeout
    regions = {alarm.region for alarm in plan.alarms}
    alarms = CloudWatch({region: aws.client("cloudwatch", region, timeout, tries=1) for region in regions})
    return VantagePoints(plan, alarms, HttpProbe(timeout), heartbeats_of(plan), CLOCK, _LOOKS)
