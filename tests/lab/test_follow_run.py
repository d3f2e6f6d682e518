"""Is whoever waits for a run told each state once, and its end, whatever AWS does meanwhile?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from failover.application.errors import RunRefused, TransientFailure
from failover.application.ports import RunProgress
from lab.operations.follow_run import MISSES_IN_A_ROW, follow

STARTED = "switchover-e1 was started; how it ends is not known here: `drlab status` shows it."
OUTCOME: dict[str, Any] = {"outcome": {"result": "failed-over", "summary": "app: us-west-2 leads."}}


class Seen:
    """Answers one after the other; a failure is raised."""

    def __init__(self, *answers: RunProgress | Exception) -> None:
        self._answers: Iterator[RunProgress | Exception] = iter(answers)

    def progress(self, name: str) -> RunProgress:
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


def running(*states: str) -> RunProgress:
    return RunProgress("RUNNING", tuple((state, float(place)) for place, state in enumerate(states)), None, None)


def followed(*answers: RunProgress | Exception) -> tuple[str | None, list[str]]:
    said: list[str] = []
    return follow(Seen(*answers), "switchover-e1", said.append, lambda _: None), said


def test_each_state_is_said_once_and_the_end_is_what_was_recorded() -> None:
    ended = RunProgress("SUCCEEDED", (*running("A", "B").entered, ("C", 2.5)), OUTCOME, None)
    result, said = followed(running("A"), running("A"), TransientFailure("throttled"), running("A", "B"), ended)
    assert result == "failed-over"
    assert [line.split() for line in said[:-1]] == [["0.0", "s", "A"], ["1.0", "s", "B"], ["2.5", "s", "C"]]
    assert said[-1] == "app: us-west-2 leads."


def test_a_run_that_ended_as_a_failure_tells_its_cause_and_where_to_look() -> None:
    result, said = followed(RunProgress("FAILED", (), None, "The replica is gone."))
    assert result is None
    assert said[0] == "switchover-e1 ended as FAILED: The replica is gone."
    assert "drlab status" in said[1]


def test_a_silent_aws_is_given_up_after_a_while_and_no_sooner() -> None:
    silence = [TransientFailure("no answer.")] * MISSES_IN_A_ROW
    assert followed(*silence, RunProgress("SUCCEEDED", (), OUTCOME, None))[0] == "failed-over"
    result, said = followed(*silence, TransientFailure("no answer."))
    assert (result, said) == (None, [f"no answer. {STARTED}"])


def test_a_session_that_runs_out_is_not_told_as_a_run_that_was_never_started() -> None:
    """A promotion can outlast a person's credentials, and a second switchover is the last thing that is wanted then."""
    result, said = followed(running("A"), RunRefused("AWS refused with ExpiredTokenException: it is over."))
    assert result is None
    assert said[-1] == f"AWS refused with ExpiredTokenException: it is over. {STARTED}"
