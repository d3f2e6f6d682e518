"""Is nothing under way in a lab, and does nothing look like a failure?

A busy machine may hold a lab up for half a second as it comes up, which is half a minute to its health checks: enough for
an alarm, and for a run that finds the leader well and stands down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from failover.application.leader_register import NoMajority
from lab.drills.occasion import LEADERS_ALARM
from lab.settings import PRIMARY_REGION, SECONDARY_REGION

if TYPE_CHECKING:
    from lab.laboratory import Laboratory


def disturbance(lab: Laboratory) -> str | None:
    """What is under way, or looks so: an alarm that stands against the leader, or a run. None: all is quiet."""
    changes = [one for one in lab.cloud.journal()["entries"] if one["kind"] == "alarm" and one["name"] == LEADERS_ALARM]
    state = changes[-1]["new"] if changes else "undecided"
    try:
        # The alarm watches the primary Region alone, which is no leader's any more after a failover.
        if state != "OK" and lab.leader_record().leader == PRIMARY_REGION:
            return f"the alarm {LEADERS_ALARM} is {state}"
    except NoMajority as error:
        return str(error)
    states = lab.client("stepfunctions", SECONDARY_REGION)
    running = states.list_executions(stateMachineArn=lab.state_machine_arn, statusFilter="RUNNING")["executions"]
    return f"{running[0]['name']} is running" if running else None
