"""Does each way through the workflow lead where it must, on Step Functions' interpreter and on that of the laptop?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.statemachines.interpreter import REGION, FunctionError, Workflow

FORWARD = [
    "CheckPrimaryHealth",
    "LeaderAllowsRun",
    "CheckSecondaryReadiness",
    "SecondaryIsReady",
    "FencePrimary",
    "FenceIsHeld",
    "PrepareSecondary",
    "LossIsAcceptable",
    "DecideAuroraOrStandard",
    "PromoteReplica",
    "UpdateSecretsAndRotateAppConfig",
    "VerifyWrites",
    "OpenSecondary",
    "FlipRoute53",
    "PostChecks",
    "RecordOutcome",
    "Notify",
    "Outcome",
    "FailedOver",
]
BRANCHES = {"WaitOutLease", "BoundDataLoss", "ScaleSecondaryECS"}
END = ["RecordOutcome", "Notify", "Outcome"]
TRANSIENT = "TransientFailure"


def outer(entered: list[str]) -> list[str]:
    """The states outside the parallel branches, whose own order is free."""
    return [name for name in entered if name not in BRANCHES]


def test_a_failover_enters_every_state_in_order(workflow: Workflow) -> None:
    run = workflow.run()
    assert (run.status, outer(run.entered)) == ("SUCCEEDED", FORWARD)
    assert set(run.entered) >= BRANCHES


def test_every_function_is_told_the_run_and_what_came_before(workflow: Workflow) -> None:
    run = workflow.run()
    event = run.given["PromoteReplica"][0]
    assert event["run"].startswith("run-")
    assert event["started_at"]
    assert event["state"]["expected_epoch"] == 7
    assert event["state"]["prepared"] == {
        "loss": {
            "accepted": True,
            "askable": False,
            "approval_seconds": 1,
            "known": True,
            "bound_seconds": 21.5,
            "bytes_behind": 0,
            "reason": "within the RPO",
            "evidence": {"published": "0/16B3748"},
            "objects": {"waiting": 0},
        },
        "tasks": {"healthy": 2, "desired": 2, "previous": 1, "reason": "healthy"},
    }


def test_the_loss_is_bounded_only_after_the_lease_has_run_out(workflow: Workflow) -> None:
    """Before that, the old leader may still acknowledge writes that the bound would not count."""
    run = workflow.run(FencePrimary={"wait_seconds": 17})
    assert run.entered.index("WaitOutLease") < run.entered.index("BoundDataLoss")
    assert run.pauses == [17]


def test_nothing_is_promoted_before_both_branches_are_done(workflow: Workflow) -> None:
    run = workflow.run()
    assert all(run.entered.index(name) < run.entered.index("PromoteReplica") for name in BRANCHES)


def test_a_value_that_is_null_passes_through(workflow: Workflow) -> None:
    """Functions answer every field, null where there is none; the interpreter must not call it missing."""
    run = workflow.run(BoundDataLoss={"bytes_behind": None, "bound_seconds": None, "known": False})
    assert run.given["PromoteReplica"][0]["state"]["prepared"]["loss"]["bytes_behind"] is None


HEALTHY: dict[str, Any] = {"allowed": False, "verdict": "healthy"}


@pytest.mark.parametrize(
    ("choice", "answers"),
    [
        pytest.param("LeaderAllowsRun", {"CheckPrimaryHealth": HEALTHY}, marks=pytest.mark.scenario("F04", "F13")),
        ("LeaderAllowsRun", {"CheckPrimaryHealth": {"allowed": False, "verdict": "disputed"}}),
        ("LeaderAllowsRun", {"CheckPrimaryHealth": {"allowed": None, "verdict": "unknown"}}),
        pytest.param(
            "SecondaryIsReady", {"CheckSecondaryReadiness": {"ready": False}}, marks=pytest.mark.scenario("F18", "F47")
        ),
        pytest.param(
            "FenceIsHeld",
            {"FencePrimary": {"held": False, "reason": "another run holds the fence"}},
            marks=pytest.mark.scenario("F12"),
        ),
        ("LossIsAcceptable", {"BoundDataLoss": {"accepted": False, "known": False, "bound_seconds": None}}),
        ("DecideAuroraOrStandard", {"CheckSecondaryReadiness": {"db_mode": "of-no-branch"}}),
    ],
)
def test_a_gate_that_does_not_open_stands_the_run_down(
    workflow: Workflow, choice: str, answers: dict[str, Any]
) -> None:
    run = workflow.run(**answers)
    passed = FORWARD[: FORWARD.index(choice) + 1]
    assert outer(run.entered) == [*passed, "StandDown", *END, "StoodDown"]
    assert run.status == "SUCCEEDED"
    assert not run.given["PromoteReplica"]


@pytest.mark.parametrize("failing", ["CheckPrimaryHealth", "CheckSecondaryReadiness", "FencePrimary"])
def test_a_failure_before_the_one_way_step_stands_the_run_down(workflow: Workflow, failing: str) -> None:
    run = workflow.run(**{failing: FunctionError("RunRefused")})
    passed = FORWARD[: FORWARD.index(failing) + 1]
    assert outer(run.entered) == [*passed, "StandDown", *END, "StoodDown"]
    assert len(run.given[failing]) == 1, "an error that is final is not tried again"


@pytest.mark.parametrize("failing", ["BoundDataLoss", "ScaleSecondaryECS"])
def test_a_branch_that_fails_stands_the_run_down(workflow: Workflow, failing: str) -> None:
    run = workflow.run(**{failing: FunctionError("ValueError", "no such field")})
    assert outer(run.entered) == [*FORWARD[:7], "StandDown", *END, "StoodDown"]
    assert run.given["StandDown"][0]["state"]["error"]["Error"] == "ValueError"
    assert not run.given["PromoteReplica"]


@pytest.mark.scenario("F30", "F31")
def test_a_standby_whose_tasks_never_become_healthy_is_not_promoted(workflow: Workflow) -> None:
    """No capacity, or tasks that crash as they start: the old leader gets its writes back after the state's budget."""
    run = workflow.run(ScaleSecondaryECS=FunctionError("StillInProgress", "1 of the 2 targets are healthy"))
    assert len(run.given["ScaleSecondaryECS"]) == 13
    assert outer(run.entered) == [*FORWARD[:7], "StandDown", *END, "StoodDown"]
    assert not run.given["PromoteReplica"]


