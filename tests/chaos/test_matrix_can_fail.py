"""Do the invariants notice a product that is broken on purpose? Each mutation takes one safety away."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from chaos import matrix, rehearsal_promises
from chaos.case import Case, Situation, from_name
from chaos.cloud import Cloud
from chaos.installation import REGIONS
from chaos.interpreter import FAILOVER, REBUILDING, REHEARSING, Workflow
from chaos.invariants import violations
from chaos.playing import case_named
from chaos.world import World
from failover.adapters.executions import StepFunctions
from failover.adapters.s3_leader_record import KEY as RECORD_KEY
from failover.application import becoming_primary, check_rehearsal, keep_old_primary, verify_writes
from failover.application.delete_rehearsed_instance import DeleteRehearsedInstance
from failover.application.ports import DatabaseInstance, StartedExecution
from failover.application.rehearse_restore import RehearseRestore
from failover.application.rehearsed_instance import RehearsedInstance
from failover.application.restore_candidates import Candidates
from failover.application.restore_from_latest_snapshot import RUN_TAG, RestoreFromLatestSnapshot
from failover.application.stand_down import StandDown
from failover.domain.plan import Plan, Timing
from failover.domain.restored_content import TABLES, Content

COPY = ("us-west-2", RECORD_KEY)
STATES = ("FencePrimary", "OpenSecondary", "StandDown")


def broken(world: World, name: str) -> str:
    """The numbers of the promises that the case broke."""
    case = from_name(name)
    history = world.play(case)
    assert world.gate.met >= set(case.faults), "the fault had its occasion"
    return "".join(dict.fromkeys(told[0] for told in violations(case, history)))


@contextmanager
def changed(change: Callable[[dict[str, Any]], object], workflow: Workflow = FAILOVER) -> Iterator[None]:
    """A workflow that has other states."""
    machine = workflow.machine
    whole = machine.definition
    defined = json.loads(whole)
    change(defined["States"])
    machine.definition = json.dumps(defined)
    yield
    machine.definition = whole


def test_without_the_wait_the_old_leader_acknowledges_what_is_lost_or_late(world: World) -> None:
    with patch.object(Timing, "fence_wait_seconds", 0):
        assert set(broken(world, "cut-off/no-fault")) & {"1", "3"}


def test_a_service_that_is_not_asked_to_write_is_opened_unproven(world: World) -> None:
    told = {"region": "us-west-2", "read_back": True, "elapsed_ms": 1}
    with patch.object(verify_writes, "database_check", lambda *_: told):
        assert "2" in broken(world, "cut-off/no-fault")


def test_a_gate_that_lets_everything_through_promotes_what_nobody_accepted(world: World) -> None:
    with changed(lambda states: states["LossIsAcceptable"].update(Default="DecideAuroraOrStandard")):
        assert broken(world, "refused/no-fault") == "", "the function refuses what the workflow let through"
        with patch.object(becoming_primary, "gate_passed", lambda _: True):
            assert "3" in broken(world, "refused/no-fault")


def test_a_death_that_is_not_tried_again_leaves_no_outcome(world: World) -> None:
    """This was the first fault that the matrix found."""

    def forget(states: dict[str, Any]) -> None:
        for retrier in states["RecordOutcome"]["Retry"]:
            retrier["ErrorEquals"].remove("Runtime.ExitError")

    with changed(forget):
        assert "4" in broken(world, "cut-off/RecordOutcome/s3.PutObject:outcome:us-west-2#1/dies-before")


def test_a_run_that_stands_down_after_the_promotion_opens_the_old_leader(world: World) -> None:
    with changed(lambda states: states["PromoteReplica"]["Catch"][0].update(Next="StandDown")):
        assert "5" in broken(world, "cut-off/PromoteReplica/secrets-manager.GetSecretValue:us-west-2#1/denied-for-ever")


def test_a_run_that_keeps_the_fence_when_it_stands_down_is_found(world: World) -> None:
    with patch.object(StandDown, "_may_have_fenced", lambda *_: False):
        assert "4" in broken(world, "refused/no-fault"), "its outcome says that it gave the fence back"


def test_a_register_that_is_content_with_one_copy_is_found(world: World) -> None:
    """A change that a minority took is none: whoever goes by it leads beside the leader that the others know."""
    with (
        patch("failover.domain.register_protocol.majority", lambda _: 1),
        patch("failover.application.leader_register.majority", lambda _: 1),
    ):
        cases = [f"cut-off/{state}/{region}/region-silent" for state in STATES for region in REGIONS]
        assert any(broken(world, name) for name in cases)


def test_a_loss_that_is_told_as_less_than_it_is_is_found(world: World) -> None:
    """This was found with the first restore that was played: the gate's figure was told of an older backup."""
    with patch.object(Candidates, "bound", lambda *_: timedelta(seconds=80)):
        assert "3" in broken(world, "restore/no-fault")


def test_a_restore_that_deletes_what_was_there_is_found(world: World) -> None:
    with patch.object(RestoreFromLatestSnapshot, "_set_aside", lambda self, _, found: self._discard(found)):
        assert "6" in broken(world, "restore/no-fault")


def test_an_old_primary_that_loses_its_name_before_its_rows_are_listed_is_found(world: World) -> None:
    with (
        changed(lambda states: states["CreateReplica"].update(Next="KeepOldPrimary"), REBUILDING),
        patch.object(keep_old_primary, "require_divergence_settled", lambda _: None),
    ):
        assert "46" in broken(world, "rebuild/no-fault")


def told(world: World, name: str) -> str:
    """What the case broke."""
    return " ".join(violations(from_name(name), world.play(from_name(name))))


