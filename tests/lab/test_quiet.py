"""Is a lab quiet that has come up, and what is told of one that is not?"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from failover.application.leader_register import NoMajority
from lab.drills.occasion import HEALTH_CHECK_ALARMS
from lab.quiet import disturbance
from lab.settings import PRIMARY_REGION, SECONDARY_REGION

OF_PRIMARY, OF_SECONDARY = (HEALTH_CHECK_ALARMS[region] for region in (PRIMARY_REGION, SECONDARY_REGION))


def lab(changes: list[tuple[str, str]], running: list[str], leader: str | None = PRIMARY_REGION) -> Any:
    def leader_record() -> Any:
        if leader is None:
            raise NoMajority("two copies of the leader record do not answer")
        return SimpleNamespace(leader=leader)

    def list_executions(stateMachineArn: str, statusFilter: str) -> Any:
        assert (stateMachineArn, statusFilter) == ("failover", "RUNNING")
        return {"executions": [{"name": name} for name in running]}

    entries = [{"kind": "alarm", "name": alarm, "new": state} for alarm, state in changes]
    return SimpleNamespace(
        cloud=SimpleNamespace(journal=lambda: {"entries": [{"kind": "probe"}, *entries]}),
        client=lambda service, region: SimpleNamespace(list_executions=list_executions),
        state_machine_arn="failover",
        leader_record=leader_record,
    )


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        (None, lab([(OF_PRIMARY, "ALARM"), (OF_PRIMARY, "OK"), (OF_SECONDARY, "ALARM")], [])),
        (f"the alarm {OF_PRIMARY} is ALARM", lab([(OF_PRIMARY, "OK"), (OF_PRIMARY, "ALARM")], [])),
        (f"the alarm {OF_PRIMARY} is undecided", lab([(OF_SECONDARY, "OK")], [])),
        ("failover-e1-a is running", lab([(OF_PRIMARY, "OK")], ["failover-e1-a"])),
        # After a failover the Region that led has an alarm that stands, and says nothing of the leader.
        (None, lab([(OF_SECONDARY, "OK"), (OF_PRIMARY, "ALARM")], [], leader=SECONDARY_REGION)),
        (f"the alarm {OF_SECONDARY} is ALARM", lab([(OF_SECONDARY, "ALARM")], [], leader=SECONDARY_REGION)),
        ("two copies of the leader record do not answer", lab([(OF_PRIMARY, "OK")], [], leader=None)),
    ],
)
def test_a_lab_is_quiet_when_no_alarm_stands_against_its_leader_and_no_run_is_in_progress(
    told: str | None, seen: Any
) -> None:
    assert disturbance(seen) == told
