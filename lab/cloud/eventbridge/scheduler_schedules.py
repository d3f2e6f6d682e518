"""When does EventBridge Scheduler start something? At a schedule's rate, counted from when it was created, in scaled time.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
Not emulated: cron expressions and one-time schedules, which are refused; flexible time windows; what is updated.
"""

from __future__ import annotations

import uuid
from typing import Any

from moto.scheduler.exceptions import ScheduleGroupNotFound, ScheduleNotFound
from moto.scheduler.models import EventBridgeSchedulerBackend

from lab.cloud.context import CloudContext
from lab.cloud.eventbridge.delivery import Delivery, delivery_of
from lab.cloud.eventbridge.scheduled_rules import fire, rate


def install(context: CloudContext) -> None:
    """Schedules start their targets from when they are created until they are deleted; never in a dark Region."""
    create_schedule = EventBridgeSchedulerBackend.create_schedule

    def create(self: Any, *arguments: Any, **named: Any) -> Any:
        every = rate(named["schedule_expression"])
        made = create_schedule(self, *arguments, **named)
        fire(context, every, self.region_name, lambda: _is_there(self, made), lambda: _start(context, self, made))
        return made

    EventBridgeSchedulerBackend.create_schedule = create


def _is_there(backend: Any, made: Any) -> bool:
    try:
        return backend.get_schedule(made.group_name, made.name) is made
    except (ScheduleNotFound, ScheduleGroupNotFound):
        return False


def _start(context: CloudContext, backend: Any, made: Any) -> None:
    """The target gets its input as it stands."""
    if made.state == "DISABLED":
        return
    event = {"id": str(uuid.uuid4()), "source": "aws.scheduler", "detail-type": "Scheduled Event"}
    delivery = Delivery(backend.region_name, made.arn, dict(made.target), event, made.target.get("Input", "{}"))
    delivery_of(context).start(delivery)
