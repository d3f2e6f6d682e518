"""Do the use cases and restore_rehearsal.asl.json fit together: a whole rehearsal, and each way in which it may end?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from control_plane_world import NOW, STANDBY
from rehearsal_world import NAME, RUN, RehearsalWorld
from restore_world import DAMAGED, backups

from failover.application.errors import RunRefused, StillInProgress
from failover.application.notify import Notify
from failover.application.record_outcome import RecordOutcome
from failover.domain.run import Run

MACHINE = json.loads((Path(__file__).parents[3] / "statemachines" / "restore_rehearsal.asl.json").read_text())
STATES = MACHINE["States"]
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}


class World(RehearsalWorld):
    """Walks the workflow's own file: each Task by its use case, each Choice by what it compares."""

    def __init__(self, kind: str = "schedule") -> None:
        super().__init__()
        self.state = {"rehearsal": {"to": "latest"}, "trigger": {"kind": kind, "reason": "x"}, "expected_epoch": None}
        self.region = STANDBY
        self.broken: dict[str, str] = {}

    def use_cases(self) -> dict[str, Any]:
        record = RecordOutcome(self.plan, self.region, self.register, self.outcomes, self.journal, self.clock)
        return {
            "CheckRehearsal": self.check(self.region),
            "RehearseRestore": self.restore(),
            "DeleteRehearsedInstance": self.delete(),
            "KeepRehearsal": self.keep(),
            "RecordOutcome": record,
            "Notify": Notify(self.plan, self.region, self.people),
        }

    def play(self) -> list[str]:
        name, entered = MACHINE["StartAt"], []
        while STATES[name]["Type"] not in ("Succeed", "Fail"):
            entered.append(name)
            name = self._choose(STATES[name]) if STATES[name]["Type"] == "Choice" else self._task(name)
        return [*entered, name]

    def _task(self, name: str) -> str:
        task = TASKS[name]
        told = {"run": RUN, "started_at": NOW.isoformat(), "state": self.state}
        for _ in range(50):
            try:
                if why := self.broken.get(name):
                    raise RunRefused(why)
                answer = json.loads(json.dumps(self.use_cases()[name](Run.parse(json.loads(json.dumps(told))))))
            except StillInProgress:
                continue
            except RunRefused as error:
                self._put(
                    task["Catch"][0]["ResultPath"],
                    {"Error": type(error).__name__, "Cause": json.dumps({"errorMessage": str(error)})},
                )
                return str(task["Catch"][0]["Next"])
            selected = task["ResultSelector"]
            taken = {key.removesuffix(".$"): answer[path.removeprefix("$.Payload.")] for key, path in selected.items()}
            assert set(taken) == set(answer), "a field that the workflow drops is a field that nobody reads"
            self._put(task["ResultPath"], taken)
            return str(task["Next"])
        raise AssertionError(f"{name} is never done")

    def _put(self, path: str, value: Any) -> None:
        self.state[path.removeprefix("$.")] = value

    def _choose(self, choice: dict[str, Any]) -> str:
        holds = [one["Next"] for one in choice["Choices"] if all(self._holds(test) for test in one["And"])]
        return str(holds[0] if holds else choice["Default"])

    def _holds(self, test: dict[str, Any]) -> bool:
        found: Any = self.state
        for key in test["Variable"].removeprefix("$.").split("."):
            found = found.get(key) if isinstance(found, dict) else None
        if "IsPresent" in test:
            return found is not None
        return bool(found == test.get("BooleanEquals", test.get("StringEquals")))


TOLD = ["RecordOutcome", "Notify", "RehearsalOutcome"]
RESTORED = [
    "CheckRehearsal",
    "RehearsalIsAllowed",
    "RehearseRestore",
    "DeleteRehearsedInstance",
    "KeepRehearsal",
    *TOLD,
]


def test_every_task_state_has_a_use_case() -> None:
    assert set(World().use_cases()) == set(TASKS)


def test_a_whole_rehearsal_proves_the_newest_backup_and_leaves_nothing() -> None:
    world = World()
    assert world.play() == [*RESTORED, "Rehearsed"]
    assert world.databases.isolated.instance is None
    assert world.kept.text is not None
    subject, text = world.people.heard[0]
    assert "a restore was rehearsed" in subject
    assert "was restored in 20.0 s, and production did not notice." in text
    assert "Data loss:   none: a rehearsal touches no row of production" in text


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda world: world.restored.first.append(DAMAGED), "was not used: What is in it cannot be read"),
        (lambda world: world.broken.update(RehearseRestore="RDS said no."), "RDS said no."),
        (
            lambda world: world.broken.update(DeleteRehearsedInstance="RDS said no."),
            f"{NAME} is left, delete it: RDS said no.",
        ),
        (lambda world: world.broken.update(KeepRehearsal="S3 said no."), "S3 said no."),
    ],
)
def test_whatever_fails_the_instance_is_deleted_and_people_are_told_why(spoil: Any, why: str) -> None:
    world = World()
    spoil(world)
    assert world.play() == [*RESTORED, "NotRehearsed"]
    assert why in world.people.heard[0][1]
    assert world.kept.text is None
    left = world.databases.isolated.instance is not None
    assert left == ("DeleteRehearsedInstance" in world.broken)


def test_somebody_else_s_instance_is_left_alone_and_nobody_is_asked_to_delete_it() -> None:
    world = World()
    world.leave()
    assert world.play()[-1] == "NotRehearsed"
    text = world.people.heard[0][1]
    assert text.count("was made by no rehearsal") == 1
    assert f"{NAME} is not the rehearsal's, and was left as it is." in text
    assert f"{NAME} is left, delete it" not in text
    assert world.restores.deleted == []


def test_a_refused_rehearsal_changes_nothing_and_says_why() -> None:
    world = World()
    world.register.fenced_by("failover-e2-ffff0000")
    assert world.play() == ["CheckRehearsal", "RehearsalIsAllowed", *TOLD, "NotRehearsed"]
    assert world.restores.asked == []
    assert "failover-e2-ffff0000 is in progress: rehearse when it has ended." in world.people.heard[0][1]


def test_the_schedule_of_the_region_that_leads_ends_in_silence() -> None:
    world = World()
    world.region = world.register.record.leader
    assert world.play() == ["CheckRehearsal", "RehearsalIsAllowed", "RehearsedElsewhere"]
    assert world.people.heard == []


def test_a_person_who_asks_the_region_that_leads_is_told() -> None:
    world = World("manual")
    world.region = world.register.record.leader
    assert world.play()[-1] == "NotRehearsed"


def test_a_standby_without_a_backup_is_told_of() -> None:
    world = World()
    world.backups.found = backups(latest=None)
    assert world.play()[-1] == "NotRehearsed"
    assert "no recovery point" in world.people.heard[0][1]
