"""Is each end of a run told by exactly what the run left behind, word for word?

People act on these sentences at night. Whatever a state leaves is in one of the cases, so that none of it is read from
the wrong place.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from control_plane_world import NOW, PRIMARY, RUN, STANDBY, planned_run, run_with

from failover.application.errors import SomebodyElses
from failover.domain import outcomes
from failover.domain.leader_record import LeaderRecord, State, genesis
from failover.domain.outcome import Outcome, Result, derive, error_sentence, one_sentence, recorded, why_not_going_on

HEALTH = {"allowed": True, "leader": PRIMARY, "epoch": 1}
READY = {"ready": True, "tasks": 1, "db_mode": "rds-postgres", "path": "promote"}
FENCE = {"held": True, "leader": PRIMARY, "epoch": 2}
LOSS = {"accepted": True, "known": True, "bound_seconds": 21.2, "reason": "Within the RPO."}
OVER = {"accepted": False, "askable": True, "known": True, "bound_seconds": 400.0, "reason": "400.0 s is too much."}
OPENED = {"leader": STANDBY, "epoch": 3}
CHECKS = {"read_back": True}
BEFORE: dict[str, Any] = {"health": HEALTH, "readiness": READY, "fence": FENCE, "prepared": {"loss": LOSS}}
ERROR = {"Error": "RunRefused", "Cause": json.dumps({"errorMessage": "It broke."})}
TIMEOUT = {"Error": "States.Timeout", "Cause": ""}
LOST = "At most 21.2 s of acknowledged writes could be lost."
UNUSABLE = [{"point": "the automated backups", "reason": "damaged"}]
RESTORED = {"restored_from": "the snapshot s", "bound_seconds": 90.0, "unusable": UNUSABLE}
FIRST = genesis(PRIMARY, NOW)

ENDS = {
    "failed over": (
        {**BEFORE, "opened": OPENED, "checks": CHECKS},
        Result.FAILED_OVER,
        "us-west-2 serves, and a write through the public name was read back.",
        f"app: us-west-2 leads since epoch 3, after a failover from ap-southeast-2. {LOST}",
        (STANDBY, 3),
    ),
    "failed over to a restored database": (
        {**BEFORE, "restored": RESTORED, "opened": OPENED, "checks": CHECKS},
        Result.FAILED_OVER,
        "us-west-2 serves, and a write through the public name was read back.",
        "app: us-west-2 leads since epoch 3, after a failover from ap-southeast-2. Its database was made of the snapshot s. "
        "the automated backups was not used: damaged. At most 90.0 s of acknowledged writes could be lost.",
        (STANDBY, 3),
    ),
    "unverified": (
        {**BEFORE, "opened": OPENED, "error": ERROR},
        Result.UNVERIFIED,
        "It broke.",
        "app: us-west-2 leads since epoch 3, after a failover from ap-southeast-2, but its traffic is not proven. "
        f"It broke. {LOST}",
        (STANDBY, 3),
    ),
    "held after the promotion": (
        {**BEFORE, "error": ERROR},
        Result.HELD,
        "It broke.",
        "app: the run failed after the promotion of the replica was begun; ap-southeast-2 stays fenced and nobody leads. "
        f"It broke. {LOST}",
        (None, 2),
    ),
    "held after a restore": (
        {**BEFORE, "readiness": {**READY, "path": "restore"}, "error": ERROR},
        Result.HELD,
        "It broke.",
        "app: the run failed after a database was restored; ap-southeast-2 stays fenced and nobody leads. "
        f"It broke. {LOST}",
        (None, 2),
    ),
    "held while it stood down, with a fence": (
        {**BEFORE, "prepared": {"loss": {**LOSS, "accepted": False}}, "error": ERROR},
        Result.HELD,
        "It broke.",
        "app: the run failed while it stood down; ap-southeast-2 may still be fenced, and then nobody leads. "
        f"It broke. {LOST}",
        (None, 2),
    ),
    "held while it stood down, before it knew of a fence": (
        {"health": HEALTH, "readiness": READY, "error": ERROR},
        Result.HELD,
        "It broke.",
        "app: the run failed while it stood down; ap-southeast-2 may still be fenced, and then nobody leads. It broke.",
        (None, None),
    ),
    "held, by what the fence alone tells": (
        {"fence": FENCE, "prepared": {"capacity": {}}, "error": ERROR},
        Result.HELD,
        "It broke.",
        "app: the run failed while it stood down; ap-southeast-2 may still be fenced, and then nobody leads. It broke.",
        (None, 2),
    ),
    "held, and nothing is known": (
        {"error": ERROR},
        Result.HELD,
        "It broke.",
        "app: the run failed while it stood down; the leader may still be fenced, and then nobody leads. It broke.",
        (None, None),
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_an_end_is_told_by_what_the_run_left(end: str) -> None:
    state, result, reason, summary, (leader, epoch) = ENDS[end]
    assert outcomes.derive(run_with(**state), "app") == Outcome(result, reason, summary, leader, epoch)


@pytest.mark.parametrize(
    ("loss", "told"),
    [
        ({"known": True, "bound_seconds": 0.0}, "At most 0.0 s of acknowledged writes could be lost."),
        ({"known": True, "bound_seconds": None}, "The loss bound is unknown."),
        ({"known": False, "bound_seconds": 3.0}, "The loss bound is unknown."),
    ],
)
def test_a_failover_never_claims_that_nothing_is_lost(loss: dict[str, Any], told: str) -> None:
    run = run_with(**{**BEFORE, "prepared": {"loss": loss}}, opened=OPENED, checks=CHECKS)
    assert derive(run, "app").summary.endswith(told)


def test_a_switchover_that_gave_a_figure_tells_the_figure() -> None:
    run = planned_run(**BEFORE, opened=OPENED, checks=CHECKS)
    assert derive(run, "app").summary.endswith(f"after a switchover from ap-southeast-2. {LOST}")


def left(record: LeaderRecord, **state: Any) -> Outcome:
    return outcomes.derive(run_with(**state, error=ERROR), "app", record)


def test_a_fence_that_is_over_leaves_the_leader_that_the_record_names() -> None:
    reopened = replace(FIRST, epoch=3, run="another")
    told = "app: the run lost its fence and ap-southeast-2 leads, open in epoch 3. It broke."
    assert left(reopened, **BEFORE) == Outcome(Result.STOOD_DOWN, "It broke.", told, PRIMARY, 3)
    by_health = {**BEFORE, "fence": {"held": True, "epoch": 2}}
    assert left(reopened, **by_health).result is Result.STOOD_DOWN
    by_fence = {**BEFORE, "health": {"allowed": True}}
    assert left(reopened, **by_fence).result is Result.STOOD_DOWN


def test_a_change_of_its_own_that_took_effect_unheard_leaves_the_new_leader() -> None:
    opened = replace(FIRST, epoch=2, leader=STANDBY, run=RUN)
    told = f"app: us-west-2 leads since epoch 2, but its traffic is not proven. It broke. {LOST}"
    assert left(opened, **BEFORE) == Outcome(Result.UNVERIFIED, "It broke.", told, STANDBY, 2)
    unbounded = {name: BEFORE[name] for name in ("health", "readiness", "fence")}
    assert left(opened, **unbounded).summary.endswith("It broke.")


@pytest.mark.parametrize(
    "record",
    [
        replace(FIRST, epoch=2, run="another"),
        replace(FIRST, epoch=3, state=State.FENCED, run=RUN),
        replace(FIRST, epoch=3, state=State.FENCED, run="another"),
    ],
)
def test_a_fence_that_is_not_surely_over_is_held(record: LeaderRecord) -> None:
    """An answer that is under way might still fence the epoch of the fence."""
    assert left(record, **BEFORE).result is Result.HELD


def test_what_was_recorded_is_read_back_whole() -> None:
    stored = {"result": "held", "reason": "It broke", "summary": "app: held.", "leader": PRIMARY, "epoch": 2}
    assert recorded(run_with(outcome=stored)) == Outcome(Result.HELD, "It broke.", "app: held.", PRIMARY, 2)
    assert recorded(run_with(outcome={**stored, "result": "fine"})) is None
    assert recorded(run_with()) is None


REFUSED = {"accepted": False, "by": "kim", "reason": "kim does not accept it."}
APPROVED = {"accepted": True, "bound_seconds": "400.0", "reason": "kim accepts it."}


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ({"error": TIMEOUT, "prepared": {"loss": OVER}}, "Nobody accepted the loss in time. 400.0 s is too much."),
        ({"error": TIMEOUT, "prepared": {"loss": OVER}, "approval": APPROVED}, "States.Timeout was raised."),
        ({"error": TIMEOUT, "prepared": {"loss": {**OVER, "askable": False}}}, "States.Timeout was raised."),
        ({"error": TIMEOUT, "prepared": {"loss": {"accepted": False}}}, "States.Timeout was raised."),
        ({"error": ERROR, "prepared": {"loss": OVER}}, "It broke."),
        ({"prepared": {"loss": OVER}, "approval": REFUSED}, "kim does not accept it."),
        (
            {**BEFORE, "prepared": {"loss": OVER}, "approval": APPROVED},
            "The database's kind rds-postgres cannot be promoted by this workflow.",
        ),
        ({"prepared": {"loss": OVER}}, "400.0 s is too much."),
    ],
)
def test_why_a_run_does_not_go_on_is_its_newest_refusal(state: dict[str, Any], why: str) -> None:
    assert why_not_going_on(run_with(**state)) == why


def test_a_sentence_keeps_its_mark_and_its_length() -> None:
    assert [one_sentence(text) for text in ("Why?", "No!", "Yes", "Done.")] == ["Why?", "No!", "Yes.", "Done."]
    assert one_sentence("x" * 499 + ".") == "x" * 499 + "."
    assert one_sentence("x" * 501) == "x" * 497 + "..."
    assert error_sentence({"Error": "X", "Cause": 7}) == "X was raised."


LED = replace(FIRST, epoch=3)
LEADS = {"allowed": True, "leader": PRIMARY, "epoch": 3, "replica": "app-rebuilt-3"}
FOUND = {"exported": True, "rows": 2, "key": "divergence/app.jsonl"}
UNKNOWN = {"exported": False, "rows": None, "key": None, "reason": "It does not tell its rows"}
KEPT = {"kept_as": "app-diverged-3"}
STANDS = {"follows": True, "region": STANDBY, "reason": "It streams"}
LISTED = "Rows that only the old primary has: 2, listed in divergence/app.jsonl."
AS_BEFORE = "app: the standby was not rebuilt, and ap-southeast-2 leads as before."
IS_KEPT = "It is kept as app-diverged-3 until a person lets it go."

REBUILDS = {
    "rebuilt": (
        {"check": LEADS, "divergence": FOUND, "kept": KEPT, "standby": STANDS},
        Result.REBUILT,
        "It streams.",
        f"app: us-west-2 is a standby of ap-southeast-2 again. {LISTED} {IS_KEPT}",
    ),
    "rebuilt before anything was kept": (
        {"check": LEADS, "divergence": FOUND, "standby": STANDS},
        Result.REBUILT,
        "It streams.",
        f"app: us-west-2 is a standby of ap-southeast-2 again. {LISTED}",
    ),
    "rebuilt without a count": (
        {"check": LEADS, "divergence": {**FOUND, "rows": None}, "kept": KEPT, "standby": STANDS},
        Result.REBUILT,
        "It streams.",
        f"app: us-west-2 is a standby of ap-southeast-2 again. Which rows only the old primary has is unknown. {IS_KEPT}",
    ),
    "rebuilt without a list": (
        {"check": LEADS, "divergence": {**FOUND, "key": None}, "standby": STANDS},
        Result.REBUILT,
        "It streams.",
        "app: us-west-2 is a standby of ap-southeast-2 again. Which rows only the old primary has is unknown.",
    ),
    "rebuilt without a look": (
        {"check": LEADS, "standby": STANDS},
        Result.REBUILT,
        "It streams.",
        "app: us-west-2 is a standby of ap-southeast-2 again. What only the old primary has was not looked at.",
    ),
    "not allowed": (
        {"check": {**LEADS, "allowed": False, "reason": "It leads itself"}},
        Result.NOT_REBUILT,
        "It leads itself.",
        f"{AS_BEFORE} It leads itself.",
    ),
    "not settled": (
        {"check": LEADS, "replica": {"instance": "app-rebuilt-3"}, "divergence": UNKNOWN},
        Result.NOT_REBUILT,
        "It does not tell its rows.",
        f"{AS_BEFORE} It does not tell its rows. The old primary is as it was; app-rebuilt-3 is there for the next attempt.",
    ),
    "not seen to follow": (
        {"check": LEADS, "divergence": FOUND, "kept": KEPT},
        Result.NOT_REBUILT,
        "The run ended before the standby was seen to follow.",
        f"{AS_BEFORE} The run ended before the standby was seen to follow. "
        "The old primary is kept as app-diverged-3: the same rebuild, asked for again, goes on.",
    ),
    "failed": ({"check": LEADS, "error": ERROR}, Result.NOT_REBUILT, "It broke.", f"{AS_BEFORE} It broke."),
}


@pytest.mark.parametrize("end", REBUILDS)
def test_the_end_of_a_rebuild_is_told_by_what_the_run_left(end: str) -> None:
    state, result, reason, summary = REBUILDS[end]
    run = run_with("manual", 3, "rebuild-e3", rebuild={}, **state)
    assert outcomes.derive(run, "app", LED) == Outcome(result, reason, summary, PRIMARY, 3)


def test_a_rebuild_that_failed_before_it_saw_a_leader_names_none() -> None:
    found = outcomes.derive(run_with("manual", 3, "rebuild-e3", rebuild={}, error=ERROR), "app")
    told = "app: the standby was not rebuilt, and who leads was not seen. It broke."
    assert found == Outcome(Result.NOT_REBUILT, "It broke.", told, None, None)


@pytest.mark.parametrize("kind", ["rebuild", "rehearsal"])
@pytest.mark.parametrize(
    ("record", "told", "leader", "epoch"),
    [
        (None, f"{PRIMARY} led when it began", None, None),
        (replace(LED, epoch=4), f"{PRIMARY} leads as before", PRIMARY, 4),
        (replace(LED, epoch=5, leader=STANDBY), f"{STANDBY} leads since epoch 5", STANDBY, 5),
        (
            replace(LED, epoch=4, state=State.FENCED, run="failover-e3"),
            f"{PRIMARY} is fenced by failover-e3, so that nobody leads",
            None,
            4,
        ),
    ],
)
def test_who_leads_at_the_end_is_what_the_record_says_and_not_what_the_run_saw_first(
    kind: str, record: LeaderRecord | None, told: str, leader: str | None, epoch: int | None
) -> None:
    """This was found with the first rehearsal that a failover overtook: it told people that the old leader led as before."""
    run = run_with("manual", 3, f"{kind}-e3", **{kind: {}}, check=LEADS, error=ERROR)
    found = outcomes.derive(run, "app", record)
    assert f"and {told}. It broke." in found.summary
    assert (found.leader, found.epoch) == (leader, epoch)


WITHOUT = "app: the rehearsal of a restore did not pass, and"
MADE = {"allowed": True, "instance": "app-rehearsal"}
REHEARSALS = {
    "passed": (
        {"check": LEADS, "kept": {"passed": True, "reason": "It passed"}, "error": ERROR},
        Outcome(Result.REHEARSED, "It passed.", "app: a restore was rehearsed. It passed.", PRIMARY, 3),
    ),
    "did not pass": (
        {"check": LEADS, "kept": {"passed": False, "reason": "It is damaged"}, "error": ERROR},
        Outcome(
            Result.NOT_REHEARSED, "It is damaged.", f"{WITHOUT} {PRIMARY} leads as before. It is damaged.", PRIMARY, 3
        ),
    ),
    "broke": (
        {"check": LEADS, "error": ERROR},
        Outcome(Result.NOT_REHEARSED, "It broke.", f"{WITHOUT} {PRIMARY} leads as before. It broke.", PRIMARY, 3),
    ),
    "broke, and what it had made could not be deleted": (
        {"check": {**LEADS, **MADE}, "error": ERROR, "clear_error": {"Error": "States.Timeout"}},
        Outcome(
            Result.NOT_REHEARSED,
            "It broke. app-rehearsal is left, delete it: States.Timeout was raised.",
            f"{WITHOUT} {PRIMARY} leads as before. It broke. app-rehearsal is left, delete it: States.Timeout was raised.",
            PRIMARY,
            3,
        ),
    ),
    "broke, and somebody else's has its name": (
        {"check": {**LEADS, **MADE}, "error": ERROR, "clear_error": {"Error": SomebodyElses.__name__}},
        Outcome(
            Result.NOT_REHEARSED,
            "It broke. app-rehearsal is not the rehearsal's, and was left as it is.",
            f"{WITHOUT} {PRIMARY} leads as before. It broke. app-rehearsal is not the rehearsal's, and was left as it is.",
            PRIMARY,
            3,
        ),
    ),
    "broke, and what it had made is gone": (
        {"check": {**LEADS, **MADE}, "error": ERROR, "cleared": {"gone": True}},
        Outcome(Result.NOT_REHEARSED, "It broke.", f"{WITHOUT} {PRIMARY} leads as before. It broke.", PRIMARY, 3),
    ),
    "not allowed": (
        {"check": {"allowed": False, "reason": "A run is in progress"}},
        Outcome(
            Result.NOT_REHEARSED,
            "A run is in progress.",
            f"{WITHOUT} {PRIMARY} leads as before. A run is in progress.",
            PRIMARY,
            3,
        ),
    ),
}


@pytest.mark.parametrize("end", REHEARSALS)
def test_the_end_of_a_rehearsal_is_told_by_what_the_run_left(end: str) -> None:
    state, outcome = REHEARSALS[end]
    assert outcomes.derive(run_with("manual", 3, "rehearsal-e3", rehearsal={}, **state), "app", LED) == outcome
