"""Can a tired person act on the message?"""

from __future__ import annotations

from typing import Any

import pytest
from control_plane_world import PRIMARY, RUN, STANDBY, MemoryPeople, plan_with, planned_run, run_with
from hypothesis import given
from hypothesis import strategies as st

from failover.application.notify import Notify, subject_of
from failover.domain.outcome import Outcome, Result

FENCE: dict[str, Any] = {"held": True, "leader": PRIMARY, "epoch": 2}
LOSS: dict[str, Any] = {"loss": {"accepted": True, "known": True, "bound_seconds": 22.0}}
OPENED: dict[str, Any] = {"leader": STANDBY, "epoch": 3}
STOOD: dict[str, Any] = {"leader": PRIMARY, "epoch": 3, "reason": "The loss is unknown."}
UNKNOWN: dict[str, Any] = {"loss": {"accepted": False, "known": False, "bound_seconds": None}}
ERROR: dict[str, Any] = {"Error": "StillInProgress", "Cause": '{"errorMessage": "It never ended."}'}
SAYS = {
    "failed-over": (
        {"fence": FENCE, "prepared": LOSS, "opened": OPENED, "checks": {"read_back": True}},
        [f"app failed over: {STANDBY} leads"],
        ["Epoch:       3", "at most 22.0 s of acknowledged writes\n", "acknowledged this failover"],
    ),
    "failed-over to an older backup than the gate saw": (
        {
            "fence": FENCE,
            "prepared": LOSS,
            "restored": {"bound_seconds": 112.04},
            "opened": OPENED,
            "checks": {"read_back": True},
        },
        [f"app failed over: {STANDBY} leads"],
        ["at most 112.1 s of acknowledged writes\n"],
    ),
    "unverified": (
        {"fence": FENCE, "prepared": LOSS, "opened": OPENED, "error": ERROR},
        ["TRAFFIC NOT PROVEN"],
        ["It never ended.", "Look at the public name now"],
    ),
    "held": (
        {"fence": FENCE, "prepared": LOSS, "error": ERROR},
        ["HELD", "act now"],
        ["nobody, or not known", "if the replica is promoted", "Never open both"],
    ),
    "stood-down": (
        {"fence": FENCE, "prepared": UNKNOWN, "stood_down": STOOD},
        [f"{PRIMARY} leads as before"],
        ["The loss is unknown.", "Data loss:   unknown", "Nothing changed hands"],
    ),
    "stood-down early": (
        {"stood_down": STOOD},
        [f"{PRIMARY} leads as before"],
        ["not assessed"],
    ),
}


@pytest.mark.scenario("F32", "F37")
@pytest.mark.parametrize("case", SAYS)
def test_each_end_of_a_run_is_told_with_who_leads_and_what_to_do(case: str) -> None:
    state, in_subject, in_text = SAYS[case]
    people = MemoryPeople()
    answer = Notify(plan_with(), STANDBY, people)(run_with(**state))
    subject, text = people.heard[0]
    assert answer == {"message_id": "message-1", "subject": subject}
    for words in in_subject:
        assert words in subject
    for words in in_text:
        assert words in text
    assert RUN in text
    assert "alarm: it is down" in text


def test_a_run_that_could_not_be_recorded_says_so() -> None:
    people = MemoryPeople()
    Notify(plan_with(), STANDBY, people)(run_with(stood_down=STOOD))
    assert "NOT RECORDED" in people.heard[0][1]
    Notify(plan_with(), STANDBY, people)(run_with(stood_down=STOOD, outcome={"key": "runs/x/outcome.json"}))
    assert "runs/x/outcome.json" in people.heard[1][1]


@given(st.sampled_from(Result), st.text(max_size=120), st.text(max_size=80), st.booleans())
def test_a_subject_always_fits_what_sns_takes(result: Result, leader: str, run: str, planned: bool) -> None:
    subject = subject_of(Outcome(result, "r", "s", leader, 1), "app", run, planned)
    assert 0 < len(subject) < 100
    assert subject.isascii()
    assert subject.isprintable()


@pytest.mark.parametrize(
    ("state", "subject", "said"),
    [
        (
            {
                "prepared": {"loss": {**LOSS["loss"], "bound_seconds": 0.0}},
                "opened": OPENED,
                "checks": {"read_back": True},
            },
            f"app switched over: {STANDBY} leads",
            ["Data loss:   none: the replica held every acknowledged write", "until the standby is rebuilt there"],
        ),
        (
            {"prepared": UNKNOWN, "stood_down": STOOD},
            f"app did not switch over: {PRIMARY} leads as before",
            ["Data loss:   none: nothing was promoted", "start the switchover again"],
        ),
    ],
)
def test_a_switchover_is_told_in_its_own_words(state: dict[str, Any], subject: str, said: list[str]) -> None:
    people = MemoryPeople()
    Notify(plan_with(), STANDBY, people)(planned_run(fence=FENCE, **state))
    assert people.heard[0][0].startswith(subject)
    assert [text for text in said if text not in people.heard[0][1]] == []
