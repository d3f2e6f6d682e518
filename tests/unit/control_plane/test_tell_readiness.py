"""Are people told when readiness changes, all of it, and of nothing twice?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from readiness_world import World

from failover.application.tell_readiness import TellReadiness, memory_of
from failover.domain.journal import Event
from failover.domain.readiness.evaluation import Evaluation


class People:
    """Topic, journal and bucket in one."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.events: list[Event] = []
        self.text: str | None = None
        self.tell = TellReadiness(self, self, self)

    def publish(self, subject: str, text: str) -> str:
        self.told.append((subject, text))
        return "id"

    def append(self, event: Event) -> None:
        self.events.append(event)

    def read(self) -> str | None:
        return self.text

    def write(self, text: str) -> None:
        self.text = text

    def hear(self, world: World) -> list[str]:
        evaluation = world.evaluate()
        assert isinstance(evaluation, Evaluation)
        return self.tell(evaluation)


def test_a_standby_that_is_ready_from_the_first_is_no_news() -> None:
    people = People()
    assert people.hear(World()) == []
    assert (people.told, people.events) == ([], [])
    assert json.loads(people.text or "")["verdict"] == "ok"


def test_a_change_is_told_once_with_what_it_is_why_it_matters_and_where_to_read_on() -> None:
    people, world = People(), World()
    people.hear(world)
    world.here.key_state = "Disabled"
    (line,) = people.hear(world)
    assert people.hear(world) == []
    ((subject, text),) = people.told
    assert subject == "app: us-west-2 is NOT READY to take over"
    assert line in text
    for part in ("alias/drlab-app is Disabled", "the Region's KMS key is enabled", "runbooks/readiness.md#key"):
        assert part in line
    (event,) = people.events
    assert (event.kind, event.data) == ("readiness-changed", {"key": "not ok"})
    world.here.key_state = "Enabled"
    (line,) = people.hear(world)
    assert line.startswith("key: ok.")
    assert people.told[-1][0].endswith("is ready to take over")


def test_what_is_wrong_from_the_first_is_told_at_once() -> None:
    people, world = People(), World()
    world.here.moved = None
    assert len(people.hear(world)) == 1


def test_what_is_still_wrong_is_in_the_message_of_the_next_change() -> None:
    people, world = People(), World()
    world.here.moved = None
    people.hear(world)
    world.here.key_state = "Disabled"
    assert len(people.hear(world)) == 1
    assert "As before\nlast-drill: not ok" in people.told[-1][1]


def test_one_missed_answer_is_no_news_and_two_running_are() -> None:
    """An API that misses one call must wake nobody."""
    people, world = People(), World()
    people.hear(world)
    world.here.vcpus = None
    assert people.hear(world) == []
    world.here.vcpus = 6.0
    assert people.hear(world) == []
    world.here.vcpus = None
    assert people.hear(world) == []
    (line,) = people.hear(world)
    assert line.startswith("fargate-quota: unknown.")
    assert people.hear(world) == []


@pytest.mark.parametrize("text", [None, "", "{", "[]", "null", '{"checks": [{}]}', '{"checks": [], "told": 3}'])
def test_what_is_no_earlier_evaluation_counts_as_none(text: Any) -> None:
    assert memory_of(text) is None
