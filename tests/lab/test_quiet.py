"""Is a lab quiet that has come up, and what is told of one that is not?"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from failover.application.leader_register import NoMajority
from lab.drills.occasion import LEADERS_ALARM
from lab.quiet import disturbance
from lab.settings import PRIMARY_REGION, SECONDARY_REGION


def lab(alarm: list[str], running: list[str], leader: str | None = PRIMARY_REGION) -> Any:
    def leader_record() -> Any:
        if leader is None:
            raise NoMajority("two copies of the leader record do not answer")
        return SimpleNamespace(leader=leader)

    def list_executions(stateMachineArn: str, statusFilter: str) -> Any:
        assert (stateMachineArn, statusFilter) == ("failover", "RUNNING")
        return {"executions": [{"name": name} for name in running]}

    entries = [{"kind": "alarm", "name": LEADERS_ALARM, "new": state} for state in alarm]
    entries.append({"kind": "alarm", "name": "another", "new": "ALARM"})
    return SimpleNamespace(
        cloud=SimpleNamespace(journal=lambda: {"entries": entries}),
        client=lambda service, region: SimpleNamespace(list_executions=list_executions),
        state_machine_arn="failover",
        leader_record=leader_record,
    )


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        (None, lab(["ALARM", "OK"], [])),
        (f"the alarm {LEADERS_ALARM} is ALARM", lab(["OK", "ALARM"], [])),
        (f"the alarm {LEADERS_ALARM} is undecided", lab([], [])),
        ("failover-e1-a is running", lab(["ALARM", "OK"], ["failover-e1-a"])),
        # After a failover the alarm stands against a Region that does not lead.
        (None, lab(["ALARM"], [], leader=SECONDARY_REGION)),
        ("two copies of the leader record do not answer", lab(["ALARM"], [], leader=None)),
    ],
)
def test_a_lab_is_quiet_when_no_alarm_stands_against_its_leader_and_no_run_is_in_progress(
    told: str | None, seen: Any
) -> None:
    assert disturbance(seen) == told
