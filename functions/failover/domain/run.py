"""What does a run know of itself when one of its functions is called?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from failover.domain.intake import TriggerKind

LONGEST_SHOWN = 40

# What Step Functions takes as an execution's name, of which only these characters are used here:
# https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
RUN_NAME = r"[A-Za-z0-9_-]{1,80}"


class RunStateError(ValueError):
    """The function was called with something that no run would send; the text is one sentence."""


class RunInputError(RunStateError):
    """What the run was started with makes no sense; `told` says what, and what would."""

    def __init__(self, told: str) -> None:
        super().__init__(f"The run's input is malformed: {told}")


class Mode(StrEnum):
    """unplanned: a failover from a leader that is down. planned: a switchover from a healthy one, without loss."""

    UNPLANNED = "unplanned"
    PLANNED = "planned"


@dataclass(frozen=True)
class Run:
    """One execution of the workflow. `state` is what its states have left so far.

    `task_token`, where the run waits for a person, is a secret: whoever holds it may answer.
    """

    name: str
    started_at: datetime
    kind: TriggerKind
    expected_epoch: int | None
    state: Mapping[str, Any]
    task_token: str | None = field(default=None, repr=False)

    @staticmethod
    def parse(event: object) -> Run:
        """From `{"run", "started_at", "state"}`, and `task_token` where the run waits.

        Raises RunStateError, RunInputError where it is what the run was started with.
        """
        if not isinstance(event, Mapping):
            raise RunStateError("The call is malformed: it is no JSON object.")
        name, state = event.get("run"), event.get("state")
        if not isinstance(name, str) or not 1 <= len(name) <= 80:
            raise RunStateError("The call is malformed: run must be the execution's name.")
        if not isinstance(state, Mapping):
            raise RunInputError(f"it must be a JSON object, not {as_typed(state)}.")
        epoch = state.get("expected_epoch")
        if epoch is not None and (type(epoch) is not int or epoch < 1):
            raise RunInputError(f"expected_epoch must be a whole number from 1, not {as_typed(epoch)}.")
        token = event.get("task_token")
        if token is not None and not isinstance(token, str):
            raise RunStateError("The call is malformed: task_token must be text.")
        return Run(name, _instant(event.get("started_at")), _kind(state), epoch, state, token)

    @property
    def planned(self) -> bool:
        """Whether the input asks for a switchover. The first state has refused what `mode` refuses."""
        return self.state.get("mode") == Mode.PLANNED

    @property
    def rebuilding(self) -> bool:
        """Whether the run makes its Region a standby again, and moves no leadership."""
        return isinstance(self.state.get("rebuild"), Mapping)

    @property
    def rehearsing(self) -> bool:
        """Whether the run restores a backup beside production, and moves no leadership."""
        return isinstance(self.state.get("rehearsal"), Mapping)

    @property
    def mode(self) -> Mode:
        """unplanned where the input names none. Raises RunInputError: the first state asks, and can still refuse."""
        mode = self.state.get("mode", Mode.UNPLANNED)
        if not isinstance(mode, str) or mode not in tuple(Mode):
            raise RunInputError(f"mode must be unplanned or planned, not {as_typed(mode)}.")
        if mode == Mode.PLANNED and self.kind is not TriggerKind.MANUAL:
            raise RunInputError("only a person starts a planned run, so trigger.kind is manual.")
        return Mode(mode)

    def value(self, *path: str) -> Any:
        """What the states left at `path`, None where there is nothing."""
        found: Any = self.state
        for key in path:
            found = found.get(key) if isinstance(found, Mapping) else None
        return found

    def text(self, *path: str) -> str:
        """Raises RunStateError when there is no text at `path`."""
        found = self.value(*path)
        if not isinstance(found, str):
            raise RunStateError(f"The run's state has no text at {'.'.join(path)}.")
        return found

    def whole(self, *path: str) -> int:
        """Raises RunStateError when there is no whole number at `path`."""
        found = self.value(*path)
        if type(found) is not int:
            raise RunStateError(f"The run's state has no whole number at {'.'.join(path)}.")
        return found


def as_typed(value: object) -> str:
    """As a person types it in JSON, on one line and cut."""
    return json.dumps(value)[:LONGEST_SHOWN]


def _kind(state: Mapping[str, Any]) -> TriggerKind:
    if "trigger" not in state:
        raise RunInputError(f'trigger must be there, such as {{"kind": "manual"}}; found are {as_typed([*state])}.')
    trigger = state["trigger"]
    kind = trigger.get("kind") if isinstance(trigger, Mapping) else None
    if kind not in tuple(TriggerKind):
        raise RunInputError(f"trigger.kind must be alarm, probe, manual or schedule, not {as_typed(kind)}.")
    return TriggerKind(kind)


def _instant(value: object) -> datetime:
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise RunStateError("The call is malformed: started_at must be an instant with a time zone.")
    return instant
