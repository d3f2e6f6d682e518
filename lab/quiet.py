"""Is nothing under way in a lab, and does nothing look like a failure?

A busy machine may hold a lab up for half a second as it comes up, which is half a minute to its health checks: enough for
an alarm, and for a run that finds the leader well and stands down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from failover.application.leader_register import NoMajority
from lab.drills.occasion import HEALTH_CHECK_ALARMS
from lab.settings import SECONDARY_REGION

if TYPE_CHECKING:
    from lab.laboratory import Laboratory


def disturbance(lab: Laboratory) -> str | None:
    """What is under way, or looks so: an alarm that stands against the leader, or a run. None: all is quiet."""
    try:
        alarm = HEALTH_CHECK_ALARMS[lab.leader_record().leader]
    except NoMajority as error:
        return str(error)
    changes = [one for one in lab.cloud.journal()["entries"] if one["kind"] == "alarm" and one["name"] == alarm]
    state = changes[-1]["new"] if changes else "undecided"
    if state != "OK":
        return f"the alarm {alarm} is {state}"
    states = lab.client("stepfunctions", SECONDARY_REGION)
    running = states.list_executions(stateMachineArn=lab.state_machine_arn, statusFilter="RUNNING")["executions"]
    return f"{running[0]['name']} is running" if running else None
