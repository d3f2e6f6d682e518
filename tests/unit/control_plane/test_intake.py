"""Does one alarm start one run, and only where and when the leader record allows it?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from control_plane_world import NOW, PRIMARY, STANDBY, WITNESS, alarm_event, plan_with

from failover.domain.alarm_event import AlarmEvent, ReportedAlarm, accept, read_report
from failover.domain.intake import Duplicate, Start, TriggerKind, decide, execution_name, held_back
from failover.domain.leader_record import LeaderRecord, Refusal, State, genesis

RECORD = genesis(PRIMARY, NOW - timedelta(days=1))


def event() -> AlarmEvent:
    report = read_report(alarm_event())
    assert isinstance(report, ReportedAlarm)
    accepted = accept(report, plan_with(), NOW)
    assert isinstance(accepted, AlarmEvent)
    return accepted


def decided(
    record: LeaderRecord = RECORD, region: str = STANDBY, running: tuple[str, ...] = ()
) -> Start | Duplicate | Refusal:
    return decide(event(), plan_with(), region, record, running, NOW)


def test_an_alarm_about_the_open_leader_starts_a_run_in_the_standby() -> None:
    start = decided()
    assert isinstance(start, Start)
    assert start.name == execution_name(1, event().alarm.arn, event().timestamp)
    assert start.input["expected_epoch"] == 1
    assert start.input["trigger"]["kind"] == "alarm"
    assert start == decided(), "name and input are the same for the same change, so that a second start is harmless"


def test_another_change_of_the_same_alarm_gets_another_name() -> None:
    assert execution_name(1, "arn", "2026-11-23T02:59:30.000+0000") != execution_name(1, "arn", "2026-11-23T03:09:30Z")


def test_a_name_fits_what_step_functions_accepts() -> None:
    name = execution_name(10**12, "arn", "then")
    assert len(name) <= 80
    assert name.replace("-", "").isalnum()


@pytest.mark.parametrize(
    ("record", "region", "why"),
    [
        (RECORD, PRIMARY, "already leads"),
        (RECORD, WITNESS, "can lead"),
        (replace(RECORD, leader="eu-west-1"), STANDBY, "does not know"),
        (
            replace(RECORD, state=State.FENCED, run="failover-e1-ffffffff"),
            STANDBY,
            "failover-e1-ffffffff holds the fence",
        ),
        (replace(RECORD, leader=STANDBY), PRIMARY, "watches ap-southeast-2, but us-west-2 leads"),
        (replace(RECORD, hold_until=NOW + timedelta(seconds=1)), STANDBY, "no alarm starts a run before"),
        (replace(RECORD, acknowledged=False), STANDBY, "not been acknowledged"),
    ],
)
def test_a_record_that_does_not_allow_a_run_is_named_in_the_refusal(
    record: LeaderRecord, region: str, why: str
) -> None:
    refusal = decided(record, region)
    assert isinstance(refusal, Refusal)
    assert why in refusal.reason


def test_a_hold_that_has_passed_and_was_acknowledged_allows_the_next_run() -> None:
    assert isinstance(decided(replace(RECORD, hold_until=NOW, acknowledged=True)), Start)


def test_a_second_alarm_of_the_same_outage_starts_no_second_run() -> None:
    refusal = decided(running=("failover-e1-ffffffff",))
    assert isinstance(refusal, Refusal)
    assert "failover-e1-ffffffff" in refusal.reason


@pytest.mark.scenario("F01")
def test_a_late_copy_of_an_alarm_is_a_duplicate_even_after_its_run_changed_the_epoch() -> None:
    """The epoch is part of the name: after the fence, the same alarm change would get another one."""
    own = decided()
    assert isinstance(own, Start)
    fenced = replace(RECORD, epoch=2, state=State.FENCED, run=own.name)
    reopened = replace(RECORD, epoch=3, run=own.name)
    for outcome in (decided(running=(own.name,)), decided(fenced), decided(reopened)):
        assert isinstance(outcome, Duplicate)
        assert outcome.name == own.name


def test_a_person_may_start_a_run_in_the_hold_time_but_not_against_a_fence() -> None:
    after_failover = replace(RECORD, hold_until=NOW + timedelta(hours=1), acknowledged=False)
    assert held_back(after_failover, "by-hand", TriggerKind.MANUAL, NOW) is None
    assert held_back(after_failover, "by-hand", TriggerKind.ALARM, NOW) is not None
    fenced = replace(RECORD, state=State.FENCED, run="other")
    assert held_back(fenced, "by-hand", TriggerKind.MANUAL, NOW) is not None
    assert held_back(fenced, "other", TriggerKind.ALARM, NOW) is None
