"""Can a run from a laptop be gone on from wherever it broke off, by one terminal at a time, and is a person asked rightly?"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "unit" / "control_plane"))

from control_plane_world import PRIMARY, STANDBY, MemoryJournal, MemoryOutcomes, plan_with, run_with

from failover.application.by_hand_runs import heard_key
from failover.application.errors import RunRefused, TransientFailure
from failover.application.kept_steps import KeptSteps, last_step
from lab import cli
from lab.break_glass import drive as driving
from lab.break_glass.approval import AtTheTerminal
from lab.break_glass.drive import drive, first_step
from lab.break_glass.errors import WorkflowError
from lab.break_glass.heard_of import heard_of
from lab.break_glass.permissions import policy
from lab.cloud.iam.policies import Request, allowing, grants
from lab.documentation.workflow import load
from tests.lab.emulated_cloud import until
from tests.statemachines.interpreter import WELL, record_outcome

RUN = "break-glass-e1-20261127T030000Z"
NOW = datetime(2026, 11, 27, 3, 0, tzinfo=UTC)
TRIGGER = {"kind": "manual", "reason": "it is gone", "alarm_arn": None, "observed_at": NOW.isoformat()}
INPUT: dict[str, Any] = {"mode": "unplanned", "trigger": TRIGGER, "expected_epoch": 1}


class UseCases:
    """In place of the real ones: each answers that all is well. What is called is kept."""

    def __init__(self, _approve: object) -> None:
        pass

    called: list[str]

    def invoke(self, function: str, payload: Any) -> Any:
        name = function.removeprefix("${").removesuffix("FunctionArn}")
        self.called.append(name)
        answer = record_outcome(payload) if name == "RecordOutcome" else {**WELL[name]}
        return {**answer, "wait_seconds": 0} if name == "FencePrimary" else answer

    def ask(self, function: str, payload: Any, within_seconds: float) -> Any:
        raise AssertionError("nobody is asked in these runs")


@pytest.fixture
def outcomes(monkeypatch: pytest.MonkeyPatch) -> MemoryOutcomes:
    for name in ("CONTROL_BUCKET", "TOPIC_ARN"):
        monkeypatch.setenv(name, "")
    monkeypatch.setattr(driving, "UseCases", UseCases)
    monkeypatch.setattr(driving, "KEEPING_PAUSE_SECONDS", 0)
    UseCases.called = []
    return MemoryOutcomes()


def driven(outcomes: MemoryOutcomes, said: list[str] | None = None) -> str:
    step = last_step(outcomes, RUN) or first_step(RUN, load()["StartAt"], INPUT)
    say = said.append if said is not None else lambda _: None
    return drive(plan_with(), STANDBY, outcomes, step, lambda *_: {}, say).state


@pytest.mark.scenario("F44")
def test_a_run_enters_every_state_keeps_each_with_its_input_and_says_how_it_ended(outcomes: MemoryOutcomes) -> None:
    said: list[str] = []
    assert driven(outcomes, said) == "FailedOver"
    kept = [json.loads(text)["state"] for key, text in sorted(outcomes.texts.items()) if "/steps/" in key]
    assert kept[:3] == ["CheckPrimaryHealth", "LeaderAllowsRun", "CheckSecondaryReadiness"]
    assert kept[-1] == "FailedOver"
    assert any(line.endswith("s  WaitOutLease") for line in said), "branches are shown too"
    assert last_step(outcomes, RUN).data["opened"]["leader"] == STANDBY  # type: ignore[union-attr]


@pytest.mark.parametrize("state", ["FencePrimary", "PromoteReplica", "OpenSecondary", "RecordOutcome"])
def test_a_run_that_was_broken_off_goes_on_from_the_state_that_it_was_in(outcomes: MemoryOutcomes, state: str) -> None:
    """A step is kept before anything is done in it, so the state in which it broke off is repeated, and none before it."""
    driven_to = KeptSteps(outcomes, "first", first_step(RUN, load()["StartAt"], INPUT))
    whole = MemoryOutcomes()
    driven(whole)
    for key in sorted(key for key in whole.texts if "/steps/" in key):
        one = json.loads(whole.texts[key])
        driven_to.keep(one["state"], one["data"], NOW)
        if one["state"] == state:
            break
    UseCases.called = []
    assert driven(outcomes) == "FailedOver"
    assert UseCases.called[0] == state


def test_of_two_terminals_that_drive_one_run_the_slower_stops(outcomes: MemoryOutcomes) -> None:
    first = KeptSteps(outcomes, "first", first_step(RUN, "CheckPrimaryHealth", INPUT))
    first.keep("CheckPrimaryHealth", INPUT, NOW)
    step = last_step(outcomes, RUN)
    assert step is not None
    second = KeptSteps(outcomes, "second", step)
    second.keep("LeaderAllowsRun", INPUT, NOW)
    with pytest.raises(RunRefused, match="Another terminal goes on"):
        first.keep("LeaderAllowsRun", INPUT, NOW)


class Silent(MemoryOutcomes):
    """Cannot be written from `since` on."""

    def __init__(self, since: int) -> None:
        super().__init__()
        self.since = since

    def put_once(self, key: str, text: str) -> str:
        if len(self.texts) >= self.since:
            raise TransientFailure("Recording: no answer from AWS.")
        return super().put_once(key, text)


def test_nothing_is_done_that_cannot_be_gone_on_from_before_the_one_way_step(outcomes: MemoryOutcomes) -> None:
    with pytest.raises(TransientFailure):
        driven(Silent(since=4))
    assert "FencePrimary" not in UseCases.called


def test_after_the_one_way_step_a_silent_bucket_holds_nothing_up(outcomes: MemoryOutcomes) -> None:
    whole = MemoryOutcomes()
    driven(whole)
    states = [json.loads(text)["state"] for _, text in sorted(whole.texts.items())]
    said: list[str] = []
    assert driven(Silent(since=states.index("PromoteReplica") + 1), said) == "FailedOver"
    assert any("is not kept, so going on would repeat PromoteReplica" in line for line in said)


def test_while_a_terminal_drives_a_run_it_is_heard_of_and_a_silent_bucket_holds_nothing_up() -> None:
    """What the control plane pages by: an object for each minute, of the driver's own clock."""
    outcomes, silent = MemoryOutcomes(), Silent(since=0)
    for one in (outcomes, silent):
        with heard_of(one, RUN):
            pass
    until(lambda: len(outcomes.texts) == 1, within=5)
    (key,) = outcomes.texts
    assert key in {heard_key(RUN, datetime.now(UTC) - timedelta(minutes=ago)) for ago in (0, 1)}
    assert silent.texts == {}


