"""Do the use cases and rebuild_standby.asl.json fit together: a whole rebuild, and each way in which it may end?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from control_plane_world import NOW, MemoryJournal, MemoryOutcomes, MemoryParameters, MemoryPeople
from rebuild_world import HERE, INSTANCE, KEPT, LEADER, REPLICA, RUN, RebuildWorld, asked, row

from failover.application.check_rebuild import CheckRebuild
from failover.application.create_replica import CreateReplica
from failover.application.export_divergence import ExportDivergence
from failover.application.install_replica import InstallReplica
from failover.application.keep_old_primary import KeepOldPrimary
from failover.application.notify import Notify
from failover.application.rebuild_ports import Reversal
from failover.application.record_outcome import RecordOutcome
from failover.application.reverse_object_replication import ReverseObjectReplication
from failover.application.update_secrets_and_rotate_app_config import UpdateSecretsAndRotateAppConfig
from failover.application.verify_standby import VerifyStandby
from failover.domain.run import Run

MACHINE = json.loads((Path(__file__).parents[3] / "statemachines" / "rebuild_standby.asl.json").read_text())["States"]
TASKS = {name: state for name, state in MACHINE.items() if state["Type"] == "Task"}


class World(RebuildWorld):
    def __init__(self) -> None:
        super().__init__()
        self.people, self.outcomes, self.parameters = MemoryPeople(), MemoryOutcomes(), MemoryParameters()
        self.state: dict[str, Any] = dict(asked().state)

    def reverse(self, leader: str, standby: str) -> Reversal:
        return Reversal(changed=(leader, standby) == (LEADER, HERE), role="drlab-app-replicate-us-west-2")

    def use_cases(self) -> dict[str, Any]:
        changing = (*self.at, self.register, self.instances, self.clock)
        servers: Any = self.servers
        instances: Any = self.instances
        reading = (self.instances, self.secrets, servers)
        return {
            "CheckRebuild": CheckRebuild(*self.at, self.register, *reading),
            "CreateReplica": CreateReplica(*changing),
            "ExportDivergence": ExportDivergence(*self.at, *reading, servers, self.exports),
            "KeepOldPrimary": KeepOldPrimary(*changing),
            "InstallReplica": InstallReplica(*changing),
            "UpdateSecretsAndRotateAppConfig": UpdateSecretsAndRotateAppConfig(
                *self.at, instances, self.secrets, self.parameters
            ),
            "ReverseObjectReplication": ReverseObjectReplication(*self.at, self.register, self),
            "VerifyStandby": VerifyStandby(*self.at, self.register, *reading, self.heartbeats, self.clock),
            "RecordOutcome": RecordOutcome(*self.at, self.register, self.outcomes, MemoryJournal(), self.clock),
            "Notify": Notify(*self.at, self.people),
        }

    def call(self, name: str) -> dict[str, Any]:
        """As the workflow calls it: by JSON, taking only the selected fields."""
        told = {"run": RUN, "started_at": NOW.isoformat(), "state": self.state}
        answer = json.loads(json.dumps(self.use_cases()[name](Run.parse(json.loads(json.dumps(told))))))
        selected = TASKS[name]["ResultSelector"]
        taken = {field.removesuffix(".$"): answer[path.removeprefix("$.Payload.")] for field, path in selected.items()}
        assert set(taken) == set(answer), "a field that the workflow drops is a field that nobody reads"
        self.state[TASKS[name]["ResultPath"].removeprefix("$.")] = taken
        return taken


ONWARD = (*("VerifyStandby", "UpdateSecretsAndRotateAppConfig", "ReverseObjectReplication", "RecordOutcome", "Notify"),)
WHOLE = ("CheckRebuild", "CreateReplica", "ExportDivergence", "KeepOldPrimary", "InstallReplica", *ONWARD)


def test_every_task_state_has_a_use_case() -> None:
    assert set(World().use_cases()) == set(TASKS) == set(WHOLE)


def test_a_whole_rebuild_makes_a_standby_keeps_the_old_primary_and_tells_people() -> None:
    world = World()
    world.servers.rows["old"] = [row(1), row(2)]
    for name in WHOLE:
        as_before = dict(world.state)
        world.call(name)
        if name not in ("RecordOutcome", "Notify"):
            # Lambda may die between a call and its answer: again changes nothing more.
            world.state = as_before
            world.call(name)
    assert world.instances.calls == [
        ("create", REPLICA, f"arn:aws:rds:{LEADER}:123456789012:db:app-{LEADER}", INSTANCE),
        ("parameters", REPLICA, "drlab"),
        ("rename", INSTANCE, KEPT),
        ("rename", REPLICA, INSTANCE),
    ]
    assert set(world.instances.all) == {INSTANCE, KEPT}
    assert world.secrets.value["host"] == "new"
    assert world.state["outcome"]["result"] == "rebuilt"
    subject, text = world.people.heard[0]
    assert "the standby of us-west-2 is rebuilt" in subject
    assert f"Rows that only the old primary has: 2, listed in divergence/{KEPT}.jsonl. It is kept as {KEPT}" in text


def test_aurora_makes_the_standby_and_the_rebuild_leads_the_service_and_the_objects_to_it() -> None:
    """The secret named the writer endpoint, which is inactive in a secondary; nothing of the database is touched."""
    world = World()
    world.aurora_has_it_follow()
    for name in ("CheckRebuild", *ONWARD):
        world.call(name)
    assert (world.state["outcome"]["result"], world.instances.calls) == ("rebuilt", [])
    assert world.secrets.value["host"] == "new"
    assert world.state["objects"] == {"replicates": True, "changed": True, "reason": world.state["objects"]["reason"]}
    assert "at best in the snapshot rds:unplanned-global-failover-" in world.people.heard[0][1]


def test_a_standby_that_follows_is_not_rebuilt_while_a_later_step_failed() -> None:
    world = World()
    world.aurora_has_it_follow()
    for name in ("CheckRebuild", "VerifyStandby"):
        world.call(name)
    world.state["error"] = {"Error": "RunRefused", "Cause": json.dumps({"errorMessage": "S3 said no."})}
    result, text = end(world)
    assert result == "not-rebuilt"
    assert "S3 said no." in text


def end(world: World) -> tuple[str, str]:
    """The rest of a run that goes no further: the result, and what people read."""
    world.call("RecordOutcome")
    world.call("Notify")
    return world.state["outcome"]["result"], world.people.heard[0][1]


def test_a_refused_rebuild_changes_nothing_and_says_why() -> None:
    world = World()
    world.register.fenced_by("failover-e3-ffff0000")
    assert world.call("CheckRebuild")["allowed"] is False
    result, text = end(world)
    assert (result, world.instances.calls) == ("not-rebuilt", [])
    assert "failover-e3-ffff0000 holds the fence" in text


def test_an_unknown_divergence_ends_the_run_before_the_old_primary_loses_its_place() -> None:
    world = World()
    for name in ("CheckRebuild", "CreateReplica"):
        world.call(name)
    world.servers.silent.add("old")
    world.call("ExportDivergence")
    result, text = end(world)
    assert (result, set(world.instances.all)) == ("not-rebuilt", {INSTANCE, REPLICA})
    assert f"{REPLICA} is there for the next attempt" in text


def test_a_failure_after_the_exchange_says_where_the_old_primary_is() -> None:
    world = World()
    for name in WHOLE[:5]:
        world.call(name)
    world.state["error"] = {"Error": "RunRefused", "Cause": json.dumps({"errorMessage": "S3 said no."})}
    result, text = end(world)
    assert result == "not-rebuilt"
    assert "S3 said no." in text
    assert f"The old primary is kept as {KEPT}: the same rebuild, asked for again, goes on." in text


@pytest.mark.parametrize("cut_off_after", range(1, len(WHOLE) - 2))
def test_a_rebuild_that_was_cut_off_anywhere_is_completed_by_the_next(cut_off_after: int) -> None:
    world = World()
    world.servers.rows["old"] = [row(1)]
    for name in WHOLE[:cut_off_after]:
        world.call(name)
    world.state = dict(asked().state)
    for name in WHOLE:
        world.call(name)
    assert world.state["outcome"]["result"] == "rebuilt"
    assert len(world.instances.calls) == 4
    assert world.state["divergence"]["rows"] == 1
