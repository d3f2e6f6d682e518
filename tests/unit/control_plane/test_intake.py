"""Does one alarm start one run, and only where and when the leader record allows it?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone
from hashlib import sha256

import pytest
from control_plane_world import ALARM_ARN, NOW, PRIMARY, STANDBY, WITNESS, alarm_event, plan_with

from failover.domain.alarm_event import AlarmEvent, ReportedAlarm, accept, read_report
from failover.domain.intake import Duplicate, Start, TriggerKind, decide, execution_name, held_back
from failover.domain.leader_record import Disarmed, LeaderRecord, Refusal, State, genesis

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
    assert start.input == {
        "trigger": {
            "kind": "alarm",
            "reason": "Threshold Crossed",
            "alarm_arn": ALARM_ARN,
            "observed_at": "2026-11-23T02:59:30+00:00",
        },
        "expected_epoch": 1,
    }
    assert start == decided(), "name and input are the same for the same change, so that a second start is harmless"


def test_another_change_of_the_same_alarm_gets_another_name() -> None:
    assert execution_name(1, "arn", "2026-11-23T02:59:30.000+0000") != execution_name(1, "arn", "2026-11-23T03:09:30Z")


def test_a_name_fits_what_step_functions_accepts() -> None:
    """It is the key of everything that the run leaves behind: another release must give the same change the same name."""
    assert execution_name(10**12, "arn", "then") == "failover-e1000000000000-" + sha256(b"arnthen").hexdigest()[:8]


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


def test_why_the_record_holds_a_run_back_is_told_in_utc_wherever_it_was_written() -> None:
    there = timezone(timedelta(hours=11))
    later = (NOW + timedelta(hours=1)).astimezone(there)
    for record, why in (
        (
            replace(RECORD, state=State.FENCED, run="other", epoch=4, changed_at=NOW.astimezone(there)),
            "other holds the fence in epoch 4, since 2026-11-23 03:00:00 UTC.",
        ),
        (
            replace(RECORD, disarmed=Disarmed(later, "kim", "maintenance")),
            "Disarmed by kim until 2026-11-23 04:00:00 UTC: maintenance",
        ),
        (
            replace(RECORD, hold_until=later),
            "After the last failover no alarm starts a run before 2026-11-23 04:00:00 UTC.",
        ),
        (replace(RECORD, acknowledged=False), "The last failover has not been acknowledged by a person yet."),
    ):
        for kind in (TriggerKind.ALARM, TriggerKind.PROBE):
            assert held_back(record, "by-hand", kind, NOW) == why


def test_a_disarm_and_a_hold_end_at_the_instant_that_they_name() -> None:
    over = replace(RECORD, disarmed=Disarmed(NOW, "kim", "maintenance"), hold_until=NOW)
    assert held_back(over, "run", TriggerKind.ALARM, NOW) is None
    assert held_back(over, "run", TriggerKind.ALARM, NOW - timedelta(microseconds=1)) is not None


def test_the_first_of_several_runs_in_progress_is_named() -> None:
    refusal = decided(running=("run-b", "run-a"))
    assert refusal == Refusal("Another run is in progress: run-a.")


def test_a_run_by_another_name_is_no_copy_of_this_alarm() -> None:
    """Names of people's runs may end as an alarm's does."""
    own = decided()
    assert isinstance(own, Start)
    assert isinstance(decided(replace(RECORD, run=f"switchover-e1-{own.name[-8:]}")), Start)
    assert isinstance(decided(replace(RECORD, run="failover-e1-00000000")), Start)
