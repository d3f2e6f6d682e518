"""When does EventBridge Scheduler start something? At a schedule's rate, counted from when it was created, in scaled time.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
What it starts, it starts with the schedule's role. Not emulated: cron expressions and one-time schedules, which are
refused; flexible time windows; what is updated; targets that name an API call.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.scheduler.exceptions import ScheduleGroupNotFound, ScheduleNotFound, ValidationException
from moto.scheduler.models import EventBridgeSchedulerBackend

from lab.cloud.context import CloudContext
from lab.cloud.eventbridge.delivery import Delivery, delivery_of
from lab.cloud.eventbridge.scheduled_rules import fire, rate
from lab.settings import ACCOUNT_ID


def install(context: CloudContext) -> None:
    """Schedules start their targets from when they are created until they are deleted; never in a dark Region."""
    create_schedule = EventBridgeSchedulerBackend.create_schedule

    def create(self: Any, *arguments: Any, **named: Any) -> Any:
        every = rate(named["schedule_expression"])
        _may_take_its_role(context, self.region_name, named)
        made = create_schedule(self, *arguments, **named)
        fire(context, every, self.region_name, lambda: _is_there(self, made), lambda: _start(context, self, made))
        return made

    EventBridgeSchedulerBackend.create_schedule = create


def _may_take_its_role(context: CloudContext, region: str, wanted: Mapping[str, Any]) -> None:
    """Raises ValidationException in AWS's words, and the lab's reason."""
    schedule = f"arn:aws:scheduler:{region}:{ACCOUNT_ID}:schedule/{wanted['group_name'] or 'default'}/{wanted['name']}"
    if (reason := context.authorization.cannot_act(schedule, wanted["target"]["RoleArn"])) is not None:
        told = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
        raise ValidationException(f"{told} ({reason})")


def _is_there(backend: Any, made: Any) -> bool:
    try:
        return backend.get_schedule(made.group_name, made.name) is made
    except (ScheduleNotFound, ScheduleGroupNotFound):
        return False


def _start(context: CloudContext, backend: Any, made: Any) -> None:
    """The target gets its input as it stands."""
    if made.state == "DISABLED":
        return
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    event = {"id": str(uuid.uuid4()), "source": "aws.scheduler", "detail-type": "Scheduled Event", "time": now}
    delivery = Delivery(backend.region_name, made.arn, dict(made.target), event, made.target.get("Input", "{}"))
    delivery_of(context).start(delivery)