def test_a_rehearsal_that_says_restored_of_what_nobody_read_is_found(world: World) -> None:
    read = Content(False, TABLES, 1, None, None)
    with patch.object(RehearseRestore, "_content", lambda *_: read):
        assert "nobody read what it had restored" in told(world, "rehearsal/no-fault")


def test_a_rehearsal_that_leaves_its_instance_and_says_nothing_is_found(world: World) -> None:
    with patch.object(DeleteRehearsedInstance, "_look", lambda *_: True):
        assert "is left, available, and nobody was told" in told(world, "rehearsal/no-fault")


def test_a_stopped_rehearsal_that_no_alarm_tells_of_is_found(world: World) -> None:
    """This was the first fault that the rehearsal's cases found."""
    name = "rehearsal/RehearseRestore/aborted-during"
    assert told(world, name) == ""
    with patch.object(rehearsal_promises, "somebody_hears", lambda *_: False):
        assert "and nobody was told" in told(world, name)


def test_a_rehearsal_whose_instance_has_production_s_name_is_found(world: World) -> None:
    """What stands between them is the tag that only a restore gives."""

    def own(plan: Plan, region: str) -> str:
        return plan.region(region).database_instance

    with patch.object(check_rehearsal, "instance_name", own):
        assert "made by no rehearsal" in _summaries(world)
        with patch.object(RehearsedInstance, "find", _as_if_tagged), changed(_ask_twice, REHEARSING):
            assert "the instance app-us-west-2 in us-west-2 was" in told(world, "rehearsal/no-fault")


def _ask_twice(states: dict[str, Any]) -> None:
    """For two hours it would go on deleting and restoring."""
    for state in ("RehearseRestore", "DeleteRehearsedInstance"):
        states[state]["Retry"][0]["MaxAttempts"] = 2


def _as_if_tagged(one: RehearsedInstance) -> DatabaseInstance | None:
    found = one.databases.describe(one.name)
    return found and replace(found, tags={RUN_TAG: "another"})


def _summaries(world: World) -> str:
    outcomes = world.play(from_name("rehearsal/no-fault")).outcomes
    return " ".join(one["summary"] for one in outcomes.values())


@pytest.mark.parametrize(
    ("touch", "what"),
    [
        (
            lambda cloud: cloud.put(*COPY, cloud.text(*COPY).replace("first", "other")),
            "leader-record.json in us-west-2",
        ),
        (lambda cloud: setattr(cloud.objects("us-west-2"), "replication", None), "the objects in us-west-2"),
        (lambda cloud: cloud.zone.rrsets.pop(), "the records of example.com."),
    ],
)
def test_a_rehearsal_that_touches_what_is_not_its_own_is_found(
    world: World, touch: Callable[[Cloud], object], what: str
) -> None:
    look = RehearseRestore._look

    def touching(*given: Any) -> Any:
        touch(world.cloud)
        return look(*given)

    with patch.object(RehearseRestore, "_look", touching):
        assert f"{what} was" in told(world, "rehearsal/no-fault")


def test_a_failover_that_waits_for_a_rehearsal_is_found(world: World) -> None:
    name = "rehearsal/RehearseRestore/another-event"
    assert told(world, name) == ""
    start = StepFunctions.start

    def held_up(runs: StepFunctions, run: str, given: Any) -> StartedExecution:
        return start(runs, run, given) if "rehearsal" in run else StartedExecution(run, new=False)

    with patch.object(StepFunctions, "start", held_up):
        assert "failed during a rehearsal" in told(world, name)


@pytest.mark.parametrize(
    "name",
    [
        "restore/RestoreFromLatestSnapshot/rds.RestoreDBInstanceToPointInTime:us-west-2#1/dies-after",
        "aurora/FailoverGlobalCluster/rds.FailoverGlobalCluster:us-west-2#1/answer-lost",
        "rebuild/KeepOldPrimary/rds.ModifyDBInstance:us-west-2#1/dies-after",
        "rehearsal-of-damage/RehearseRestore/rds.RestoreDBInstanceToPointInTime:us-west-2#1/lands-late",
    ],
)
def test_each_other_way_to_a_database_keeps_every_promise_where_it_counts(world: World, name: str) -> None:
    """One case of each, for whoever changes them: `make chaos` plays all."""
    assert broken(world, name) == ""


def test_a_name_gives_its_case_back(world: World) -> None:
    cases = matrix.all_cases(matrix.kept())
    assert len(cases) >= 2500
    assert [from_name(case.name) for case in cases] == cases
    assert case_named("drawn-7") == case_named("drawn-7")
    assert case_named("drawn-7").name == from_name(case_named("drawn-7").name).name


@pytest.mark.parametrize("name", ["", "cut-off", "nowhere/no-fault", "cut-off/Notify/explodes", "drawn-x"])
def test_a_name_of_no_case_is_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(ValueError, match=r"names no (case|fault)"):
        case_named(name)


def test_the_calls_that_cases_are_made_of_are_those_of_a_run_now(world: World) -> None:
    """`make chaos ARGS=--record-calls` keeps them anew."""
    assert matrix.recorded(world) == matrix.kept()


def test_the_same_case_is_the_same_again(world: World) -> None:
    case = Case(Situation.CUT_OFF, case_named("drawn-3").faults)
    first, again = (_shape(world, case) for _ in range(2))
    assert first == again


def _shape(world: World, case: Case) -> list[object]:
    history = world.play(case)
    calls = list(world.gate.calls)
    states = [(re.sub(r"-[0-9a-f]{8}$", "", run.run), run.status, run.entered) for run in history.ended]
    return [calls, states, [(record.epoch, record.leader, record.state) for _, record in history.chosen]]
