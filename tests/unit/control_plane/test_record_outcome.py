"""Is one durable record left of each run, written once?"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from control_plane_world import (
    NOW,
    PRIMARY,
    RUN,
    STANDBY,
    MemoryJournal,
    MemoryOutcomes,
    MemoryPeople,
    MemoryRegister,
    VirtualClock,
    plan_with,
    planned_run,
    run_with,
)

from failover.application.notify import Notify
from failover.application.record_outcome import RecordOutcome
from failover.domain.leader_record import LeaderRecord, State, fence, hand_over, reopen
from failover.domain.run import Run

STATE = {
    "fence": {"held": True, "leader": "ap-southeast-2", "epoch": 2},
    "prepared": {"loss": {"accepted": True, "known": True, "bound_seconds": 22.0}},
    "opened": {"leader": STANDBY, "epoch": 3},
    "checks": {"read_back": True},
}
# After the gate, with nothing that tells of a promotion: what PromoteReplica leaves when it was refused.
CUT_SHORT = {name: STATE[name] for name in ("fence", "prepared")} | {
    "error": {"Error": "RunRefused", "Cause": '{"errorMessage": "The run does not hold the fence."}'}
}


def record_in(register: MemoryRegister, outcomes: MemoryOutcomes) -> RecordOutcome:
    return RecordOutcome(plan_with(), STANDBY, register, outcomes, MemoryJournal(), VirtualClock())


def fenced_and(*changes: object) -> MemoryRegister:
    register = MemoryRegister()
    for change in (fence(RUN, NOW), *changes):
        assert isinstance(register.change(change), LeaderRecord)  # type: ignore[arg-type]
    return register


def told(run: Run, answer: dict[str, object]) -> str:
    """What people hear of the recorded outcome."""
    people = MemoryPeople()
    Notify(plan_with(), STANDBY, people)(replace(run, state={**run.state, "outcome": answer}))
    return "\n".join(people.heard[0])


def test_the_record_holds_the_result_and_everything_it_was_derived_from() -> None:
    outcomes = MemoryOutcomes()
    answer = record_in(MemoryRegister(), outcomes)(run_with(**STATE))
    assert (answer["result"], answer["key"]) == ("failed-over", f"runs/{RUN}/outcome.json")
    stored = json.loads(outcomes.texts[answer["key"]])
    assert stored["summary"] == answer["summary"]
    assert (stored["leader"], stored["epoch"], stored["rpo_target_seconds"]) == (STANDBY, 3, 300)
    assert stored["state"]["prepared"] == STATE["prepared"]


def test_what_was_recorded_first_stays() -> None:
    """A retry after a lost answer must not tell a second story of the same run."""
    record = record_in(MemoryRegister(), MemoryOutcomes())
    first = record(run_with(**STATE))
    again = record(run_with(**{**STATE, "checks": None, "error": {"Error": "X"}}))
    assert again == first


def test_a_run_that_is_redriven_after_it_was_reopened_is_recorded_with_the_leader_that_there_is() -> None:
    """The probe gave the old leader its writes back while the run stood still: nothing is held, and nobody need act now."""
    run = run_with(**CUT_SHORT)
    answer = record_in(fenced_and(reopen(RUN, NOW)), MemoryOutcomes())(run)
    assert (answer["result"], answer["leader"], answer["epoch"]) == ("stood-down", PRIMARY, 3)
    assert f"the run lost its fence and {PRIMARY} leads, open in epoch 3" in answer["summary"]
    assert "does not hold the fence" in answer["reason"]
    assert f"did not fail over: {PRIMARY} leads" in told(run, answer)
    assert "HELD" not in told(run, answer)


def test_a_change_that_took_effect_without_an_answer_is_recorded_as_what_it_did() -> None:
    run = run_with(**CUT_SHORT)
    answer = record_in(fenced_and(hand_over(RUN, STANDBY, NOW, NOW)), MemoryOutcomes())(run)
    assert (answer["result"], answer["leader"], answer["epoch"]) == ("failed-over-unverified", STANDBY, 3)
    assert "TRAFFIC NOT PROVEN" in told(run, answer)


def test_a_run_that_keeps_the_fence_is_held_and_so_is_one_of_which_nothing_is_known() -> None:
    outcomes = MemoryOutcomes()
    answer = record_in(fenced_and(), outcomes)(run_with(**CUT_SHORT))
    assert (answer["result"], answer["leader"]) == ("held", None)
    assert json.loads(outcomes.texts[answer["key"]])["leader_record"]["state"] == State.FENCED.value
    silent, outcomes = fenced_and(reopen(RUN, NOW)), MemoryOutcomes()
    silent.majority = False
    answer = record_in(silent, outcomes)(run_with(**CUT_SHORT))
    assert answer["result"] == "held"
    assert json.loads(outcomes.texts[answer["key"]])["leader_record"] is None


@pytest.mark.parametrize("epoch", [2, None])
def test_an_open_record_from_before_the_fence_proves_nothing(epoch: int | None) -> None:
    """The fence's own writes may still be on their way."""
    register = MemoryRegister()
    fence_seen = {**STATE["fence"], "epoch": epoch}
    run = planned_run(**{**CUT_SHORT, "fence": fence_seen})
    assert register.record.epoch == 1
    assert record_in(register, MemoryOutcomes())(run)["result"] == "held"
