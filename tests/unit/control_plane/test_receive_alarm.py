"""Does an alarm start one run, and does everything else start none?"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from control_plane_world import (
    ACCOUNT,
    ALARM_ARN,
    NOW,
    PRIMARY,
    STANDBY,
    MemoryAlarms,
    MemoryDeadLetters,
    MemoryExecutions,
    MemoryJournal,
    MemoryOutcomes,
    MemoryPeople,
    MemoryRegister,
    VirtualClock,
    alarm_event,
    plan_with,
    run_with,
)

from failover.application.errors import TransientFailure
from failover.application.fence_primary import FencePrimary
from failover.application.receive_alarm import Intake, ReceiveAlarm
from failover.application.start_run import StartRun
from failover.application.telling_once import TellOnce
from failover.domain.leader_record import acknowledge, disarm, fence, hand_over
from failover.domain.run import Mode, Run
from failover.domain.signals import Health


class World:
    def __init__(self) -> None:
        self.register, self.executions, self.clock = MemoryRegister(), MemoryExecutions(), VirtualClock()
        self.journal, self.people = MemoryJournal(), MemoryPeople()
        self.alarms = MemoryAlarms(route53=Health.UNHEALTHY)
        self.tell = TellOnce(MemoryOutcomes(), self.people, self.clock)
        self.region, self.intakes = STANDBY, 0
        self.dead_letters = MemoryDeadLetters()
        self.receive = ReceiveAlarm(ACCOUNT, self._intake, lambda: self.dead_letters)

    def _intake(self) -> Intake:
        self.intakes += 1
        return Intake(
            plan_with(),
            self.region,
            self.register,
            self.executions,
            lambda: self.alarms,
            lambda: self.tell,
            self.journal,
            self.clock,
        )


def changed(**state: Any) -> dict[str, Any]:
    event = alarm_event()
    event["detail"]["state"].update(state)
    return event


def test_an_alarm_in_order_starts_a_run_that_knows_what_it_expects() -> None:
    world = World()
    received = world.receive(alarm_event())
    assert received.started is True
    assert received.run is not None
    assert received.execution_arn == world.executions.arn_of(received.run)
    started = world.executions.started[received.run]
    assert run_with().expected_epoch == started["expected_epoch"] == received.epoch == 1
    assert started["trigger"]["alarm_arn"] == ALARM_ARN


@pytest.mark.scenario("F01")
def test_a_hundred_copies_of_one_alarm_start_one_run_and_name_it() -> None:
    world = World()
    answers = [world.receive(alarm_event(id=str(number))) for number in range(100)]
    assert [one.started for one in answers].count(True) == 1
    assert len(world.executions.started) == 1
    assert {one.execution_arn for one in answers} == {answers[0].execution_arn}
    assert all("duplicate" in one.reason for one in answers[1:])


def test_a_copy_that_comes_after_the_run_has_ended_starts_no_second_one() -> None:
    world = World()
    first = world.receive(alarm_event())
    assert first.run is not None
    world.executions.closed.add(first.run)
    again = world.receive(alarm_event())
    assert (again.started, again.execution_arn) == (False, first.execution_arn)


def test_a_second_alarm_of_the_outage_is_refused_while_a_run_is_in_progress() -> None:
    world = World()
    world.executions.others = ("by-hand",)
    received = world.receive(alarm_event())
    assert (received.started, received.execution_arn) == (False, None)
    assert "by-hand" in received.reason


@pytest.mark.scenario("F02")
def test_two_alarms_of_one_outage_start_one_run_and_the_second_is_kept_with_it() -> None:
    """Another rule's or another Region's event, of another change: it is evidence, and no reason for a second run."""
    world = World()
    first = world.receive(alarm_event())
    second = world.receive(changed(timestamp="2026-11-23T02:59:40.000+0000", reason="No target is healthy"))
    assert first.run is not None
    assert (first.started, second.started) == (True, False)
    assert list(world.executions.started) == [first.run]
    started, kept = world.journal.events
    assert (started.kind, kept.kind) == ("run-started", "alarm-refused")
    assert first.run in kept.reason
    assert kept.data == {"alarm": ALARM_ARN}


@pytest.mark.scenario("F12")
@pytest.mark.parametrize("first", ["alarm", "person"])
def test_a_person_and_an_alarm_in_the_same_second_end_with_one_fence_and_the_loser_names_its_holder(first: str) -> None:
    """Each asks Step Functions before the other's run is listed, so both runs begin; the record lets one go on."""
    world = World()
    world.executions.running = lambda: ()  # type: ignore[method-assign]
    by_hand = StartRun(plan_with(), STANDBY, world.register, world.executions, world.journal, world.clock, "kim")
    begun = {
        "alarm": lambda: world.receive(alarm_event()).run,
        "person": lambda: by_hand(Mode.UNPLANNED, "it is down").run,
    }
    runs = [str(begun[one]()) for one in sorted(begun, key=lambda one: one != first)]
    assert list(world.executions.started) == runs
    fence_primary = FencePrimary(plan_with(), STANDBY, world.register, world.clock)
    health = {"allowed": True, "leader": PRIMARY, "epoch": 1}
    winner, loser = [
        fence_primary(
            Run.parse(
                {
                    "run": name,
                    "started_at": NOW.isoformat(),
                    "state": {**world.executions.started[name], "health": health},
                }
            )
        )
        for name in runs
    ]
    assert (winner["held"], loser["held"]) == (True, False)
    assert f"{runs[0]} holds the fence" in loser["reason"]
    assert (world.register.record.run, world.register.record.epoch) == (runs[0], 2)


