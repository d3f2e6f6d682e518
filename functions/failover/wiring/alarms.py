"""With what are the plan's alarms asked for what they say now?"""

from __future__ import annotations

from failover.adapters import aws
from failover.adapters.cloudwatch import CloudWatch
from failover.domain.plan import Plan


def alarms_of(plan: Plan) -> CloudWatch:
    """In every Region that has an alarm of `plan`, each with the time that one look may take."""
    regions = {alarm.region for alarm in plan.alarms}
    timeout = plan.timing.look_timeout
    return CloudWatch({region: aws.client("cloudwatch", region, timeout, tries=1) for region in regions})
