"""Does the standby open an incident when no alarm does, and only then?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from control_plane_world import (
    NOW,
    PRIMARY,
    RUN,
    STANDBY,
    AtOnce,
    MemoryAlarms,
    MemoryExecutions,
    MemoryHeartbeats,
    MemoryJournal,
    MemoryRegister,
    MemoryWeb,
    VirtualClock,
    plan_with,
)

from failover.application.errors import TransientFailure
from failover.application.probe_leader import ProbeLeader
from failover.application.vantage_points import VantagePoints
from failover.domain.heartbeat import Heartbeat, Lsn
from failover.domain.intake import TriggerKind
from failover.domain.run import Run
from failover.domain.signals import Health

PATIENCE = plan_with().timing.probe_after
LONG_AGO = NOW - PATIENCE - timedelta(seconds=1)


def heartbeat(at: Any = LONG_AGO) -> Heartbeat:
    return Heartbeat(PRIMARY, 1, 7, at, Lsn(1))


class World:
    """The leader has been silent for longer than an alarm may take."""

    def __init__(self, region: str = STANDBY) -> None:
        plan = plan_with()
        self.clock, self.web, self.register = VirtualClock(), MemoryWeb(), MemoryRegister()
        self.alarms, self.heartbeats = MemoryAlarms(route53=Health.UNHEALTHY), MemoryHeartbeats(heartbeat())
        self.executions = MemoryExecutions()
        self.alarms.since = LONG_AGO
        points = VantagePoints(plan, self.alarms, self.web, self.heartbeats, self.clock, AtOnce())
        self.probe = ProbeLeader(plan, region, self.register, self.executions, points, MemoryJournal(), self.clock)


@pytest.mark.scenario("F11")
def test_an_outage_that_no_alarm_reported_is_opened_by_the_probe() -> None:
    world = World()
    probed = world.probe()
    assert probed.started is True
    assert probed.run is not None
    started = world.executions.started[probed.run]
    run = Run.parse({"run": probed.run, "started_at": NOW.isoformat(), "state": started})
    assert (run.kind, run.expected_epoch) == (TriggerKind.PROBE, 1)
    assert "No alarm and no earlier run ended it" in started["trigger"]["reason"]


def test_the_heartbeat_and_the_probe_are_enough_when_the_witness_is_dark() -> None:
    world = World()
    world.alarms.states["route53"] = Health.UNREACHABLE
    assert world.probe().started is True


def test_an_alarm_has_the_first_word() -> None:
    world = World()
    recent = NOW - PATIENCE + timedelta(seconds=1)
    world.alarms.since, world.heartbeats.answer = recent, replace(world.heartbeats.answer, newest=heartbeat(recent))
    probed = world.probe()
    assert (probed.started, world.executions.started) == (False, {})
    assert "an alarm has 180 s to arrive first" in probed.reason


@pytest.mark.scenario("F08")
def test_a_silenced_alarm_holds_the_probe_back_until_it_is_heard_again() -> None:
    """A mute rule for a maintenance would otherwise hold a failover off for three minutes only."""
    world = World()
    world.alarms.silence = "drlab-app-primary-health-check is muted by the rule maintenance."
    probed = world.probe()
    assert (probed.started, world.executions.started) == (False, {})
    assert "muted by the rule maintenance. The next probe looks again." in probed.reason
    world.alarms.silence = None
    assert world.probe().started is True


def test_a_leader_that_somebody_outside_finds_healthy_is_left_alone() -> None:
    world = World()
    world.alarms.states["route53"] = Health.HEALTHY
    assert world.probe().started is False


def test_one_vantage_point_is_not_enough() -> None:
    """The standby that is cut off from everybody must not take itself for the survivor."""
    world = World()
    world.alarms.states["route53"] = Health.UNREACHABLE
    world.heartbeats.answer = replace(world.heartbeats.answer, newest=None, majority=False)
    probed = world.probe()
    assert probed.started is False
    assert "1 of 2 vantage points" in probed.reason


def test_evidence_without_a_date_opens_nothing() -> None:
    world = World()
    world.alarms.since = None
    world.heartbeats.answer = replace(world.heartbeats.answer, newest=None)
    assert "since when" in world.probe().reason


def test_probes_side_by_side_open_one_incident() -> None:
    world = World()
    first, second = world.probe(), world.probe()
    assert (first.started, second.started) == (True, False)
    assert len(world.executions.started) == 1


def test_a_run_that_stood_down_is_followed_by_another_each_time_after_twice_as_long() -> None:
    """What made it stand down may go away by itself; what does not must not fence the leader again every few minutes."""
    world = World()
    for pause in (1, 2, 4):
        probed = world.probe()
        assert probed.run is not None
        assert probed.started is True
        world.executions.closed.add(probed.run)
        world.executions.ended.append(world.clock.now())
        world.clock.elapsed += pause * PATIENCE.total_seconds() - 1
        assert world.probe().started is False
        assert "of this outage have stood down" in world.probe().reason
        world.clock.elapsed += 1


def test_runs_of_an_earlier_outage_do_not_count() -> None:
    world = World()
    world.executions.ended.append(LONG_AGO - timedelta(days=1))
    assert world.probe().started is True


def test_nothing_is_opened_while_any_run_is_in_progress() -> None:
    world = World()
    world.executions.others = ("by-hand",)
    assert "by-hand" in world.probe().reason


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"leader": STANDBY}, "already leads"),
        ({"acknowledged": False}, "acknowledged"),
        ({"hold_until": NOW + timedelta(hours=1)}, "no alarm starts a run"),
    ],
)
def test_what_holds_an_alarm_back_holds_a_probe_back_without_a_look(change: dict[str, Any], why: str) -> None:
    world = World()
    world.register.record = replace(world.register.record, **change)
    assert why in world.probe().reason
    assert world.web.asked == []


def test_nothing_is_opened_while_a_run_holds_the_fence() -> None:
    world = World()
    world.register.fenced_by(RUN)
    assert "holds the fence" in world.probe().reason


def test_without_a_majority_of_the_record_nothing_is_decided() -> None:
    world = World()
    world.register.majority = False
    with pytest.raises(TransientFailure):
        world.probe()
    assert world.executions.started == {}