@pytest.mark.scenario("F09")
def test_what_is_none_of_an_alarm_is_set_aside_with_the_reason_and_nothing_else_is() -> None:
    """An OK, a copy, a muted or another account's alarm is daily business: the log has it, and nobody is called."""
    world = World()
    for _ in range(2):
        world.receive(alarm_event())
    world.receive(changed(value="OK"))
    world.receive(changed(muteDetail={"mutedBy": "rule"}))
    world.receive(changed(timestamp="2019-10-02T17:04:40.989+0000"))
    stranger = alarm_event(account="210987654321")
    stranger["resources"] = [ALARM_ARN.replace(ACCOUNT, "210987654321")]
    world.receive(stranger)
    assert world.dead_letters.texts == []
    intakes = world.intakes
    received = world.receive(alarm_event(source="aws.health"))
    (text,) = world.dead_letters.texts
    assert json.loads(text)["refused"] == received.reason
    assert "aws.health" in json.loads(text)["event"]
    assert world.intakes == intakes, "neither plan nor record is asked because of it"


@pytest.mark.scenario("F09")
def test_an_event_that_cannot_be_set_aside_is_refused_all_the_same() -> None:
    """Raised, it would be tried again, and the receiver would be called broken by whoever sends such things."""
    world = World()

    def dark() -> MemoryDeadLetters:
        raise TransientFailure("Sending: no answer from AWS.")

    received = ReceiveAlarm(ACCOUNT, world._intake, dark)({"source": "nonsense"})
    assert (received.started, received.reason) == (False, "The event's source is nonsense, not aws.cloudwatch.")


@pytest.mark.scenario("F04")
def test_an_ok_during_a_run_ends_nothing_and_starts_nothing() -> None:
    """Whether the leader is well is the second look's to say; after that the run goes to its end."""
    world = World()
    first = world.receive(alarm_event())
    ok = world.receive(changed(value="OK", timestamp="2026-11-23T02:59:50.000+0000"))
    assert "OK, not ALARM" in ok.reason
    assert world.executions.running() == (first.run,)


