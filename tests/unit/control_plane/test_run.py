"""Is a call that no run would make refused with what is wrong, and is the rest read as it was sent?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from control_plane_world import run_with

from failover.domain.intake import TriggerKind
from failover.domain.run import Mode, Run, RunStateError

CALL: dict[str, Any] = {
    "run": "r",
    "started_at": "2026-11-23T03:00:00Z",
    "state": {"trigger": {"kind": "probe"}, "expected_epoch": 7},
    "task_token": "secret",
}


def with_state(**changes: Any) -> dict[str, Any]:
    return {**CALL, "state": {**CALL["state"], **changes}}


def test_a_call_is_read_as_it_was_sent_and_its_token_is_shown_to_nobody() -> None:
    run = Run.parse(CALL)
    assert run == Run("r", datetime(2026, 11, 23, 3, tzinfo=UTC), TriggerKind.PROBE, 7, CALL["state"], "secret")
    assert "secret" not in repr(run)


@pytest.mark.parametrize("name", ["x", "x" * 80])
def test_a_name_is_as_long_as_step_functions_allows(name: str) -> None:
    assert Run.parse({**CALL, "run": name}).name == name


@pytest.mark.parametrize("epoch", [None, 1])
def test_the_epoch_counts_from_one_or_is_not_named(epoch: int | None) -> None:
    assert Run.parse(with_state(expected_epoch=epoch)).expected_epoch == epoch


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (None, "The call is malformed: it is no JSON object."),
        ({**CALL, "run": ""}, "The call is malformed: run must be the execution's name."),
        ({**CALL, "run": "x" * 81}, "The call is malformed: run must be the execution's name."),
        ({**CALL, "run": 5}, "The call is malformed: run must be the execution's name."),
        ({**CALL, "state": []}, "The run's input is malformed: it must be a JSON object, not []."),
        (with_state(expected_epoch=0), "expected_epoch must be a whole number from 1, not 0."),
        (with_state(expected_epoch=1.0), "expected_epoch must be a whole number from 1, not 1.0."),
        ({**CALL, "task_token": 5}, "The call is malformed: task_token must be text."),
        (
            {**CALL, "state": {"triger": {"kind": "manual"}}},
            'trigger must be there, such as {"kind": "manual"}; found are ["triger"].',
        ),
        (with_state(trigger=None), "trigger.kind must be alarm, probe, manual or schedule, not null."),
        ({**CALL, "started_at": 5}, "The call is malformed: started_at must be an instant with a time zone."),
        (
            {**CALL, "started_at": "2026-11-23"},
            "The call is malformed: started_at must be an instant with a time zone.",
        ),
    ],
)
def test_what_is_malformed_is_named(call: object, why: str) -> None:
    with pytest.raises(RunStateError) as refused:
        Run.parse(call)
    assert str(refused.value).endswith(why)


def test_a_run_without_a_mode_is_unplanned() -> None:
    assert (run_with().mode, run_with().planned) == (Mode.UNPLANNED, False)
    planned = run_with("manual", mode="planned")
    assert (planned.mode, planned.planned) == (Mode.PLANNED, True)


@pytest.mark.parametrize(
    ("kind", "mode", "why"),
    [
        ("manual", "x" * 41, 'mode must be unplanned or planned, not "' + "x" * 39 + "."),
        ("manual", 7, "mode must be unplanned or planned, not 7."),
        ("alarm", "planned", "only a person starts a planned run, so trigger.kind is manual."),
        ("probe", "planned", "only a person starts a planned run, so trigger.kind is manual."),
    ],
)
def test_a_mode_that_cannot_be_run_is_refused(kind: str, mode: object, why: str) -> None:
    with pytest.raises(RunStateError) as refused:
        _ = run_with(kind, mode=mode).mode
    assert str(refused.value).endswith(why)


def test_text_and_whole_numbers_are_told_apart() -> None:
    run = run_with(a={"text": "t", "whole": 3, "truth": True, "broken": 1.5})
    assert (run.text("a", "text"), run.whole("a", "whole")) == ("t", 3)
    for name in ("text", "truth", "broken", "missing"):
        with pytest.raises(RunStateError, match=rf"The run's state has no whole number at a\.{name}\."):
            run.whole("a", name)
    for name in ("whole", "missing"):
        with pytest.raises(RunStateError, match=rf"The run's state has no text at a\.{name}\."):
            run.text("a", name)
