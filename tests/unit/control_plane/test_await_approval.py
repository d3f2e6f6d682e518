"""Is a loss accepted only by somebody who was asked, about this very figure, in time and once?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from control_plane_world import (
    PRIMARY,
    RUN,
    STANDBY,
    MemoryJournal,
    MemoryOutcomes,
    MemoryPeople,
    VirtualClock,
    plan_with,
)

from failover.application.answer_approval import AnswerApproval
from failover.application.await_approval import AwaitApproval
from failover.application.errors import RunRefused
from failover.domain.approval import shown
from failover.domain.leader_record import Refusal
from failover.domain.run import Run

TASK_TOKEN = "step-functions-own-task-token"
KIM, LEE = "arn:aws:iam::123456789012:user/kim", "arn:aws:iam::123456789012:user/lee"
LOSS = {"accepted": False, "askable": True, "known": True, "bound_seconds": 321.04, "reason": "more than the RPO."}


def waiting_run(loss: Mapping[str, Any] = LOSS, task_token: str | None = TASK_TOKEN, **more: Any) -> Run:
    trigger = {"kind": "alarm", "reason": "down", "alarm_arn": None, "observed_at": "2026-11-23T02:59:30Z"}
    state = {"trigger": trigger, "fence": {"leader": PRIMARY}, "prepared": {"loss": dict(loss)}, **more}
    return Run.parse({"run": RUN, "started_at": "2026-11-23T03:00:00Z", "state": state, "task_token": task_token})


class MemoryWaitingRuns:
    def __init__(self) -> None:
        self.answered: dict[str, Mapping[str, Any]] = {}
        self.ended = False

    def answer(self, task_token: str, output: Mapping[str, Any]) -> Refusal | None:
        if self.ended or task_token in self.answered:
            return Refusal("The run does not wait any more.")
        self.answered[task_token] = output
        return None


class World:
    def __init__(self) -> None:
        self.clock, self.outcomes, self.people = VirtualClock(), MemoryOutcomes(), MemoryPeople()
        self.runs, self.journal, self.drawn = MemoryWaitingRuns(), MemoryJournal(), 0
        self.ask = AwaitApproval(plan_with(), STANDBY, self.outcomes, self.people, self.clock, self._draw)

    def _draw(self) -> str:
        self.drawn += 1
        return f"{self.drawn:032d}"

    def token(self) -> str:
        """Asked for, and read from the message as a person does."""
        self.ask(waiting_run())
        line = next(line for line in self.people.heard[-1][1].splitlines() if "drlab approve" in line)
        return line.split()[2]

    def by(self, who: str = KIM) -> AnswerApproval:
        return AnswerApproval(self.outcomes, self.runs, self.journal, self.clock, who)


def test_the_message_has_the_figure_the_time_and_both_commands() -> None:
    world = World()
    world.token()
    subject, text = world.people.heard[0]
    assert "321.1 s" in subject
    assert "--accept-loss 321.1" in text
    assert "drlab refuse" in text
    assert "2026-11-23 03:15:00 UTC" in text
    assert TASK_TOKEN not in text
    token = text.partition("drlab refuse ")[2].split()[0]
    assert all(token not in stored for stored in world.outcomes.texts.values()), "only its digest is kept"


@pytest.mark.scenario("F16")
def test_an_acceptance_reaches_the_run_and_names_who_and_how_much() -> None:
    world = World()
    answer = world.by().approve(world.token(), "321.1")
    assert answer.done
    output = world.runs.answered[TASK_TOKEN]
    assert (output["accepted"], output["by"], output["bound_seconds"]) == (True, KIM, "321.1")
    assert [(event.kind, event.by, event.run) for event in world.journal.events] == [("loss-accepted", KIM, RUN)]


def test_a_refusal_reaches_the_run() -> None:
    world = World()
    assert world.by().refuse(world.token()).done
    assert world.runs.answered[TASK_TOKEN]["accepted"] is False


def altered(token: str) -> str:
    return token[:-1] + ("x" if token[-1] != "x" else "y")


@pytest.mark.parametrize(
    ("change", "figure", "sentence"),
    [
        (altered, "321.1", "No request has this token"),
        (lambda token: token.replace(RUN, "failover-e9-0123abcd"), "321.1", "No request has this token"),
        (lambda _: "approve everything", "321.1", "no token"),
        (lambda token: token, "321.0", "The request is about 321.1 s, not 321.0 s"),
        (lambda token: token, "1000", "not 1000 s"),
    ],
)
def test_an_answer_that_is_wrong_is_refused_and_recorded(change: Any, figure: str, sentence: str) -> None:
    world = World()
    answer = world.by().approve(change(world.token()), figure)
    assert (answer.done, sentence in answer.reason) == (False, True)
    assert world.runs.answered == {}
    assert [event.kind for event in world.journal.events] == ["approval-refused"]


def test_a_token_that_has_expired_is_refused() -> None:
    world = World()
    token = world.token()
    world.clock.elapsed = 900
    assert "has expired" in world.by().approve(token, "321.1").reason
    assert world.runs.answered == {}


def test_a_used_token_does_not_work_for_anybody_else_nor_for_another_answer() -> None:
    world = World()
    token = world.token()
    assert world.by(KIM).refuse(token).done
    for who, again in ((LEE, "approve"), (KIM, "approve")):
        answer = world.by(who).approve(token, "321.1") if again == "approve" else world.by(who).refuse(token)
        assert (answer.done, f"{KIM} refused the loss" in answer.reason) == (False, True)
    assert len(world.runs.answered) == 1


def test_an_answer_that_did_not_reach_the_run_may_be_repeated_and_one_that_did_may_not() -> None:
    world = World()
    token = world.token()
    run_of_old, world.runs.answer = world.runs.answer, lost_on_the_way  # type: ignore[method-assign]
    with pytest.raises(RunRefused):
        world.by().approve(token, "321.1")
    world.runs.answer = run_of_old  # type: ignore[method-assign]
    assert world.by().approve(token, "321.1").done
    assert "The token has been used" in world.by().approve(token, "321.1").reason


def test_a_run_that_has_ended_meanwhile_is_told_nothing_and_the_person_is() -> None:
    world = World()
    token, world.runs.ended = world.token(), True
    answer = world.by().approve(token, "321.1")
    assert (answer.done, "does not wait any more" in answer.reason) == (False, True)


def lost_on_the_way(_token: str, _output: Mapping[str, Any]) -> Refusal | None:
    raise RunRefused("Telling the run: AWS refused.")


def test_an_unknown_loss_and_a_call_that_cannot_be_answered_ask_nobody() -> None:
    world = World()
    with pytest.raises(RunRefused, match="unknown"):
        world.ask(waiting_run({**LOSS, "known": False, "bound_seconds": None}))
    with pytest.raises(RunRefused, match="no task token"):
        world.ask(waiting_run(task_token=None))
    assert world.people.heard == []


def test_each_time_a_run_asks_it_is_with_a_token_of_its_own() -> None:
    world = World()
    first, second = world.token(), world.token()
    assert first != second
    assert len(world.outcomes.texts) == 2


def test_a_figure_is_rounded_up_never_down() -> None:
    assert [shown(value) for value in (0.0, 0.01, 299.91, 300.0)] == ["0.0", "0.1", "300.0", "300.0"]


def test_the_request_says_what_the_answer_needs_and_no_more() -> None:
    world = World()
    world.token()
    (stored,) = (json.loads(text) for text in world.outcomes.texts.values())
    assert set(stored) == {"run", "digest", "bound_seconds", "expires_at", "task_token"}


@pytest.mark.parametrize("damage", ['{"run": 1}', "[]", "nonsense", None])
def test_a_request_or_an_answer_that_was_damaged_is_said_in_a_sentence(damage: str | None) -> None:
    world = World()
    token = world.token()
    (key,) = world.outcomes.texts
    if damage is None:
        altered_request = {**json.loads(world.outcomes.texts[key]), "expires_at": "2026-11-23T03:15:00"}
        damage = json.dumps(altered_request)
    good, world.outcomes.texts[key] = world.outcomes.texts[key], damage
    with pytest.raises(RunRefused, match="is no request"):
        world.by().approve(token, "321.1")
    world.outcomes.texts[key] = good
    world.outcomes.texts[key.replace(".json", "-answer.json")] = damage
    with pytest.raises(RunRefused, match="is no answer"):
        world.by().approve(token, "321.1")


@pytest.mark.parametrize(
    ("readiness", "told"),
    [
        ({"path": "restore", "restore_seconds": 480.0}, "The restore took 480.0 s (8 min) in its newest rehearsal."),
        (
            {"path": "restore", "restore_seconds": None},
            "How long the restore takes is unknown: none was rehearsed here.",
        ),
        ({"path": "promote", "restore_seconds": None}, None),
    ],
)
def test_who_accepts_the_loss_of_a_restore_is_told_how_long_it_may_take(
    readiness: dict[str, Any], told: str | None
) -> None:
    world = World()
    world.ask(waiting_run(readiness=readiness))
    text = world.people.heard[0][1]
    assert told in text if told else "restore" not in text.lower()
