"""Is one durable record left of each run, written once?"""

from __future__ import annotations

import json

from control_plane_world import RUN, STANDBY, MemoryJournal, MemoryOutcomes, VirtualClock, plan_with, run_with

from failover.application.record_outcome import RecordOutcome

STATE = {
    "fence": {"held": True, "leader": "ap-southeast-2", "epoch": 2},
    "prepared": {"loss": {"accepted": True, "known": True, "bound_seconds": 22.0}},
    "opened": {"leader": STANDBY, "epoch": 3},
    "checks": {"read_back": True},
}


def test_the_record_holds_the_result_and_everything_it_was_derived_from() -> None:
    outcomes = MemoryOutcomes()
    answer = RecordOutcome(plan_with(), STANDBY, outcomes, MemoryJournal(), VirtualClock())(run_with(**STATE))
    assert (answer["result"], answer["key"]) == ("failed-over", f"runs/{RUN}/outcome.json")
    stored = json.loads(outcomes.texts[answer["key"]])
    assert stored["summary"] == answer["summary"]
    assert (stored["leader"], stored["epoch"], stored["rpo_target_seconds"]) == (STANDBY, 3, 300)
    assert stored["state"]["prepared"] == STATE["prepared"]


def test_what_was_recorded_first_stays() -> None:
    """A retry after a lost answer must not tell a second story of the same run."""
    outcomes, clock = MemoryOutcomes(), VirtualClock()
    record = RecordOutcome(plan_with(), STANDBY, outcomes, MemoryJournal(), clock)
    first = record(run_with(**STATE))
    again = record(run_with(**{**STATE, "checks": None, "error": {"Error": "X"}}))
    assert again == first