@pytest.mark.scenario("F22", "F28")
@pytest.mark.parametrize(
    "failing", ["PromoteReplica", "UpdateSecretsAndRotateAppConfig", "VerifyWrites", "OpenSecondary"]
)
def test_a_failure_from_the_one_way_step_on_holds_and_never_reopens_the_old_leader(
    workflow: Workflow, failing: str
) -> None:
    """The old leader's database is no longer the newest: letting it lead again would split the history."""
    run = workflow.run(**{failing: FunctionError("RunRefused")})
    assert outer(run.entered) == [*FORWARD[: FORWARD.index(failing) + 1], *END, "Held"]
    assert (run.status, run.error) == ("FAILED", "RunRefused")
    assert not run.given["StandDown"]
    assert run.given["Notify"][0]["state"]["outcome"]["result"] == "held"


@pytest.mark.scenario("F32", "F37")
@pytest.mark.parametrize("failing", ["FlipRoute53", "PostChecks"])
def test_a_failure_after_opening_is_recorded_as_unverified(workflow: Workflow, failing: str) -> None:
    run = workflow.run(**{failing: FunctionError("ValueError")})
    assert outer(run.entered) == [*FORWARD[: FORWARD.index(failing) + 1], *END, "Held"]
    assert run.given["Notify"][0]["state"]["outcome"]["result"] == "failed-over-unverified"
    assert not run.given["StandDown"]


def test_a_stand_down_that_fails_is_held(workflow: Workflow) -> None:
    """The fence may still be on: that is for a person, not for a green end."""
    run = workflow.run(CheckSecondaryReadiness={"ready": False}, StandDown=FunctionError("NoMajority"))
    assert outer(run.entered)[-5:] == ["StandDown", *END, "Held"]
    assert (run.status, run.error) == ("FAILED", "NoMajority")


def test_people_are_told_even_when_the_outcome_cannot_be_recorded(workflow: Workflow) -> None:
    run = workflow.run(RecordOutcome=FunctionError("AccessDenied"))
    assert outer(run.entered)[-4:] == [*END, "Held"]
    assert len(run.given["Notify"]) == 1
    assert (run.status, run.error) == ("FAILED", "AccessDenied")


@pytest.mark.scenario("F38")
@pytest.mark.parametrize(
    ("answers", "end", "error"),
    [
        ({}, "FailedOver", None),
        ({"CheckPrimaryHealth": {"allowed": False}}, "StoodDown", None),
        ({"VerifyWrites": FunctionError("RunRefused")}, "Held", "RunRefused"),
    ],
)
def test_failing_to_notify_changes_no_outcome(
    workflow: Workflow, answers: dict[str, Any], end: str, error: str | None
) -> None:
    run = workflow.run(**answers, Notify=FunctionError("EndpointUnreachable"))
    assert run.entered[-3:] == ["Notify", "Outcome", end]
    assert run.error == error, "the cause that is shown stays the run's own"


