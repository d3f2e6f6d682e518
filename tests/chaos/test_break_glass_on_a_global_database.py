"""Does a person move the leadership of an Aurora global database without a control plane, by the printed policy alone?

What the whole drill of an instance (tests/drills/test_break_glass_drill.py) proves on processes is asked here in memory, of
the same command's parts: where a run begins, the walk, what it keeps, the use cases, their calls, the policy. Not of the
terminal, and not of the lab's own global database, which tests/lab/test_rds_global.py is about.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from botocore.client import BaseClient

from chaos import world as worlds
from chaos.case import Case, Situation
from chaos.gate import Attempts
from chaos.history import Ended, History
from chaos.installation import ACCOUNT, STANDBY, plan_of
from chaos.invariants import violations
from chaos.plot import Plot
from chaos.unfolding import PERSON
from chaos.world import World
from failover.application.kept_steps import Step, steps_of
from failover.wiring.operators import outcomes_of
from lab.break_glass import drive as driving
from lab.break_glass import interpreter
from lab.break_glass.begin import Refused, begin, resume
from lab.break_glass.permissions import policy
from lab.break_glass.use_cases import FUNCTION, UseCases
from lab.cloud.iam.on_behalf import implied
from lab.cloud.iam.policies import Grant, allowing, grants
from lab.cloud.iam.requests import needed
from lab.operations.operators import SignedIn

CASE = Case(Situation.AURORA)


class BrokenOff(BaseException):
    """Ctrl-C, or the end of the terminal."""


@dataclass
class Person:
    """Who drives the run, and may do what `held` says. Breaks it off in `gives_up_in`, once, when the work there is done."""

    held: tuple[Grant, ...]
    gives_up_in: str | None = None
    denied: list[str] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    @contextmanager
    def acting(self) -> Iterator[None]:
        """Every call of AWS's API meanwhile is one of theirs."""
        call = BaseClient._make_api_call

        def asked(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
            service, region = client.meta.service_model.service_name, client.meta.region_name
            wanted = [
                *needed(service, operation, parameters, region, ACCOUNT),
                *implied(service, operation, parameters, region),
            ]
            self.asked |= {one.action for one in wanted}
            self.denied += [str(one) for one in wanted if allowing(self.held, one) is None]
            return call(client, operation, parameters)

        with patch.object(BaseClient, "_make_api_call", asked):
            yield


@dataclass
class Driven(Plot):
    """A person drives the run, where in a Plot an alarm has it started."""

    person: Person = field(default_factory=lambda: Person(()))
    driven: list[Ended] = field(default_factory=list)

    def _begin(self, which: str) -> None:
        del which
        me = SignedIn(plan_of(self.case.plan), STANDBY, PERSON)
        with self.person.acting():
            step = begin(me, "the control plane is gone", None, lambda _: None)
            try:
                self._drive(me, step)
            except BrokenOff:
                assert isinstance(step, Step)
                self._drive(me, resume(me, step.run, stand_down=False))

    def _drive(self, me: SignedIn, step: Step | Refused) -> None:
        assert isinstance(step, Step), step
        outcomes = outcomes_of(me.plan, STANDBY)
        with patch.object(driving, "UseCases", lambda _: SimpleNamespace(invoke=self.serve)):
            ended = driving.drive(me.plan, STANDBY, outcomes, step, nobody_is_asked, lambda _: None)
        entered = [one.state for one in steps_of(outcomes, step.run)]
        self.driven.append(Ended(step.run, "FAILED" if ended.error else "SUCCEEDED", entered, ended.output or {}))

    def collect(self) -> None:
        super().collect()
        self.history.ended += self.driven

    def serve(self, function: str, payload: Any) -> Any:
        """A state's use case; its calls are those of the run."""
        found = FUNCTION.fullmatch(function)
        assert found is not None
        state, run = found[1], str(payload["run"])
        self._given[run] = payload["state"]
        self.gate.attempt = Attempts(state, run, 1, self.clock.monotonic())
        try:
            answer = UseCases(nobody_is_asked).invoke(function, payload)
        finally:
            self.gate.attempt = None
        if self.person.gives_up_in == state:
            self.person.gives_up_in = None
            raise BrokenOff
        return answer


def nobody_is_asked(_payload: Mapping[str, Any], _within: float) -> dict[str, Any]:
    raise AssertionError("the loss is within the RPO")


class AtOnce:
    """In place of a thread: what it does is done when it is started, so that a case is the same each time."""

    def __init__(self, target: Callable[..., None], args: tuple[Any, ...] = (), **_: Any) -> None:
        self.start = lambda: target(*args)


def play(world: World, monkeypatch: pytest.MonkeyPatch, person: Person) -> History:
    monkeypatch.setenv("CONTROL_BUCKET", "")
    monkeypatch.setenv("TOPIC_ARN", "")
    monkeypatch.setattr(worlds, "unfolding_of", lambda _: partial(Driven, person=person))
    monkeypatch.setattr(interpreter, "threading", SimpleNamespace(Thread=AtOnce, Event=threading.Event))
    monkeypatch.setattr(
        driving, "time", SimpleNamespace(sleep=world.clock.sleep_seconds, monotonic=world.clock.monotonic)
    )
    return world.play(CASE)


@pytest.mark.scenario("F44")
@pytest.mark.parametrize("gives_up_in", [None, "FailoverGlobalCluster"])
def test_a_person_makes_the_standby_s_cluster_the_writer_once(
    world: World, monkeypatch: pytest.MonkeyPatch, gives_up_in: str | None
) -> None:
    """Also when they break off and go on: the state that was under way is repeated."""
    person = Person(grants([policy(plan_of(CASE.plan), STANDBY)]), gives_up_in)
    history = play(world, monkeypatch, person)
    assert violations(CASE, history) == []
    assert person.denied == []
    assert {"rds:FailoverGlobalCluster", "s3:PutObject", "secretsmanager:PutSecretValue"} <= person.asked
    last = history.ended[-1]
    assert (last.status, last.entered[-1]) == ("SUCCEEDED", "FailedOver"), last
    assert "FailoverGlobalCluster" in last.entered
    assert not {"PromoteReplica", "RestoreFromLatestSnapshot", "SwitchoverGlobalCluster"} & set(last.entered)
    assert (history.record.leader, history.record.run) == (STANDBY, last.run)
    assert [one.run for one in history.promotions] == [last.run]
    assert world.cloud.rds.takes_writes
