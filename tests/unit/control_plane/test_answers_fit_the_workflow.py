"""Do the use cases answer every field that the workflow takes, and does a whole run end as it should?"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aurora_world import MemoryGlobalCluster
from control_plane_world import (
    NOW,
    PRIMARY,
    RUN,
    STANDBY,
    AtOnce,
    MemoryAlarms,
    MemoryEcs,
    MemoryHeartbeats,
    MemoryJournal,
    MemoryObjects,
    MemoryOutcomes,
    MemoryParameters,
    MemoryPeople,
    MemoryRds,
    MemoryRegister,
    MemorySecrets,
    MemoryServer,
    MemoryWeb,
    VirtualClock,
    holder,
    plan_with,
    planned_run,
    run_with,
)
from restore_world import (
    PLACEMENT,
    MemoryBackups,
    MemoryKeys,
    MemoryRestored,
    MemoryRestores,
    MemoryRestoreTimes,
    backups,
)

from failover.application.bound_data_loss import BoundDataLoss
from failover.application.check_primary_health import CheckPrimaryHealth
from failover.application.check_secondary_readiness import CheckSecondaryReadiness
from failover.application.failover_global_cluster import FailoverGlobalCluster
from failover.application.fence_primary import FencePrimary
from failover.application.flip_route53 import FlipRoute53
from failover.application.notify import Notify
from failover.application.open_secondary import OpenSecondary
from failover.application.post_checks import PostChecks
from failover.application.promote_replica import PromoteReplica
from failover.application.record_outcome import RecordOutcome
from failover.application.restore_from_latest_snapshot import RestoreFromLatestSnapshot
from failover.application.scale_secondary_ecs import ScaleSecondaryECS
from failover.application.stand_down import StandDown
from failover.application.switchover_global_cluster import SwitchoverGlobalCluster
from failover.application.update_secrets_and_rotate_app_config import UpdateSecretsAndRotateAppConfig
from failover.application.vantage_points import VantagePoints
from failover.application.verify_writes import VerifyWrites
from failover.application.warm_secondary import WarmSecondary
from failover.domain.leader_record import LeaderRecord, Refusal, State
from failover.domain.run import Run
from failover.domain.signals import Health

MACHINE = json.loads((Path(__file__).parents[3] / "statemachines" / "failover.asl.json").read_text())
URLS = {region: f"https://{region}.app.example.com" for region in (PRIMARY, STANDBY)}


class World:
    """The primary is dead, the standby healthy; the service answers as the leader record says."""

    def __init__(self) -> None:
        clock = self.clock = VirtualClock()
        self.plan, self.register, self.web = plan_with(), MemoryRegister(), MemoryWeb()
        self.ecs, self.server, self.people = MemoryEcs(clock), MemoryServer(), MemoryPeople()
        self.outcomes, self.secrets, self.parameters = MemoryOutcomes(), MemorySecrets(), MemoryParameters()
        self.alarms, self.rds = MemoryAlarms(route53=Health.UNHEALTHY), MemoryRds(clock)
        self.rds.on_promoted = self._promoted
        self.backups, self.restored = MemoryBackups(backups()), MemoryRestored()
        self.heartbeats = MemoryHeartbeats(self.server.heartbeat)
        opened = self.register.change

        def change(change: Any) -> LeaderRecord | Refusal:
            outcome = opened(change)
            if self.register.record.leader == STANDBY and self.register.record.state is State.OPEN:
                clock.later(12, lambda: self._traffic_moves())
            return outcome

        self.register.change = change  # type: ignore[method-assign]

    def _promoted(self) -> None:
        self.server.recovering = False
        self.web.say(f"{URLS[STANDBY]}/dbcheck", 200, STANDBY, read_back=True, in_recovery=False, elapsed_ms=3)

    def _traffic_moves(self) -> None:
        self.web.say("https://app.example.com/healthz", 200, STANDBY)
        self.web.say("https://app.example.com/dbcheck", 200, STANDBY, read_back=True, in_recovery=False, elapsed_ms=9)

    def use_cases(self) -> dict[str, Callable[[Run], dict[str, Any]]]:
        at = (self.plan, STANDBY)
        points = VantagePoints(self.plan, self.alarms, self.web, self.heartbeats, self.clock, AtOnce())
        capacity = ScaleSecondaryECS(*at, self.ecs, self.ecs, self.clock)
        cluster = MemoryGlobalCluster(self.clock)
        new_writer = (*at, self.register, cluster, self.secrets, cluster.server, self.clock)
        return {
            "CheckPrimaryHealth": CheckPrimaryHealth(*at, self.register, points, self.clock),
            "CheckSecondaryReadiness": CheckSecondaryReadiness(
                *at, self.rds, self.backups, MemoryKeys(), self.ecs, MemoryRestoreTimes(), self.clock
            ),
            "FencePrimary": FencePrimary(*at, self.register, self.clock),
            "BoundDataLoss": BoundDataLoss(
                *at, self.rds, self.secrets, self.server, self.heartbeats, MemoryObjects(), self.clock
            ),
            "WarmSecondary": WarmSecondary(
                *at, capacity, self.rds, self.secrets, self.server, self.heartbeats, self.clock
            ),
            "ScaleSecondaryECS": capacity,
            "PromoteReplica": PromoteReplica(*at, self.register, self.rds, self.secrets, self.server, self.clock),
            "FailoverGlobalCluster": FailoverGlobalCluster(*new_writer),
            "SwitchoverGlobalCluster": SwitchoverGlobalCluster(*new_writer),
            "RestoreFromLatestSnapshot": RestoreFromLatestSnapshot(
                *at,
                self.register,
                self.rds,
                MemoryRestores(self.rds, self.clock),
                self.secrets,
                self.restored,
                self.outcomes,
                self.parameters,
                self.clock,
            ),
            "UpdateSecretsAndRotateAppConfig": UpdateSecretsAndRotateAppConfig(
                *at, self.rds, self.secrets, self.parameters
            ),
            "VerifyWrites": VerifyWrites(*at, self.web, self.clock),
            "OpenSecondary": OpenSecondary(*at, self.register, self.clock),
            "FlipRoute53": FlipRoute53(*at, self.web, self.clock),
            "PostChecks": PostChecks(*at, self.web, self.clock),
            "StandDown": StandDown(*at, self.register, self.ecs, self.web, self.clock),
            "RecordOutcome": RecordOutcome(*at, self.register, self.outcomes, MemoryJournal(), self.clock),
            "Notify": Notify(*at, self.people),
        }


def tasks(machine: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = {name: state for name, state in machine["States"].items() if state["Type"] == "Task"}
    for state in machine["States"].values():
        for branch in state.get("Branches", []):
            found.update(tasks(branch))
    return found


TASKS = tasks(MACHINE)


def call(world: World, state: dict[str, Any], name: str) -> dict[str, Any]:
    """As the workflow calls it: by JSON, taking only the selected fields."""
    run = Run.parse(json.loads(json.dumps({"run": RUN, "started_at": NOW.isoformat(), "state": state})))
    answer = json.loads(json.dumps(world.use_cases()[name](run)))
    taken = {}
    for field, path in TASKS[name]["ResultSelector"].items():
        taken[field.removesuffix(".$")] = answer[path.removeprefix("$.Payload.")]
    assert set(taken) == set(answer), "a field that the workflow drops is a field that nobody reads"
    if result_path := TASKS[name].get("ResultPath"):
        state[result_path.removeprefix("$.")] = taken
    return taken


def begun() -> dict[str, Any]:
    return dict(run_with().state)


def prepared(world: World, state: dict[str, Any]) -> None:
    for name in ("CheckPrimaryHealth", "CheckSecondaryReadiness", "FencePrimary"):
        call(world, state, name)
    state["prepared"] = {
        "loss": call(world, state, "BoundDataLoss"),
        "tasks": call(world, state, "ScaleSecondaryECS"),
    }


# Its state takes a person's answer, and what the use case itself answers is dropped: test_await_approval holds both.
TASKS.pop("AwaitApproval")


def test_every_task_state_has_a_use_case() -> None:
    assert set(World().use_cases()) == set(TASKS)


def test_a_whole_failover_hands_the_leadership_over_and_tells_people() -> None:
    world, state = World(), begun()
    prepared(world, state)
    for name in ("PromoteReplica", "UpdateSecretsAndRotateAppConfig", "VerifyWrites", "OpenSecondary"):
        call(world, state, name)
    for name in ("FlipRoute53", "PostChecks", "RecordOutcome", "Notify"):
        call(world, state, name)
    assert state["outcome"]["result"] == "failed-over"
    assert (world.register.record.leader, world.register.record.state) == (STANDBY, State.OPEN)
    assert world.rds.promotions == [1]
    assert "us-west-2 leads" in world.people.heard[0][0]


def test_a_failover_without_a_replica_makes_the_database_of_a_backup_and_tells_people_of_which() -> None:
    world, state = World(), begun()
    world.rds.instance = None
    world.parameters.values["/drlab/app/database-placement"] = PLACEMENT
    prepared(world, state)
    loss = state["prepared"]["loss"]
    assert (loss["accepted"], loss["bound_seconds"]) == (True, 160.0), (
        "from the newest moment to the last heartbeat's lease"
    )
    assert "made of the automated backups to 2026-11-23 02:57:00 UTC" in loss["reason"]
    world._promoted()
    for name in ("RestoreFromLatestSnapshot", "UpdateSecretsAndRotateAppConfig", "VerifyWrites", "OpenSecondary"):
        call(world, state, name)
    for name in ("FlipRoute53", "PostChecks", "RecordOutcome", "Notify"):
        call(world, state, name)
    assert state["outcome"]["result"] == "failed-over"
    assert world.secrets.value["host"] == "restored.example"
    assert "Its database was made of the automated backups to 2026-11-23 02:57:00 UTC." in world.people.heard[0][1]
    assert (world.register.record.leader, world.rds.promotions) == (STANDBY, [])


@pytest.mark.parametrize("promised", [None, "too much"])
def test_a_run_that_may_not_promote_leaves_everything_as_it_was(promised: str | None) -> None:
    world, state = World(), begun()
    if promised is None:
        world.heartbeats = MemoryHeartbeats(None)
    else:
        world.plan = plan_with(lambda d: d.update(rpo_target_seconds=1))
    prepared(world, state)
    assert state["prepared"]["loss"]["accepted"] is False
    for name in ("StandDown", "RecordOutcome", "Notify"):
        call(world, state, name)
    assert state["outcome"]["result"] == "stood-down"
    assert (world.register.record.leader, world.register.record.state) == (PRIMARY, State.OPEN)
    assert (world.ecs.desired, world.rds.promotions) == (1, [])


def test_every_refusal_too_answers_all_fields() -> None:
    world, state = World(), begun()
    world.alarms.states["route53"] = Health.HEALTHY
    assert call(world, state, "CheckPrimaryHealth")["down"] is False
    world.rds.instance, world.backups.found = None, backups(latest=None)
    assert call(world, state, "CheckSecondaryReadiness")["ready"] is False
    world.register.fenced_by("by-hand")
    assert call(world, state, "FencePrimary")["held"] is False
    assert call(world, state, "StandDown")["reopened"] is False


@pytest.mark.scenario("F39")
def test_a_step_that_is_repeated_at_any_point_changes_nothing_more() -> None:
    """Lambda may die between a call and its answer, and the workflow then calls again."""
    world, state = World(), begun()
    order = ["CheckPrimaryHealth", "CheckSecondaryReadiness", "FencePrimary"]
    for name in order:
        as_before = dict(state)
        call(world, state, name)
        call(world, as_before, name)
    state["prepared"] = {"loss": call(world, state, "BoundDataLoss"), "tasks": call(world, state, "ScaleSecondaryECS")}
    assert call(world, state, "ScaleSecondaryECS") == state["prepared"]["tasks"]
    for name in ("PromoteReplica", "UpdateSecretsAndRotateAppConfig", "VerifyWrites", "OpenSecondary", "FlipRoute53"):
        call(world, state, name)
        call(world, state, name)
    assert call(world, state, "PostChecks") == call(world, state, "PostChecks")
    assert call(world, state, "RecordOutcome") == call(world, state, "RecordOutcome")
    assert (world.register.record.epoch, world.rds.promotions, len(world.secrets.versions)) == (3, [1], 0)


class HealthyWorld(World):
    """The primary leads; its two tasks confirm a fence two seconds after it."""

    def __init__(self) -> None:
        super().__init__()
        self.alarms.states["route53"] = Health.HEALTHY
        self.web.say(f"{URLS[PRIMARY]}/healthz", 200, PRIMARY)
        self.server.holders = (holder("a"), holder("b"))
        change = self.register.change

        def watched(asked: Any) -> LeaderRecord | Refusal:
            outcome = change(asked)
            if self.register.record.state is State.FENCED:
                self.clock.later(2, self._confirm)
            return outcome

        self.register.change = watched  # type: ignore[method-assign]

    def _confirm(self) -> None:
        epoch = self.register.record.epoch
        self.server.holders = (holder("a", epoch, 0.1), holder("b", epoch, 0.4))


def switching() -> dict[str, Any]:
    return dict(planned_run().state)


def test_a_whole_switchover_scales_first_loses_nothing_and_tells_people() -> None:
    world, state = HealthyWorld(), switching()
    for name in ("CheckPrimaryHealth", "CheckSecondaryReadiness", "WarmSecondary"):
        call(world, state, name)
    assert (world.ecs.healthy, world.register.record.epoch) == (2, 1), "the leader serves until all is ready"
    assert call(world, state, "FencePrimary")["wait_seconds"] == 0
    began = world.clock.elapsed
    prepared_now = {"loss": call(world, state, "BoundDataLoss"), "tasks": call(world, state, "ScaleSecondaryECS")}
    assert world.clock.elapsed - began < world.plan.timing.fence_wait_seconds, "the lease is not waited out"
    state["prepared"] = prepared_now
    for name in ("PromoteReplica", "UpdateSecretsAndRotateAppConfig", "VerifyWrites", "OpenSecondary"):
        call(world, state, name)
    for name in ("FlipRoute53", "PostChecks", "RecordOutcome", "Notify"):
        call(world, state, name)
    assert (state["outcome"]["result"], world.register.record.leader) == ("failed-over", STANDBY)
    assert "after a switchover from ap-southeast-2. No acknowledged write is lost." in state["outcome"]["summary"]
    assert "switched over: us-west-2 leads" in world.people.heard[0][0]
    assert "Data loss:   none" in world.people.heard[0][1]


def test_a_switchover_whose_tasks_do_not_confirm_gives_the_old_leader_its_writes_back() -> None:
    world, state = HealthyWorld(), switching()
    for name in ("CheckPrimaryHealth", "CheckSecondaryReadiness", "WarmSecondary", "FencePrimary"):
        call(world, state, name)
    world._confirm = lambda: None  # type: ignore[method-assign]
    world.server.replayed = None
    state["prepared"] = {
        "loss": call(world, state, "BoundDataLoss"),
        "tasks": call(world, state, "ScaleSecondaryECS"),
    }
    assert state["prepared"]["loss"]["accepted"] is state["prepared"]["loss"]["askable"] is False
    for name in ("StandDown", "RecordOutcome", "Notify"):
        call(world, state, name)
    assert (world.register.record.leader, world.register.record.state) == (PRIMARY, State.OPEN)
    assert (world.ecs.desired, world.rds.promotions) == (1, [])
    assert "did not switch over" in world.people.heard[0][0]
    assert "was reopened and serves again" in state["outcome"]["reason"]


@pytest.mark.parametrize(
    ("mode", "step"), [("unplanned", "FailoverGlobalCluster"), ("planned", "SwitchoverGlobalCluster")]
)
def test_a_new_writer_of_a_global_database_answers_as_a_promotion_does(mode: str, step: str) -> None:
    world, state = World(), begun()
    prepared(world, state)
    promoted = call(world, dict(state), "PromoteReplica")
    taken = call(world, {**state, "mode": mode}, step)
    assert set(taken) == set(promoted)
    assert TASKS[step]["ResultPath"] == TASKS["PromoteReplica"]["ResultPath"]