@pytest.mark.parametrize("polled", ["ScaleSecondaryECS", "PromoteReplica", "FlipRoute53"])
def test_a_step_still_in_progress_is_asked_again(workflow: Workflow, polled: str) -> None:
    answers = iter([FunctionError("StillInProgress"), FunctionError("StillInProgress"), {}])
    run = workflow.run(**{polled: lambda _: next(answers)})
    assert outer(run.entered) == FORWARD
    assert len(run.given[polled]) == 3


@pytest.mark.scenario("F20", "F24")
def test_a_promotion_is_given_its_minutes_but_not_for_ever(workflow: Workflow) -> None:
    """AWS says several minutes or longer: 31 looks of 45 seconds are about 25 minutes."""
    run = workflow.run(PromoteReplica=FunctionError("StillInProgress"))
    assert len(run.given["PromoteReplica"]) == 31
    assert (run.status, run.error) == ("FAILED", "StillInProgress")
    assert run.entered[-1] == "Held"


@pytest.mark.parametrize("error", [TRANSIENT, "Lambda.Unknown", "Runtime.ExitError", "Sandbox.Timedout"])
def test_a_transient_failure_is_tried_again_with_growing_pauses_up_to_a_limit(workflow: Workflow, error: str) -> None:
    run = workflow.run(OpenSecondary=FunctionError(error))
    assert len(run.given["OpenSecondary"]) == 9
    assert len([pause for pause in run.pauses if pause <= 15]) == 8, "none of the pauses is above MaxDelaySeconds"
    assert run.entered[-1] == "Held"


@pytest.mark.parametrize("asleep", ["BoundDataLoss", "PromoteReplica"])
def test_a_function_that_nobody_called_for_weeks_is_waited_for(workflow: Workflow, asleep: str) -> None:
    """And what it then raises of its own is retried as ever: the tries of a waking function are counted apart."""
    answers = iter([*[FunctionError("Lambda.ResourceNotReadyException")] * 20, *[FunctionError(TRANSIENT)] * 3, {}])
    run = workflow.run(**{asleep: lambda _: next(answers)})
    assert run.status == "SUCCEEDED"
    assert len(run.given[asleep]) == 24


def test_asking_again_does_not_use_up_the_tries_for_transient_failures(workflow: Workflow) -> None:
    answers = iter([*[FunctionError("StillInProgress")] * 12, *[FunctionError(TRANSIENT)] * 3, {}])
    run = workflow.run(ScaleSecondaryECS=lambda _: next(answers))
    assert run.status == "SUCCEEDED"


def test_the_new_leader_is_the_region_that_ran_the_workflow(workflow: Workflow) -> None:
    run = workflow.run()
    assert run.output is not None
    assert run.output["opened"]["leader"] == REGION


OVER_THE_RPO = {"accepted": False, "askable": True, "bound_seconds": 400.0, "reason": "more than the RPO"}


