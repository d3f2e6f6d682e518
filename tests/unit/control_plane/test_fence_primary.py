"""Is the fence taken once, by one run, against the leader that was judged?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from control_plane_world import (
    NOW,
    PRIMARY,
    RUN,
    STANDBY,
    MemoryRegister,
    VirtualClock,
    plan_with,
    planned_run,
    run_with,
)

from failover.application.errors import TransientFailure
from failover.application.fence_primary import FencePrimary
from failover.domain.leader_record import LeaderRecord, State, reopen
from failover.domain.run import Run

JUDGED: Run = run_with(health={"allowed": True, "leader": PRIMARY, "epoch": 1})


def fencing(register: MemoryRegister) -> FencePrimary:
    return FencePrimary(plan_with(), STANDBY, register, VirtualClock())


def test_the_fence_is_taken_and_the_lease_must_be_waited_out() -> None:
    register = MemoryRegister()
    answer = fencing(register)(JUDGED)
    assert answer == {
        "held": True,
        "reason": f"{RUN} holds the fence.",
        "epoch": 2,
        "leader": PRIMARY,
        "fenced_at": NOW.isoformat(),
        "wait_seconds": 20,
    }
    assert (register.record.state, register.record.run) == (State.FENCED, RUN)


@pytest.mark.scenario("F12")
def test_a_second_run_is_refused_while_the_first_holds_the_fence() -> None:
    register = MemoryRegister().fenced_by("failover-e1-ffffffff")
    before = register.record
    answer = fencing(register)(JUDGED)
    assert answer["held"] is False
    assert "failover-e1-ffffffff holds the fence" in answer["reason"]
    assert (answer["epoch"], answer["leader"], answer["fenced_at"], answer["wait_seconds"]) == (None,) * 4
    assert register.record == before


def test_a_repeat_after_a_lost_answer_holds_the_same_fence() -> None:
    register = MemoryRegister()
    register.lost_answers = 1
    with pytest.raises(TransientFailure):
        fencing(register)(JUDGED)
    assert fencing(register)(JUDGED)["epoch"] == 2


def test_a_call_that_lasted_on_after_its_run_stood_down_fences_nothing() -> None:
    """Nobody would be left to open the record again."""
    register = MemoryRegister().fenced_by(RUN)
    reopened = reopen(RUN, NOW)(register.record)
    assert isinstance(reopened, LeaderRecord)
    register.record = reopened
    assert fencing(register)(JUDGED)["held"] is False
    assert register.record.state is State.OPEN


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"epoch": 9}, "moved on"),
        ({"leader": STANDBY}, "already leads"),
        ({"acknowledged": False}, "acknowledged"),
        ({"hold_until": NOW + timedelta(minutes=1)}, "no alarm starts a run"),
    ],
)
def test_what_changed_since_the_second_look_is_seen(change: dict[str, Any], why: str) -> None:
    register = MemoryRegister()
    register.record = replace(register.record, **change)
    answer = fencing(register)(JUDGED)
    assert answer["held"] is False
    assert why in answer["reason"]


def test_a_switchover_takes_the_same_fence_and_waits_for_no_clock() -> None:
    register = MemoryRegister()
    answer = fencing(register)(planned_run(health={"allowed": True, "leader": PRIMARY, "epoch": 1}))
    assert (answer["held"], answer["wait_seconds"], register.record.state) == (True, 0, State.FENCED)