@pytest.mark.scenario("F05")
def test_a_flapping_alarm_leads_to_one_failover_until_a_person_acknowledges() -> None:
    """Twenty times in ten minutes; the run of the first changes the leader, and going back is nobody's but a person's."""
    world = World()
    answers = []
    for number in range(20):
        at = NOW + timedelta(seconds=30 * number)
        world.clock.elapsed = 30 * number + 5
        answers.append(world.receive(changed(timestamp=at.isoformat(), reason=str(number))))
        if number == 2:
            run = str(answers[0].run)
            world.executions.closed.add(run)
            world.register.change(fence(run, world.clock.now()))
            hold = world.clock.now() + timedelta(minutes=3)
            world.register.change(hand_over(run, STANDBY, world.clock.now(), hold))
            # A person has gone back meanwhile: only so could the same alarm matter again.
            world.register.record = replace(world.register.record, leader=PRIMARY)
    assert [one.started for one in answers] == [True] + [False] * 19
    assert "in progress" in answers[1].reason
    assert "no alarm starts a run before" in answers[5].reason
    assert "not been acknowledged" in answers[19].reason
    world.register.change(acknowledge(world.clock.now()))
    assert world.receive(changed(timestamp=world.clock.now().isoformat())).started is True


@pytest.mark.parametrize("event", [None, [], {}, "alarm", {"source": "aws.cloudwatch"}, {"Records": []}])
def test_a_malformed_event_is_refused_without_asking_anybody(event: Any) -> None:
    world = World()
    assert world.receive(event).started is False
    assert world.intakes == 0


def test_another_accounts_alarm_is_refused_without_asking_anybody() -> None:
    world = World()
    foreign = "210987654321"
    received = world.receive(alarm_event(account=foreign, resources=[ALARM_ARN.replace(ACCOUNT, foreign)]))
    assert f"account {foreign}" in received.reason
    assert world.intakes == 0


def test_a_stale_alarm_and_a_held_back_one_are_refused() -> None:
    world = World()
    world.clock.elapsed = 1000
    assert "count as fresh" in world.receive(alarm_event()).reason
    world.clock.elapsed = 0
    world.register.record = replace(world.register.record, hold_until=NOW + timedelta(minutes=5))
    assert "no alarm starts a run before" in world.receive(alarm_event()).reason


@pytest.mark.scenario("F41")
def test_without_a_majority_of_the_record_no_run_is_started_and_the_event_is_not_lost() -> None:
    """Raising makes Lambda try again, and then leaves the event in the queue of undecided alarms."""
    world = World()
    world.register.majority = False
    with pytest.raises(TransientFailure):
        world.receive(alarm_event())
    assert world.executions.started == {}


def test_a_decision_is_in_the_journal_once() -> None:
    world = World()
    for _ in range(3):
        world.receive(alarm_event())
    assert [(event.kind, event.run) for event in world.journal.events] == [
        ("run-started", next(iter(world.executions.started)))
    ]


def test_a_refused_alarm_is_in_the_journal_with_its_reason() -> None:
    world = World()
    world.register.record = replace(world.register.record, acknowledged=False)
    received = world.receive(alarm_event())
    assert [(event.kind, event.reason) for event in world.journal.events] == [("alarm-refused", received.reason)]


def test_a_silent_journal_does_not_hold_up_a_failover() -> None:
    world = World()
    world.journal.silent = True
    assert world.receive(alarm_event()).started is True


def test_while_it_is_disarmed_an_alarm_starts_nothing_and_the_reason_names_who_and_why() -> None:
    world = World()
    until = NOW + timedelta(hours=2)
    world.register.change(disarm(until, "arn:aws:iam::123456789012:user/kim", "storage upgrade", NOW))
    reason = world.receive(alarm_event()).reason
    assert "user/kim" in reason
    assert "storage upgrade" in reason
    assert "05:00:00" in reason
    world.clock.elapsed = 7200
    assert "Disarmed" not in world.receive(alarm_event()).reason


