"""What does a person who is asked to accept a loss do on a game day?"""

from __future__ import annotations

import re
import sys
from datetime import timedelta
from urllib.parse import urlsplit

from lab.data_plane import database_instance
from lab.gameday.stage import awaited, the_lab, the_stage
from lab.laboratory import LabError
from lab.settings import SECONDARY_REGION

# As the message has it.
QUESTION = re.compile(r"drlab approve (\S+) --accept-loss (\S+) --region (\S+)")
APPROVED_WITHIN = timedelta(seconds=30)


def a_person_is_told_how_long_a_restore_takes(within_seconds: float) -> str:
    """Beside the figure of the loss; that it is unknown is told as well. Raises LabError."""

    def told() -> str | None:
        lines = [line for text in _messages() if QUESTION.search(text) for line in text.splitlines()]
        return next((line for line in lines if re.search(r"The restore took|How long the restore takes", line)), None)

    return awaited(told, "a question that says how long a restore takes", within_seconds)


def a_person_accepts_the_loss(within_seconds: float) -> str:
    """By the line of the message, in a process of its own. Raises LabError, or ProcessFailed with what it said."""
    lab = the_lab()

    def asked() -> str | None:
        return next((found[0] for text in _messages() if (found := QUESTION.search(text))), None)

    found = QUESTION.search(awaited(asked, "a question", within_seconds))
    if found is None:
        raise LabError("the message has no line to approve by")
    token, figure, region = found.groups()
    log = lab.processes.state_directory / "approve.log"
    lab.processes.run(
        [
            *(sys.executable, "-m", "lab.cli", "approve", token, "--accept-loss", figure, "--region", region),
            *("--target", "lab", "--cloud-port", str(urlsplit(lab.cloud.endpoint).port)),
        ],
        name="drlab approve",
        log=log,
        within=APPROVED_WITHIN,
    )
    return f"up to {figure} s accepted"


def database_was_restored() -> str:
    """The new leader's database is no promoted replica. Raises LabError."""
    name = database_instance(SECONDARY_REGION)
    found = the_lab().client("rds", SECONDARY_REGION).describe_db_instances(DBInstanceIdentifier=name)
    tags = {one["Key"]: one["Value"] for one in found["DBInstances"][0]["TagList"]}
    if "drlab:restored-by" not in tags:
        raise LabError(f"{name} was made of no backup")
    return f"{name} was restored by {tags['drlab:restored-by']}"


def _messages() -> list[str]:
    """Since the fault struck."""
    return [str(one.get("Message")) for one in the_lab().webhook.received()[the_stage().heard :]]
