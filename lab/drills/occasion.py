"""What sets a drill going: a fault that is injected, or a person who asks for a switchover or breaks the glass?"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lab.drills.faults import FAULTS, lose_control_plane
from lab.settings import PRIMARY_REGION, SECONDARY_REGION, SERVICE, WITNESS_REGION, DrillSettings

if TYPE_CHECKING:
    from lab.host.started import Started
    from lab.laboratory import Laboratory

FAULT, REQUEST = "fault", "request"
SWITCHOVER, CONTROL_PLANE_LOST = "switchover", "control-plane-lost"
# Each on the health check of its Region; who leads is watched by its own.
HEALTH_CHECK_ALARMS = {
    PRIMARY_REGION: f"drlab-{SERVICE}-primary-health-check",
    SECONDARY_REGION: f"drlab-{SERVICE}-secondary-health-check",
}
CALLED_WITHIN_SECONDS = 60.0


@dataclass(frozen=True)
class Occasion:
    """`word` is what the drill's clocks count from: a fault, or a request where nothing breaks."""

    name: str
    description: str
    word: str
    begin: Callable[[Laboratory], object]
    # A command takes the steps, in a process that `begin` gives: no Step Functions knows of the run.
    driven: bool = False
    # The instant on the monotonic clock from which to count, where `begin` does more than strike; None: as it began.
    struck_at: Callable[[], float | None] = lambda: None


def occasion_of(settings: DrillSettings) -> Occasion:
    if settings.planned:
        return switchover_to(SECONDARY_REGION)
    if settings.break_glass:
        told = f"the primary Region goes dark, {SECONDARY_REGION} has no control plane, and a person takes every step"
        return Occasion(CONTROL_PLANE_LOST, told, FAULT, _break_glass, driven=True)
    fault = FAULTS[settings.fault]
    return Occasion(fault.name, fault.description, FAULT, fault.inject)


def switchover_to(region: str) -> Occasion:
    def ask(lab: Laboratory) -> object:
        return by_command(lab, "switchover", "--to", region, "--reason", "a drill")

    return Occasion(SWITCHOVER, f"a person asks for {region} to lead; nothing is broken", REQUEST, ask)


def by_command(lab: Laboratory, command: str, *arguments: str) -> Started:
    """As a person does: by the command, in a process of its own, through the lab's AWS APIs alone."""
    return lab.processes.start(
        [
            sys.executable,
            *("-m", "lab.cli", command, *arguments),
            *("--target", "lab", "--cloud-port", str(urlsplit(lab.cloud.endpoint).port)),
        ],
        name=f"the command {command}",
        log=lab.processes.state_directory / f"{command}.log",
    )


def _break_glass(lab: Laboratory) -> Started:
    """The person is called by the alarm, and may do no more than the printed policy allows."""
    lose_control_plane(lab)
    FAULTS["region-dark"].inject(lab)
    alarms = lab.client("cloudwatch", WITNESS_REGION)
    deadline = time.monotonic() + CALLED_WITHIN_SECONDS
    while time.monotonic() < deadline:
        (alarm,) = alarms.describe_alarms(AlarmNames=[HEALTH_CHECK_ALARMS[PRIMARY_REGION]])["MetricAlarms"]
        if alarm["StateValue"] == "ALARM":
            break
        time.sleep(0.1)
    return lab.processes.start(
        [
            sys.executable,
            *("-m", "lab.break_glass.as_allowed", str(urlsplit(lab.cloud.endpoint).port), SECONDARY_REGION, "a drill"),
        ],
        name="the break-glass command",
        log=lab.processes.state_directory / "break-glass.log",
    )
