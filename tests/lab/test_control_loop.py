"""Does the desired state become tasks, do the databases hear of it, and does the loop let go at once?"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

from lab.cloud.control_client import CloudControl, CloudUnavailable
from lab.control_loop import POLL_SECONDS, ControlLoop

LONG_POLL_SECONDS = 3.0
WITHIN_SECONDS = 20.0


class ScriptedCloud(CloudControl):
    """Answers the first question at once, and then lets every question hang as a quiet cloud does."""

    def __init__(self, first: dict[str, Any]) -> None:
        super().__init__("http://127.0.0.1:1")
        self._answers = [first]

    def desired(self, after: int = 0, wait_seconds: float = 0.0) -> dict[str, Any]:
        if self._answers:
            return self._answers.pop()
        time.sleep(LONG_POLL_SECONDS)
        raise CloudUnavailable("nothing new")


class Told:
    """Databases that remember what they were told."""

    def __init__(self) -> None:
        self.entries: list[Any] = []
        self.heard = threading.Event()

    def follow(self, cloud: CloudControl, entries: Sequence[Any]) -> None:
        del cloud
        self.entries = list(entries)
        self.heard.set()


class Counted:
    def __init__(self) -> None:
        self.desired: list[int] = []
        self.reached = threading.Event()

    def reconcile(self, desired: int) -> list[tuple[str, int]]:
        self.desired.append(desired)
        if desired:
            self.reached.set()
        return [("127.0.0.1", 4000 + n) for n in range(desired)]


def wanted(promotion: bool) -> dict[str, Any]:
    database = {"region": "us-west-2", "instance": "app-us-west-2", "promotion_requested": promotion}
    return {"version": 1, "services": [{"region": "us-west-2", "desired": 2}], "databases": [database]}


def test_the_desired_count_becomes_tasks_and_those_that_answer_become_targets() -> None:
    tasks, told = Counted(), []
    found = threading.Event()

    def targets_changed(region: str, live: list[tuple[str, int]]) -> None:
        told.append((region, live))
        if live:
            found.set()

    loop = ControlLoop(ScriptedCloud(wanted(promotion=False)), Told(), {"us-west-2": tasks}, targets_changed)
    loop.start()
    assert found.wait(WITHIN_SECONDS)
    loop.stop()
    assert told[-1] == ("us-west-2", [("127.0.0.1", 4000), ("127.0.0.1", 4001)])


def test_the_databases_are_told_every_instance_of_the_api() -> None:
    databases, said = Told(), wanted(promotion=True)
    loop = ControlLoop(ScriptedCloud(said), databases, {}, lambda *_: None)
    loop.start()
    assert databases.heard.wait(WITHIN_SECONDS)
    loop.stop()
    assert databases.entries == said["databases"]


def test_stopping_waits_for_no_open_question_and_nothing_is_started_after_it() -> None:
    """A lab that ends would else take as long as its longest poll."""
    tasks = Counted()
    loop = ControlLoop(ScriptedCloud(wanted(promotion=False)), Told(), {"us-west-2": tasks}, lambda *_: None)
    loop.start()
    assert tasks.reached.wait(WITHIN_SECONDS)
    began = time.monotonic()
    loop.stop()
    assert time.monotonic() - began < LONG_POLL_SECONDS / 2
    rounds = len(tasks.desired)
    assert not threading.Event().wait(2 * POLL_SECONDS)
    assert len(tasks.desired) == rounds
