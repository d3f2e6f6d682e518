"""What becomes of a run that was started with something that makes no sense? Of each workflow, on the real interpreter.

The situations are those in which the workflow would act: a leader that is cut off, an old primary to rebuild, a rehearsal.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from chaos import interpreter
from chaos import world as worlds
from chaos.case import Case, Situation
from chaos.history import History
from chaos.installation import PRIMARY
from chaos.unfolding import Unfolding
from chaos.world import World, unfolding_of

BY_HAND = {"kind": "manual", "reason": "it is down"}
FAILOVER, REBUILD, REHEARSAL = Situation.CUT_OFF, Situation.REBUILD, Situation.REHEARSAL
RESULT = {FAILOVER: "stood-down", REBUILD: "not-rebuilt", REHEARSAL: "not-rehearsed"}
REFUSED: list[tuple[Situation, Any, str]] = [
    (FAILOVER, [], "it must be a JSON object"),
    (FAILOVER, "planned", "it must be a JSON object"),
    (FAILOVER, {}, "trigger must be there"),
    (FAILOVER, {"trigger": BY_HAND, "expected_epoch": "3"}, "expected_epoch must be a whole number from 1"),
    (FAILOVER, {"trigger": BY_HAND, "mod": "planned"}, "mod is no key that anybody reads; known are mode, restore"),
    (FAILOVER, {"trigger": {**BY_HAND, "kin": "x"}}, "trigger.kin is no key that anybody reads"),
    (FAILOVER, {"trigger": BY_HAND, "mode": "plannde"}, 'mode must be unplanned or planned, not "plannde"'),
    (FAILOVER, {"trigger": {"kind": "schedule"}}, "trigger.kind of a failover must be alarm, probe or manual"),
    (
        FAILOVER,
        {"trigger": BY_HAND, "restore": {"to": "0001-01-01T00:00:00+14:00"}},
        'restore must be {"to": "latest"}',
    ),
    (FAILOVER, {"trigger": BY_HAND, "restore": "latest"}, 'restore must be {"to": "latest"}'),
    (REBUILD, 5, "it must be a JSON object"),
    (REBUILD, {"trigger": BY_HAND}, "rebuild must be an object"),
    (REBUILD, {"trigger": BY_HAND, "rebuild": {}, "regoin": "us-west-2"}, "regoin is no key that anybody reads"),
    (REBUILD, {"trigger": BY_HAND, "rebuild": {"accept_unknown_divergence": "no"}}, 'must be true or false, not "no"'),
    (REHEARSAL, None, "it must be a JSON object"),
    (REHEARSAL, {"trigger": BY_HAND}, "rehearsal must be there"),
    (REHEARSAL, {"trigger": BY_HAND, "rehearsal": {"to": "yesterday"}}, 'rehearsal must be {"to": "latest"}'),
]
ACCEPTED: list[tuple[Situation, Any]] = [
    (FAILOVER, {"trigger": {"kind": "manual"}}),
    (FAILOVER, {"trigger": BY_HAND, "expected_epoch": None, "mode": "unplanned"}),
    (REBUILD, {"trigger": BY_HAND, "rebuild": {}}),
    (REHEARSAL, {"trigger": BY_HAND, "rehearsal": {"to": "latest"}}),
]


def played(world: World, monkeypatch: pytest.MonkeyPatch, situation: Situation, typed: Any) -> History:
    """The case of a person who types `typed` as the input of start-execution, and of nobody else."""

    @dataclass
    class Typed(unfolding_of(situation)):  # type: ignore[misc]
        typed: Any = None

        def unfold(self) -> None:
            interpreter.run(self.workflow.start("typed", self.typed))
            self.collect()
            self.history.deleted += self.cloud.rds.deleted
            self.keep_books()

    chosen: type[Unfolding] = Typed
    monkeypatch.setattr(worlds, "unfolding_of", lambda _: partial(chosen, typed=typed))
    return world.play(Case(situation))


@pytest.mark.parametrize(("situation", "typed", "why"), REFUSED)
def test_it_is_refused_recorded_and_told_and_changes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, situation: Situation, typed: Any, why: str
) -> None:
    history = played(world, monkeypatch, situation, typed)
    (ended,) = history.ended
    entered = set(ended.entered)
    assert entered <= {"CheckPrimaryHealth", "CheckRebuild", "CheckRehearsal", "RefuseInput", "StandDown"} | {
        one for one in ended.entered if one.endswith("Outcome") or one in ("Notify", ended.entered[-1])
    }
    assert "RefuseInput" in entered
    outcome = history.outcomes["typed"]
    assert outcome["result"] == RESULT[situation]
    assert why in outcome["reason"], outcome["reason"]
    assert outcome["state"]["refused_input"] == typed
    (told,) = history.told
    assert why in told.text
    assert len(history.chosen) == 1, "the leader record is as it was"
    assert (history.promotions, history.deleted) == ([], [])


@pytest.mark.parametrize(("situation", "typed"), ACCEPTED)
def test_the_least_that_makes_sense_is_taken(
    world: World, monkeypatch: pytest.MonkeyPatch, situation: Situation, typed: Any
) -> None:
    """Otherwise the refusals above would prove nothing."""
    history = played(world, monkeypatch, situation, typed)
    (ended,) = history.ended
    assert "RefuseInput" not in ended.entered
    assert history.outcomes["typed"]["result"] in ("failed-over", "rebuilt", "rehearsed")
    if situation is FAILOVER:
        assert history.record.leader != PRIMARY