def asked(most: float | None = None, typed: list[str | None] | None = None, **loss: Any) -> tuple[Any, MemoryJournal]:
    journal = MemoryJournal()
    lines = iter(typed or [])
    read = (lambda _: next(lines)) if typed is not None else None
    terminal = AtTheTerminal("kim", journal, lambda _: None, most, read)
    told = {"known": True, "bound_seconds": 3.31, "reason": "more than the RPO", **loss}
    run = run_with("manual", 1, RUN, prepared={"loss": told})
    payload = {"run": run.name, "started_at": NOW.isoformat(), "state": dict(run.state)}
    return terminal(payload, 5.0), journal


@pytest.mark.parametrize(
    ("most", "typed", "accepted"),
    [
        (3.4, None, True),
        (3.3, None, False),
        (None, ["3.4"], True),
        (None, ["3.3", "3.4"], True),
        (None, ["no"], False),
        (None, ["", "3.4"], True),
        (None, ["", "no"], False),
        (None, None, False),
    ],
)
def test_a_loss_is_accepted_by_its_own_figure_or_by_one_above_it(
    most: float | None, typed: list[str | None] | None, accepted: bool
) -> None:
    """An empty line is no answer: whoever struck Enter while the run was at work has said nothing yet."""
    answer, journal = asked(most, typed)
    assert (answer["accepted"], answer["bound_seconds"], answer["by"]) == (accepted, "3.4", "kim")
    assert [one.kind for one in journal.events] == ["loss-accepted" if accepted else "loss-refused"]


@pytest.mark.scenario("F44")
def test_a_loss_that_is_unknown_is_nobodys_to_accept() -> None:
    with pytest.raises(RunRefused, match="nobody can accept it"):
        asked(most=1000, known=False, bound_seconds=None)


def test_a_question_that_nobody_answers_is_the_time_out_that_the_workflow_knows() -> None:
    with pytest.raises(WorkflowError, match=r"States\.Timeout"):
        asked(typed=[None])


def test_the_policy_allows_the_standby_and_nothing_in_the_other_region_but_its_copy_of_the_record() -> None:
    held = grants([policy(plan_with(), STANDBY)])
    place = "us-west-2:123456789012"
    assert allowing(held, Request("rds:PromoteReadReplica", f"arn:aws:rds:{place}:db:app-us-west-2"))
    assert not allowing(held, Request("rds:PromoteReadReplica", f"arn:aws:rds:{PRIMARY}:123456789012:db:app-{PRIMARY}"))
    copy = f"arn:aws:s3:::drlab-app-control-123456789012-{PRIMARY}"
    assert allowing(held, Request("s3:PutObject", f"{copy}/leader-record.json"))
    assert not allowing(held, Request("s3:PutObject", f"{copy}/journal/00000001.json"))
    assert sorted(one.action for one in held if one.resource == "*") == [
        "cloudwatch:GetMetricData",
        "elasticloadbalancing:DescribeTargetHealth",
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "add --plan-only to see what it would do"),
        (["--break-glass"], "--break-glass needs a --reason"),
        (["--break-glass", "--reason", "x", "--accept-loss", "-1"], "--accept-loss -1 is out of range"),
        (["--break-glass", "--reason", "x", "--stand-down"], "name it with --resume"),
        (["--break-glass", "--resume", "a", "--take-over", "b"], "choose one of them"),
    ],
)
def test_options_that_make_no_sense_are_refused_before_anything_is_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str], sentence: str
) -> None:
    monkeypatch.setattr(cli, "_end_on_signals", lambda: None)
    assert cli.main(["failover", *arguments]) == 2
    assert sentence in " ".join(capsys.readouterr().err.split())
