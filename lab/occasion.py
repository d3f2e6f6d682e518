"""What sets a drill going: a fault that is injected, or a person who asks for a switchover?"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lab.faults import FAULTS
from lab.settings import SECONDARY_REGION, DrillSettings

if TYPE_CHECKING:
    from lab.laboratory import Laboratory

FAULT, REQUEST = "fault", "request"
SWITCHOVER = "switchover"


@dataclass(frozen=True)
class Occasion:
    """`word` is what the drill's clocks count from: a fault, or a request where nothing breaks."""

    name: str
    description: str
    word: str
    begin: Callable[[Laboratory], object]


def occasion_of(settings: DrillSettings) -> Occasion:
    if settings.planned:
        return Occasion(SWITCHOVER, f"a person asks for {SECONDARY_REGION} to lead; nothing is broken", REQUEST, _ask)
    fault = FAULTS[settings.fault]
    return Occasion(fault.name, fault.description, FAULT, fault.inject)


def _ask(lab: Laboratory) -> object:
    """As a person does: by the command, in a process of its own, through the lab's AWS APIs alone."""
    return lab.processes.start(
        [
            sys.executable,
            *("-m", "lab.cli", "switchover", "--to", SECONDARY_REGION, "--reason", "a drill"),
            *("--target", "lab", "--cloud-port", str(urlsplit(lab.cloud.endpoint).port)),
        ],
        name="the switchover's command",
        log=lab.processes.state_directory / "switchover.log",
    )
