"""Is the fence of a run that somebody aborted taken away, on real processes?"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from lab.drills.faults import FAULTS
from lab.laboratory import Laboratory
from lab.settings import PRIMARY_REGION, SECONDARY_REGION, LabSettings, Timers
from tests.drills.leadership import leadership
from tests.drills.permissions_seen import SEEN

pytestmark = pytest.mark.drill
PATIENCE_SECONDS = 60


def awaited(what: str, found: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not found():
        assert time.monotonic() < deadline, f"{what} did not come within {PATIENCE_SECONDS} s"
        time.sleep(0.05)


def test_the_fence_of_an_aborted_run_is_taken_away_and_people_are_told() -> None:
    """Within a minute of AWS's, by the probe in the Region where the run was; nobody has to know of it."""
    # A lease that long leaves the time to abort the run while it waits for its end.
    timers = replace(Timers(), lease_seconds=6.0, step_budget_seconds=3.0)
    with Laboratory(LabSettings(timers=timers), lambda _: None) as lab:
        FAULTS["service-down"].inject(lab)
        awaited("the fence", lambda: leadership(lab) == (PRIMARY_REGION, "fenced"))
        run = lab.leader_record().run
        states = lab.client("stepfunctions", SECONDARY_REGION)
        states.stop_execution(executionArn=f"{lab.state_machine_arn.replace(':stateMachine:', ':execution:')}:{run}")
        awaited("the old leader", lambda: leadership(lab) == (PRIMARY_REGION, "open"))

        def told() -> list[str]:
            return [str(message.get("Message")) for message in lab.webhook.received()]

        awaited("the message", lambda: any("was reopened in epoch" in text for text in told()))
        bucket, objects = lab.plan["record_copies"][SECONDARY_REGION], lab.client("s3", SECONDARY_REGION)
        kept = json.loads(objects.get_object(Bucket=bucket, Key=f"runs/{run}/reconciled.json")["Body"].read())
        assert f"{run} ended as ABORTED before its one-way step" in kept["told"]
        SEEN.append(lab.cloud.permissions())