@pytest.mark.scenario("F03")
def test_an_alarm_whose_ok_came_first_starts_nothing() -> None:
    """Delivered late or out of order: what the alarm says now, since when, is the end of the story."""
    world = World()
    world.alarms.states["route53"], world.alarms.since = Health.HEALTHY, NOW - timedelta(seconds=5)
    received = world.receive(alarm_event())
    assert (received.started, world.executions.started) == (False, {})
    assert "OK since 2026-11-23 02:59:55 UTC" in received.reason
    assert [(event.kind, event.reason) for event in world.journal.events] == [("alarm-refused", received.reason)]


@pytest.mark.parametrize("health", [Health.UNREACHABLE, Health.INSUFFICIENT, Health.HEALTHY])
def test_an_alarm_that_cannot_be_asked_or_is_not_yet_heard_of_is_believed(health: Health) -> None:
    """The alarm's Region may be the dark one, and an OK of before the event is an old answer. The run looks again anyway."""
    world = World()
    world.alarms.states["route53"] = health
    world.alarms.since = NOW - timedelta(seconds=60) if health is Health.HEALTHY else None
    assert world.receive(alarm_event()).started is True


def test_a_copy_of_an_alarm_names_its_run_even_when_the_alarm_is_ok_by_now() -> None:
    world = World()
    first = world.receive(alarm_event())
    world.alarms.states["route53"], world.alarms.since = Health.HEALTHY, NOW
    assert world.receive(alarm_event()).execution_arn == first.execution_arn


@pytest.mark.scenario("F07", "F08")
@pytest.mark.parametrize(
    "state",
    [{"value": "INSUFFICIENT_DATA"}, {"muteDetail": {"mutedBy": "rule"}}, {"actionsSuppressedBy": "Alarm"}],
    ids=["insufficient data", "muted", "suppressed"],
)
def test_a_withheld_change_starts_nothing_and_people_hear_of_it_once(state: dict[str, Any]) -> None:
    world = World()
    answers = [world.receive({**changed(**state), "id": str(number)}) for number in range(5)]
    assert (world.executions.started, {one.started for one in answers}) == ({}, {False})
    ((subject, text),) = world.people.heard
    assert "starts no run" in subject
    assert answers[0].reason in text
    world.receive(changed(**state, timestamp="2026-11-23T02:59:50.000+0000"))
    assert len(world.people.heard) == 2


@pytest.mark.scenario("F08")
@pytest.mark.parametrize("period", ["WaitPeriod", "ExtensionPeriod"])
def test_an_alarm_in_its_period_is_held_and_starts_a_run_when_that_has_ended(period: str) -> None:
    """CloudWatch reports it again then, from ALARM to ALARM; nobody needs to be told of what ends by itself."""
    world = World()
    held = world.receive(changed(actionsSuppressedBy=period))
    assert (held.started, world.people.heard) == (False, [])
    assert f"in its {period}" in held.reason
    again = changed(timestamp="2026-11-23T02:59:55.000+0000")
    again["detail"]["previousState"] = {"value": "ALARM", "actionsSuppressedBy": period}
    assert world.receive(again).started is True


def test_the_leaders_own_region_tells_nobody() -> None:
    """Both Regions hear of every change: the one that could take over is the one that speaks."""
    world = World()
    world.region = PRIMARY
    assert "already leads" in world.receive(changed(value="INSUFFICIENT_DATA")).reason
    assert world.people.heard == []


def test_people_who_could_not_be_told_are_told_when_the_event_is_tried_again() -> None:
    world = World()
    publish = world.people.publish

    def silent(subject: str, text: str) -> str:
        raise TransientFailure("Publishing: no answer from AWS.")

    world.people.publish = silent  # type: ignore[method-assign]
    with pytest.raises(TransientFailure):
        world.receive(changed(value="INSUFFICIENT_DATA"))
    world.people.publish = publish  # type: ignore[method-assign]
    world.receive(changed(value="INSUFFICIENT_DATA"))
    assert len(world.people.heard) == 1
