"""When the failover is over and nobody goes back: is the old primary Region, rebuilt, as much of a standby as the other was?

The same functions are deployed in both Regions; who leads is in the record alone.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from control_plane_world import (
    ACCOUNT,
    NOW,
    PRIMARY,
    STANDBY,
    WITNESS,
    AtOnce,
    MemoryAlarms,
    MemoryDeadLetters,
    MemoryExecutions,
    MemoryHeartbeats,
    MemoryJournal,
    MemoryOutcomes,
    MemoryPeople,
    MemoryRegister,
    MemoryWeb,
    VirtualClock,
    alarm_event,
    plan_with,
)

from failover.application.probe_leader import ProbeLeader
from failover.application.receive_alarm import Intake, ReceiveAlarm, Received
from failover.application.telling_once import TellOnce
from failover.application.vantage_points import VantagePoints
from failover.domain.heartbeat import Heartbeat, Lsn
from failover.domain.plan import Plan
from failover.domain.signals import Health

LATE = NOW - plan_with().timing.probe_after - timedelta(seconds=1)
BALANCER = f"arn:aws:cloudwatch:{STANDBY}:{ACCOUNT}:alarm:drlab-app-load-balancer"
HEALTH_CHECK = f"arn:aws:cloudwatch:{WITNESS}:{ACCOUNT}:alarm:drlab-app-secondary-health-check"


def swapped_plan() -> Plan:
    """With alarms on us-west-2: on its health check, and one of its own, as its load balancer may have one."""
    more = [
        {"arn": HEALTH_CHECK, "vantage_point": "route53", "watches": STANDBY},
        {"arn": BALANCER, "vantage_point": "load-balancer"},
    ]
    return plan_with(lambda d: d["alarms"].extend(more))


class Swapped:
    """us-west-2 leads, the failover was acknowledged, and us-west-2 has been silent for long."""

    def __init__(self, region: str = PRIMARY) -> None:
        self.region, self.plan = region, swapped_plan()
        self.register, self.executions, self.clock = MemoryRegister(), MemoryExecutions(), VirtualClock()
        self.register.record = replace(self.register.record, epoch=3, leader=STANDBY, acknowledged=True)
        self.alarms = MemoryAlarms(load_balancer=Health.UNHEALTHY, route53=Health.UNHEALTHY)
        self.alarms.since = LATE
        self.heartbeats = MemoryHeartbeats(Heartbeat(STANDBY, 3, 7, LATE, Lsn(1)))
        self.journal = MemoryJournal()

    def probe(self) -> Received:
        points = VantagePoints(self.plan, self.alarms, MemoryWeb(), self.heartbeats, self.clock, AtOnce())
        return ProbeLeader(self.plan, self.region, self.register, self.executions, points, self.journal, self.clock)()

    def receive(self, arn: str) -> Received:
        event = alarm_event(region=arn.split(":")[3], resources=[arn])
        event["detail"]["alarmName"] = arn.split(":alarm:")[1]
        tell = TellOnce(MemoryOutcomes(), MemoryPeople(), self.clock)
        intake = Intake(
            self.plan,
            self.region,
            self.register,
            self.executions,
            lambda: self.alarms,
            lambda: tell,
            self.journal,
            self.clock,
        )
        return ReceiveAlarm(ACCOUNT, lambda: intake, MemoryDeadLetters)(event)


def test_the_probe_there_opens_an_incident_against_the_new_leader() -> None:
    probed = Swapped().probe()
    assert probed.started, probed.reason
    assert probed.epoch == 3


def test_in_the_new_leaders_own_region_it_only_reads_the_record() -> None:
    probed = Swapped(STANDBY).probe()
    assert (probed.started, "us-west-2 already leads" in probed.reason) == (False, True)


@pytest.mark.parametrize("arn", [BALANCER, HEALTH_CHECK])
def test_an_alarm_on_the_new_leader_starts_a_run_there(arn: str) -> None:
    world = Swapped()
    received = world.receive(arn)
    assert received.started, received.reason
    assert [run["expected_epoch"] for run in world.executions.started.values()] == [3]


def test_an_alarm_on_the_region_that_led_before_starts_nothing() -> None:
    world = Swapped()
    received = world.receive(plan_with().alarms[0].arn)
    assert (received.started, world.executions.started) == (False, {})
    assert "watches ap-southeast-2, but us-west-2 leads" in received.reason


@pytest.mark.parametrize("how", ["probe", "alarm"])
def test_nothing_starts_by_itself_before_a_person_has_acknowledged_the_first_failover(how: str) -> None:
    world = Swapped()
    world.register.record = replace(world.register.record, acknowledged=False)
    answer = world.probe() if how == "probe" else world.receive(BALANCER)
    assert (answer.started, world.executions.started) == (False, {})
    assert "has not been acknowledged" in answer.reason
