"""Does a person's run begin where it may, and is a person told what to do instead where it may not?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest
from control_plane_world import NOW, PRIMARY, STANDBY, plan_with

from failover.domain.by_hand import LONGEST_REASON, asked_for, decide, said_plainly, why_not
from failover.domain.intake import Start
from failover.domain.leader_record import LeaderRecord, Refusal, State, genesis
from failover.domain.run import Mode

PLAN, RUN = plan_with(), "switchover-e1-20261123T030000Z"
RECORD = genesis(PRIMARY, NOW - timedelta(days=1))
FENCED = replace(RECORD, epoch=2, state=State.FENCED, run="failover-e1-ffff0000")


def start(
    record: LeaderRecord = RECORD, running: tuple[str, ...] = (), reason: str = "to see that it works"
) -> Start | Refusal:
    return decide(Mode.PLANNED, RUN, STANDBY, PLAN, record, running, reason, NOW)


def test_what_a_person_asks_for_starts_a_run_against_the_record_that_the_person_saw() -> None:
    local = NOW.astimezone(timezone(timedelta(hours=11)))
    trigger = {
        "kind": "manual",
        "reason": "to see that it works",
        "alarm_arn": None,
        "observed_at": "2026-11-23T03:00:00+00:00",
    }
    assert start() == Start(RUN, {"mode": "planned", "trigger": trigger, "expected_epoch": 1})
    assert asked_for("why", RECORD, local)["trigger"]["observed_at"] == "2026-11-23T03:00:00+00:00"


def test_a_disarm_and_the_time_after_a_failover_hold_no_person_back() -> None:
    held = replace(RECORD, hold_until=NOW + timedelta(hours=1), acknowledged=False)
    assert isinstance(start(held), Start)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"reason": "\n "}, "A reason of 1 to 300 characters is needed."),
        ({"running": ("failover-b", "failover-a")}, "Another run is in progress: failover-a. Wait for its end"),
        ({"record": FENCED}, "failover-e1-ffff0000 holds the fence in epoch 2"),
        ({"record": replace(RECORD, leader=STANDBY)}, f"{STANDBY} already leads, in epoch 1"),
    ],
)
def test_what_may_not_begin_is_refused_with_what_to_do(asked: dict[str, Any], told: str) -> None:
    refused = start(**asked)
    assert isinstance(refused, Refusal)
    assert told in refused.reason


def test_a_run_that_holds_the_fence_itself_goes_on() -> None:
    assert why_not(STANDBY, PLAN, FENCED, FENCED.run or "", NOW) is None
    assert isinstance(start(replace(FENCED, run=RUN)), Start)


@pytest.mark.parametrize(
    ("region", "record", "told"),
    [
        (
            "eu-west-1",
            RECORD,
            "eu-west-1 is not a Region of the plan that can lead: switch over to ap-southeast-2 or us-",
        ),
        (
            STANDBY,
            replace(RECORD, leader="eu-west-1"),
            "names eu-west-1, which the plan does not know: publish a plan with ap-southeast-2 or",
        ),
        (PRIMARY, RECORD, f"switch over to {STANDBY}."),
        (STANDBY, FENCED, "Wait for its end; `drlab status` shows it."),
    ],
)
def test_every_obstacle_says_where_the_leadership_could_go(region: str, record: LeaderRecord, told: str) -> None:
    assert told in str(why_not(region, PLAN, record, RUN, NOW))


def test_a_reason_is_told_on_one_line_and_in_bounds() -> None:
    assert said_plainly(" the disk\n is  full ") == "the disk is full"
    assert said_plainly("x") == "x"
    assert said_plainly("x" * LONGEST_REASON) == "x" * 300
    assert isinstance(said_plainly("x" * (LONGEST_REASON + 1)), Refusal)
    assert isinstance(said_plainly(""), Refusal)
