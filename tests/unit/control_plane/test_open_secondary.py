"""Is a Region opened only by the run that holds the fence, after a proven write, and once?"""

from __future__ import annotations

from typing import Any

import pytest
from control_plane_world import NOW, RUN, STANDBY, MemoryRegister, VirtualClock, plan_with, run_with

from failover.application.errors import RunRefused, TransientFailure
from failover.application.open_secondary import OpenSecondary
from failover.domain.leader_record import State

VERIFIED: dict[str, Any] = {"verified": {"region": STANDBY, "read_back": True}}


def opening(register: MemoryRegister) -> OpenSecondary:
    return OpenSecondary(plan_with(), STANDBY, register, VirtualClock())


def test_the_leadership_is_handed_over_and_alarms_are_held_off() -> None:
    register = MemoryRegister().fenced_by(RUN)
    answer = opening(register)(run_with(**VERIFIED))
    assert answer == {
        "epoch": 3,
        "leader": STANDBY,
        "opened_at": NOW.isoformat(),
        "hold_until": "2026-11-23T04:00:00+00:00",
    }
    assert (register.record.state, register.record.acknowledged) == (State.OPEN, False)


def test_a_repeat_after_a_lost_answer_opens_no_second_epoch() -> None:
    register = MemoryRegister().fenced_by(RUN)
    register.lost_answers = 1
    with pytest.raises(TransientFailure):
        opening(register)(run_with(**VERIFIED))
    assert opening(register)(run_with(**VERIFIED))["epoch"] == 3


def test_a_run_without_the_fence_opens_nothing() -> None:
    register = MemoryRegister().fenced_by("failover-e1-ffffffff")
    with pytest.raises(RunRefused, match="failover-e1-ffffffff does"):
        opening(register)(run_with(**VERIFIED))
    assert register.record.state is State.FENCED


@pytest.mark.scenario("F25")
@pytest.mark.parametrize(
    "state",
    [{}, {"verified": {"region": STANDBY, "read_back": False}}, {"verified": {"region": "x", "read_back": True}}],
)
def test_no_region_is_opened_before_a_write_there_was_read_back(state: dict[str, Any]) -> None:
    register = MemoryRegister().fenced_by(RUN)
    with pytest.raises(RunRefused, match="No write was read back"):
        opening(register)(run_with(**state))
    assert register.record.state is State.FENCED