def a_person(workflow: Workflow, accepts: bool) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Answers the run that waits, as SendTaskSuccess brings it."""

    def answer(event: dict[str, Any]) -> dict[str, Any]:
        said = {"accepted": accepts, "by": "kim", "reason": "kim answered", "bound_seconds": "400.0"}
        workflow.send(event["task_token"], said)
        return {}

    return answer


def test_a_loss_that_a_person_accepts_is_promoted(workflow: Workflow) -> None:
    run = workflow.run(BoundDataLoss=OVER_THE_RPO, AwaitApproval=a_person(workflow, accepts=True))
    gate = FORWARD.index("LossIsAcceptable") + 1
    assert outer(run.entered) == [*FORWARD[:gate], "AwaitApproval", "LossIsApproved", *FORWARD[gate:]]
    assert run.given["PromoteReplica"][0]["state"]["approval"]["by"] == "kim"


def test_a_loss_that_a_person_refuses_stands_the_run_down(workflow: Workflow) -> None:
    run = workflow.run(BoundDataLoss=OVER_THE_RPO, AwaitApproval=a_person(workflow, accepts=False))
    assert "LossIsApproved" in run.entered
    assert run.entered[-1] == "StoodDown"
    assert not run.given["PromoteReplica"]


@pytest.mark.scenario("F48")
def test_a_loss_that_nobody_answers_stands_the_run_down(workflow: Workflow) -> None:
    run = workflow.run(BoundDataLoss=OVER_THE_RPO, AwaitApproval={})
    assert run.entered[-1] == "StoodDown"
    assert run.given["StandDown"][0]["state"]["error"]["Error"] == "States.Timeout"
    assert len(run.given["AwaitApproval"]) == 1, "a person is not asked again because time is up"
    assert not run.given["PromoteReplica"]


@pytest.mark.scenario("F48")
def test_a_loss_that_nobody_may_accept_is_asked_of_nobody(workflow: Workflow) -> None:
    run = workflow.run(BoundDataLoss={"accepted": False, "askable": False, "known": False, "bound_seconds": None})
    assert not run.given["AwaitApproval"]
    assert run.entered[-1] == "StoodDown"


PLANNED: dict[str, Any] = {
    "CheckPrimaryHealth": {"mode": "planned", "down": False, "verdict": "healthy"},
    "FencePrimary": {"wait_seconds": 0},
    "BoundDataLoss": {"bound_seconds": 0.0, "bytes_behind": 0},
}
SWITCH = [*FORWARD[:4], "WarmSecondary", *FORWARD[4:]]
NOT_SHOWN = {"accepted": False, "askable": False, "known": False, "bound_seconds": None, "reason": "not shown"}


def test_a_switchover_warms_the_standby_before_its_fence_and_waits_for_no_clock(workflow: Workflow) -> None:
    run = workflow.run("planned", **PLANNED)
    assert (run.status, outer(run.entered)) == ("SUCCEEDED", SWITCH)
    assert set(run.entered) >= BRANCHES
    assert run.pauses == [0]
    assert run.given["FencePrimary"][0]["state"]["mode"] == "planned"
    assert run.given["FencePrimary"][0]["state"]["warmed"]["healthy"] == 2


def test_a_failover_is_never_warmed(workflow: Workflow) -> None:
    run = workflow.run()
    assert not run.given["WarmSecondary"]


@pytest.mark.parametrize(
    ("choice", "answers"),
    [
        ("LeaderAllowsRun", {"CheckPrimaryHealth": {"allowed": False, "mode": "planned", "verdict": "down"}}),
        ("SecondaryIsReady", {"CheckSecondaryReadiness": {"ready": False}}),
        ("FenceIsHeld", {"FencePrimary": {"held": False, "reason": "another run holds the fence"}}),
        ("LossIsAcceptable", {"BoundDataLoss": NOT_SHOWN}),
        ("DecideAuroraOrStandard", {"CheckSecondaryReadiness": {"db_mode": "of-no-branch"}}),
    ],
)
def test_a_gate_that_does_not_open_stands_a_switchover_down(
    workflow: Workflow, choice: str, answers: dict[str, Any]
) -> None:
    run = workflow.run("planned", **{**PLANNED, **answers})
    assert outer(run.entered) == [*SWITCH[: SWITCH.index(choice) + 1], "StandDown", *END, "StoodDown"]
    assert not run.given["PromoteReplica"]
    assert not run.given["AwaitApproval"], "nobody is asked to accept a loss that a switchover must not have"


@pytest.mark.parametrize("failing", ["CheckPrimaryHealth", "CheckSecondaryReadiness", "WarmSecondary", "FencePrimary"])
def test_a_switchover_that_fails_before_the_one_way_step_stands_down(workflow: Workflow, failing: str) -> None:
    run = workflow.run("planned", **{**PLANNED, failing: FunctionError("RunRefused")})
    assert outer(run.entered) == [*SWITCH[: SWITCH.index(failing) + 1], "StandDown", *END, "StoodDown"]
    assert run.given["StandDown"][0]["state"]["error"]["Error"] == "RunRefused"


@pytest.mark.parametrize("failing", ["BoundDataLoss", "ScaleSecondaryECS"])
def test_a_switchover_whose_branch_fails_reopens_the_old_leader(workflow: Workflow, failing: str) -> None:
    run = workflow.run("planned", **{**PLANNED, failing: FunctionError("ValueError", "no such field")})
    assert outer(run.entered) == [*SWITCH[: SWITCH.index("PrepareSecondary") + 1], "StandDown", *END, "StoodDown"]
    assert not run.given["PromoteReplica"]


def test_a_standby_that_never_warms_up_stops_nobody(workflow: Workflow) -> None:
    run = workflow.run("planned", **{**PLANNED, "WarmSecondary": FunctionError("StillInProgress")})
    assert len(run.given["WarmSecondary"]) == 13
    assert not run.given["FencePrimary"]
    assert run.entered[-1] == "StoodDown"


@pytest.mark.parametrize(
    "failing", ["PromoteReplica", "UpdateSecretsAndRotateAppConfig", "VerifyWrites", "OpenSecondary"]
)
def test_a_switchover_that_fails_from_the_one_way_step_on_holds(workflow: Workflow, failing: str) -> None:
    run = workflow.run("planned", **{**PLANNED, failing: FunctionError("RunRefused")})
    assert outer(run.entered) == [*SWITCH[: SWITCH.index(failing) + 1], *END, "Held"]
    assert not run.given["StandDown"]


RESTORING: dict[str, Any] = {"path": "restore", "points": [{"kind": "snapshot", "source": "s"}]}


@pytest.mark.scenario("F18")
def test_for_want_of_a_replica_the_database_is_restored_and_nothing_promoted(workflow: Workflow) -> None:
    run = workflow.run(CheckSecondaryReadiness=RESTORING)
    assert outer(run.entered) == [name.replace("PromoteReplica", "RestoreFromLatestSnapshot") for name in FORWARD]
    assert run.given["RestoreFromLatestSnapshot"][0]["state"]["readiness"]["points"] == RESTORING["points"]
    assert not run.given["PromoteReplica"]


@pytest.mark.scenario("F18", "F48")
@pytest.mark.parametrize("accepts", [True, False])
def test_a_backup_is_restored_only_once_a_person_has_accepted_what_it_lacks(workflow: Workflow, accepts: bool) -> None:
    """Before that nothing is changed but the record and the number of tasks, which StandDown undoes."""
    run = workflow.run(
        CheckSecondaryReadiness=RESTORING, BoundDataLoss=OVER_THE_RPO, AwaitApproval=a_person(workflow, accepts)
    )
    passed = outer(run.entered)[: outer(run.entered).index("LossIsApproved") + 1]
    gate = FORWARD.index("LossIsAcceptable") + 1
    assert passed == [*FORWARD[:gate], "AwaitApproval", "LossIsApproved"]
    assert len(run.given["RestoreFromLatestSnapshot"]) == (1 if accepts else 0)
    assert not run.given["PromoteReplica"]
    assert run.entered[-1] == ("FailedOver" if accepts else "StoodDown")


@pytest.mark.scenario("F47")
def test_a_restore_that_fails_gives_the_old_leader_its_writes_back(workflow: Workflow) -> None:
    """Unlike a promotion it has changed nothing that the old leader, should it come back, depends on."""
    run = workflow.run(CheckSecondaryReadiness=RESTORING, RestoreFromLatestSnapshot=FunctionError("RunRefused"))
    assert outer(run.entered)[-5:] == ["StandDown", *END, "StoodDown"]


@pytest.mark.parametrize("failing", ["UpdateSecretsAndRotateAppConfig", "VerifyWrites", "OpenSecondary"])
def test_after_a_restore_was_proven_the_old_leader_stays_fenced(workflow: Workflow, failing: str) -> None:
    run = workflow.run(CheckSecondaryReadiness=RESTORING, **{failing: FunctionError("RunRefused")})
    assert "StandDown" not in run.entered
    assert run.entered[-1] == "Held"


AURORA: dict[str, Any] = {"db_mode": "aurora-global"}


def test_a_global_database_fails_over_where_its_writer_is_given_up(workflow: Workflow) -> None:
    run = workflow.run(CheckSecondaryReadiness=AURORA)
    assert outer(run.entered) == [name.replace("PromoteReplica", "FailoverGlobalCluster") for name in FORWARD]
    assert not run.given["PromoteReplica"]


def test_a_global_database_switches_over_where_its_writer_is_healthy(workflow: Workflow) -> None:
    run = workflow.run("planned", **{**PLANNED, "CheckSecondaryReadiness": AURORA})
    assert outer(run.entered) == [name.replace("PromoteReplica", "SwitchoverGlobalCluster") for name in SWITCH]
    assert not run.given["FailoverGlobalCluster"], "an operation that allows data loss is never part of a switchover"


@pytest.mark.parametrize(
    ("mode", "step"), [("unplanned", "FailoverGlobalCluster"), ("planned", "SwitchoverGlobalCluster")]
)
def test_a_new_writer_that_fails_to_show_holds_the_run(workflow: Workflow, mode: str, step: str) -> None:
    """Whether AWS has begun with it is not known, so the old leader stays fenced."""
    before = PLANNED if mode == "planned" else {}
    answers = {**before, "CheckSecondaryReadiness": AURORA, step: FunctionError("StillInProgress")}
    run = workflow.run(mode, **answers)
    assert len(run.given[step]) == 31
    assert "StandDown" not in run.entered
    assert run.entered[-1] == "Held"
