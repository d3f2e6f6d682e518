"""Is the result of a run derived from what it really did?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from control_plane_world import PRIMARY, RUN, STANDBY, planned_run, run_with

from failover.domain.outcome import Result, bound_seconds, derive, error_sentence, why_not_going_on
from failover.domain.run import Run, RunStateError

HEALTH = {"allowed": True, "reason": "Two agree.", "leader": PRIMARY, "epoch": 1}
READY = {"ready": True, "reason": "Fine.", "tasks": 1, "db_mode": "rds-postgres"}
FENCE = {"held": True, "reason": "Held.", "leader": PRIMARY, "epoch": 2}
LOSS = {"loss": {"accepted": True, "known": True, "bound_seconds": 21.25, "reason": "Within the RPO."}}
OPENED = {"leader": STANDBY, "epoch": 3, "opened_at": "2026-11-23T03:05:00+00:00"}
CHECKS = {"region": STANDBY, "read_back": True}
BEFORE: dict[str, Any] = {"health": HEALTH, "readiness": READY, "fence": FENCE, "prepared": LOSS}
LAMBDA_CAUSE = json.dumps(
    {"errorMessage": "us-west-2 has no instance.", "errorType": "RunRefused", "stackTrace": ['  File "x.py", line 1']}
)
ERROR = {"Error": "RunRefused", "Cause": LAMBDA_CAUSE}


def test_a_run_whose_write_was_read_back_in_public_failed_over() -> None:
    outcome = derive(run_with(**BEFORE, opened=OPENED, checks=CHECKS), "app")
    assert (outcome.result, outcome.leader, outcome.epoch) == (Result.FAILED_OVER, STANDBY, 3)
    assert "At most 21.3 s of acknowledged writes could be lost." in outcome.summary, "a bound is rounded up"


@pytest.mark.scenario("F47")
def test_what_an_older_backup_lost_is_told_and_not_what_the_gate_had_hoped_for() -> None:
    """The gate bounds what the newest backup would lose; a damaged one gives way to an older one."""
    restored = {"restored_from": "the snapshot s", "restored_to": "2026-11-23T02:56:00+00:00", "bound_seconds": 220.0}
    outcome = derive(run_with(**BEFORE, restored=restored, opened=OPENED, checks=CHECKS), "app")
    assert "made of the snapshot s. At most 220.0 s of acknowledged writes could be lost." in outcome.summary
    assert bound_seconds(run_with(prepared={"loss": {"known": False}}, restored=restored)) is None


def test_a_failure_to_record_does_not_turn_a_failover_into_less() -> None:
    outcome = derive(run_with(**BEFORE, opened=OPENED, checks=CHECKS, error=ERROR), "app")
    assert outcome.result is Result.FAILED_OVER


@pytest.mark.scenario("F37")
def test_a_run_that_opened_but_proved_no_traffic_is_unverified() -> None:
    outcome = derive(run_with(**BEFORE, opened=OPENED, error=ERROR), "app")
    assert (outcome.result, outcome.leader) == (Result.UNVERIFIED, STANDBY)
    assert "us-west-2 has no instance." in outcome.summary


def test_a_run_that_failed_after_the_one_way_step_began_is_held_and_nobody_leads() -> None:
    outcome = derive(run_with(**BEFORE, error=ERROR), "app")
    assert (outcome.result, outcome.leader) == (Result.HELD, None)
    assert f"{PRIMARY} stays fenced" in outcome.summary


def test_a_run_that_could_not_stand_down_is_held() -> None:
    outcome = derive(run_with(health=HEALTH, readiness=READY, error=ERROR), "app")
    assert outcome.result is Result.HELD
    assert "may still be fenced" in outcome.summary


def test_a_run_that_stood_down_names_the_leader_and_the_reason() -> None:
    stood_down = {"result": "stood-down", "reason": "The loss is too large.", "leader": PRIMARY, "epoch": 3}
    outcome = derive(run_with(health=HEALTH, stood_down=stood_down, error=ERROR), "app")
    assert (outcome.result, outcome.leader, outcome.epoch) == (Result.STOOD_DOWN, PRIMARY, 3)
    assert outcome.reason == "The loss is too large."


def test_a_loss_that_is_not_known_is_never_told_as_a_number() -> None:
    unknown = {"loss": {"accepted": True, "known": False, "bound_seconds": None}}
    outcome = derive(run_with(**{**BEFORE, "prepared": unknown}, opened=OPENED, checks=CHECKS), "app")
    assert "The loss bound is unknown." in outcome.summary


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ({"health": {**HEALTH, "allowed": False, "reason": "It answers."}}, "It answers."),
        ({"health": HEALTH, "readiness": {**READY, "ready": False, "reason": "No replica."}}, "No replica."),
        (
            {"health": HEALTH, "readiness": READY, "fence": {"held": False, "reason": "Another run holds it."}},
            "Another run holds it.",
        ),
        (
            {**BEFORE, "prepared": {"loss": {"accepted": False, "reason": "The loss is unknown."}}},
            "The loss is unknown.",
        ),
        ({**BEFORE, "error": ERROR}, "us-west-2 has no instance."),
        (
            {**BEFORE, "readiness": {**READY, "db_mode": "other"}},
            "The database's kind other cannot be promoted by this workflow.",
        ),
        ({}, "The run ended before it decided anything."),
        ({"health": {"allowed": False, "reason": ""}}, "No reason was given."),
    ],
)
def test_the_newest_refusal_is_why_a_run_does_not_go_on(state: dict[str, Any], why: str) -> None:
    assert why_not_going_on(run_with(**state)) == why


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ERROR, "us-west-2 has no instance."),
        ({"Error": "States.Timeout", "Cause": ""}, "States.Timeout was raised."),
        ({"Error": "X", "Cause": "plain text"}, "X was raised: plain text."),
        ({"Error": "X", "Cause": "Traceback (most recent call last):"}, "X was raised."),
        ({"Error": "X", "Cause": "[1]"}, "X was raised: [1]."),
        ({}, "An error was raised."),
        ("text", "An error was caught that says nothing."),
        ({"Cause": json.dumps({"errorMessage": "x" * 900})}, "x" * 497 + "..."),
    ],
)
def test_an_error_is_told_in_a_sentence_without_its_stack_trace(error: object, sentence: str) -> None:
    assert error_sentence(error) == sentence


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        {},
        {"run": "", "started_at": "2026-11-23T03:00:00+00:00", "state": {}},
        {"run": "x", "started_at": "2026-11-23T03:00:00+00:00", "state": None},
        {"run": "x", "started_at": "2026-11-23T03:00:00+00:00", "state": {}},
        {"run": "x", "started_at": "2026-11-23T03:00:00+00:00", "state": {"trigger": {"kind": "dream"}}},
        {"run": "x", "started_at": "now", "state": {"trigger": {"kind": "manual"}}},
        {"run": "x", "started_at": "2026-11-23T03:00:00", "state": {"trigger": {"kind": "manual"}}},
        {
            "run": "x",
            "started_at": "2026-11-23T03:00:00Z",
            "state": {"trigger": {"kind": "manual"}, "expected_epoch": "7"},
        },
        {
            "run": "x",
            "started_at": "2026-11-23T03:00:00Z",
            "state": {"trigger": {"kind": "manual"}, "expected_epoch": True},
        },
    ],
)
def test_a_call_that_no_run_would_make_is_refused_in_a_sentence(event: object) -> None:
    with pytest.raises(RunStateError, match="malformed"):
        Run.parse(event)


def test_a_person_may_start_a_run_without_naming_the_epoch() -> None:
    assert run_with("manual", None).expected_epoch is None


def test_what_the_state_does_not_hold_is_missed_by_name() -> None:
    run = run_with(health=HEALTH)
    assert run.text("health", "leader") == PRIMARY
    assert run.whole("health", "epoch") == 1
    assert run.value("health", "leader", "deeper") is None
    with pytest.raises(RunStateError, match=r"fence\.leader"):
        run.text("fence", "leader")
    with pytest.raises(RunStateError, match=r"health\.leader"):
        run.whole("health", "leader")
    assert run.name == RUN


def test_a_switchover_is_told_as_one_and_its_loss_as_none() -> None:
    nothing = {"loss": {"accepted": True, "known": True, "bound_seconds": 0.0, "reason": "All is there."}}
    state = {**BEFORE, "prepared": nothing}
    done = derive(planned_run(**state, opened=OPENED, checks=CHECKS), "app")
    assert done.result is Result.FAILED_OVER
    assert done.summary.endswith(f"after a switchover from {PRIMARY}. No acknowledged write is lost.")
    unproven = derive(planned_run(**state, opened=OPENED, error=ERROR), "app")
    assert f"after a switchover from {PRIMARY}, but its traffic is not proven" in unproven.summary
