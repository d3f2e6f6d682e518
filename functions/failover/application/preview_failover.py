"""What would a failover do now, and why? Every read-only decision of the workflow is really made; nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from failover.application.errors import RunRefused, StillInProgress, TransientFailure
from failover.domain.plan import Plan

# The states that change nothing, and the field of the answer that says whether a run would go on.
READ_ONLY = {"CheckPrimaryHealth": "allowed", "CheckSecondaryReadiness": "ready", "BoundDataLoss": "accepted"}

# The one undoes a run, the other belongs to a switchover.
NOT_IN_A_FAILOVER = ("StandDown", "WarmSecondary")

Event = dict[str, Any]
# Begins to ask a state's function, and gives what waits for its answer. Waiting raises what the function raises.
Ask = Callable[[str, Event], Callable[[], dict[str, Any]]]


@dataclass(frozen=True)
class Step:
    """One state. `goes_on` None: it was not asked, since it would change something; `reason` then says what."""

    state: str
    goes_on: bool | None
    reason: str


@dataclass(frozen=True)
class PreviewFailover:
    """Of a run in `region`. `machine` is the workflow's definition, `ask` how one of its functions is asked."""

    plan: Plan
    region: str
    machine: Mapping[str, Any]
    ask: Ask

    def __call__(self, now: datetime) -> Iterator[Step]:
        """The states in the order of a run. A run stands down at the first that does not go on; the rest is told all the
        same, for whoever wants to know what else is in the way.
        """
        asked = {name: self.ask(name, self._event(name, now)) for name in READ_ONLY}
        comments = dict(_comments(self.machine))
        for name in _states(self.machine):
            if name in asked:
                yield _answered(name, asked[name])
            else:
                yield Step(name, None, self._does(name, comments))

    def _event(self, name: str, now: datetime) -> Event:
        leader = self.plan.standby_of(self.region)
        trigger = {"kind": "manual", "reason": "a preview", "alarm_arn": None, "observed_at": now.isoformat()}
        # Nobody is fenced by a preview: the bound is that of a fence at this moment.
        left = {} if name == self.machine["StartAt"] else {"fence": {"leader": leader}, "health": {"leader": leader}}
        state = {"trigger": trigger, **left}
        return {"run": "preview", "started_at": now.isoformat(), "state": state}

    def _does(self, name: str, comments: Mapping[str, str]) -> str:
        if name == "WaitOutLease":
            return f"Waits {self.plan.timing.fence_wait_seconds} s, until no lease of the old leader holds."
        return comments[name].split(". ")[0].rstrip(".") + "."


def _answered(name: str, answer: Callable[[], dict[str, Any]]) -> Step:
    try:
        told = answer()
    except (RunRefused, TransientFailure, StillInProgress) as error:
        return Step(name, False, str(error))
    return Step(name, bool(told.get(READ_ONLY[name])), str(told.get("reason")))


def _states(machine: Mapping[str, Any]) -> Iterator[str]:
    """The workflow's Task and Wait states as a run that goes well enters them."""
    for name, described in machine["States"].items():
        if described["Type"] in ("Task", "Wait") and name not in NOT_IN_A_FAILOVER:
            yield name
        for branch in described.get("Branches", []):
            yield from _states(branch)


def _comments(machine: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, described in machine["States"].items():
        yield name, str(described.get("Comment", ""))
        for branch in described.get("Branches", []):
            yield from _comments(branch)
