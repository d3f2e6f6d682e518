"""Is a run that nothing drives taken over without ever opening two leaders, and only when it is plain what is left to do?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from control_plane_world import (
    NOW,
    PRIMARY,
    RUN,
    STANDBY,
    MemoryJournal,
    MemoryOutcomes,
    MemoryRds,
    MemoryRegister,
    MemorySecrets,
    MemoryServer,
    VirtualClock,
    plan_with,
)

from failover.application.errors import RunRefused, TransientFailure
from failover.application.ports import DatabaseLogin
from failover.application.take_over_run import BeginAnew, GoOn, TakeOverRun
from failover.domain.abandoned_run import EndedRun
from failover.domain.heartbeat import Heartbeat, Lsn
from failover.domain.leader_record import LeaderRecord, Refusal, State, hand_over, reopen, take_over
from failover.domain.loss_bound import ReplicaPosition
from failover.domain.outcome import Result, derive
from failover.domain.run import Run

BY, MINE = "arn:aws:iam::123456789012:user/kim", "break-glass-20261123T031000Z"
GONE = EndedRun("ABORTED", NOW, entered_the_one_way_step=True)


class Server(MemoryServer):
    """With heartbeats of both Regions."""

    own: Heartbeat | None = None

    def position(self, login: DatabaseLogin, region: str) -> ReplicaPosition:
        found = super().position(login, region)
        return replace(found, heartbeat=self.own) if region == STANDBY else found


class World:
    def __init__(self, ended: EndedRun | Exception | None = None, fenced_by: str = RUN) -> None:
        self.clock = VirtualClock()
        self.register, self.journal, self.databases = MemoryRegister(), MemoryJournal(), MemoryRds(self.clock)
        self.register.fenced_by(fenced_by)
        self.found, self.outcomes, self.server = ended, MemoryOutcomes(), Server()
        self.clock.sleep(timedelta(minutes=5))
        plan = plan_with()
        self.secrets = MemorySecrets()
        database = self.databases, self.secrets, self.server
        self.take = TakeOverRun(
            plan, STANDBY, self.register, *database, self, self.outcomes, self.journal, self.clock, BY
        )

    def ended(self, name: str) -> EndedRun | None:
        if isinstance(self.found, Exception):
            raise self.found
        return self.found

    def ask(self) -> BeginAnew | GoOn | Refusal:
        return self.take(RUN, MINE, "the control plane is gone")


@pytest.mark.parametrize("found", [None, GONE, TransientFailure("no answer"), RunRefused("StateMachineDoesNotExist")])
def test_as_long_as_the_replica_is_one_the_old_leader_gets_its_writes_back(found: EndedRun | Exception | None) -> None:
    """The run that takes over then judges the leader without a fence of somebody else's on it."""
    world = World(found)
    answer = world.ask()
    assert isinstance(answer, BeginAnew), answer
    assert (world.register.record.state, world.register.record.leader) == (State.OPEN, PRIMARY)
    assert [(one.kind, one.by, one.run) for one in world.journal.events] == [("run-taken-over", BY, RUN)]


def test_once_the_replica_is_promoted_the_fence_goes_on_and_the_dead_run_can_change_nothing_more() -> None:
    world = World(GONE)
    world.databases.set(source=None)
    answer = world.ask()
    assert isinstance(answer, GoOn), answer
    record = world.register.record
    assert (record.state, record.run, record.leader, record.epoch) == (State.FENCED, MINE, PRIMARY, 3)
    for change in (reopen(RUN, NOW), hand_over(RUN, STANDBY, NOW, NOW)):
        assert isinstance(change(record), Refusal)
    assert isinstance(hand_over(MINE, STANDBY, NOW, NOW)(record), LeaderRecord)
    assert [one.kind for one in world.journal.events] == ["run-taken-over"]


def test_what_a_run_goes_on_with_says_that_the_loss_is_unknown_and_whom_it_fenced() -> None:
    world = World(GONE)
    world.databases.set(source=None)
    answer = world.ask()
    assert isinstance(answer, GoOn)
    opened = {"leader": STANDBY, "epoch": 4}
    state = {**answer.state, "opened": opened, "checks": {"read_back": True}}
    run = Run.parse({"run": MINE, "started_at": NOW.isoformat(), "state": state})
    outcome = derive(run, "app")
    assert outcome.result is Result.FAILED_OVER
    assert "The loss bound is unknown." in outcome.summary
    assert f"a failover from {PRIMARY}" in outcome.summary


def restored_by(run: str, world: World) -> None:
    world.databases.set(source=None, tags={"drlab:restored-by": run, "drlab:recovery-point": "d1"})


@pytest.mark.parametrize("status", ["creating", "available", "deleting"])
@pytest.mark.parametrize("run", [RUN, "failover-of-last-year"])
def test_what_nobody_found_right_is_not_opened(run: str, status: str) -> None:
    """The old leader's data is whole. What an earlier run restored here was led from and then left, and is older than it."""
    world = World(GONE)
    restored_by(run, world)
    world.databases.set(status=status)
    world.outcomes.put_once(f"runs/{RUN}/restore/d2-proven.json", "{}")
    answer = world.ask()
    assert isinstance(answer, BeginAnew), answer
    assert "restored from a backup, and nobody has found it right" in answer.reason
    assert (world.register.record.state, world.register.record.leader) == (State.OPEN, PRIMARY)


def test_what_the_dead_run_restored_and_found_right_is_gone_on_with() -> None:
    world = World(GONE)
    restored_by(RUN, world)
    world.outcomes.put_once(f"runs/{RUN}/restore/d1-proven.json", "{}")
    answer = world.ask()
    assert isinstance(answer, GoOn), answer
    assert "is restored and found right, so us-west-2 is to be opened" in answer.reason


def test_where_there_is_no_database_the_old_leader_gets_its_writes_back() -> None:
    """A run that restores puts the old instance aside first, and may die then."""
    world = World(GONE)
    world.databases.instance = None
    answer = world.ask()
    assert isinstance(answer, BeginAnew), answer
    assert f"there is no app-{STANDBY}, so {PRIMARY} was reopened" in answer.reason


@pytest.mark.parametrize("led", [None, Heartbeat(PRIMARY, 1, 41, NOW, Lsn(900))])
def test_a_primary_that_was_left_behind_is_not_taken_for_a_promoted_replica(led: Heartbeat | None) -> None:
    """A run that finds no replica restores; before it has, the old primary is there, and has no source either."""
    world = World(GONE)
    world.databases.set(source=None)
    world.server.own = Heartbeat(STANDBY, 2, 900, NOW - timedelta(days=40), Lsn(5000))
    world.server.heartbeat = led
    answer = world.ask()
    assert isinstance(answer, BeginAnew), answer
    assert f"is what {STANDBY} led with before, and has nothing of {PRIMARY}'s since" in answer.reason
    assert (world.register.record.state, world.register.record.leader) == (State.OPEN, PRIMARY)


def test_that_this_region_led_before_is_in_its_replica_too() -> None:
    world = World(GONE)
    world.databases.set(source=None)
    world.server.own = Heartbeat(STANDBY, 2, 900, NOW - timedelta(days=40), Lsn(5000))
    world.server.heartbeat = Heartbeat(PRIMARY, 3, 41, NOW - timedelta(days=1), Lsn(900))
    assert isinstance(world.ask(), GoOn)


def from_here_it_is_out_of_reach(world: World) -> None:
    world.server.unavailable = "ConnectionTimeout"


def its_secret_may_not_be_read(world: World) -> None:
    world.secrets.value.clear()


@pytest.mark.parametrize("cannot", [from_here_it_is_out_of_reach, its_secret_may_not_be_read])
def test_a_database_that_cannot_be_asked_is_gone_on_with(cannot: Callable[[World], None]) -> None:
    """The state after next has the service write to it, before any traffic."""
    world = World(GONE)
    world.databases.set(source=None)
    world.server.own = Heartbeat(STANDBY, 9, 1, NOW, Lsn(1))
    cannot(world)
    assert isinstance(world.ask(), GoOn)


def another_holds(world: World) -> None:
    world.register.fenced_by("another-run")


def nobody_holds(world: World) -> None:
    world.register.record = MemoryRegister().record


def in_progress(world: World) -> None:
    world.found = EndedRun("RUNNING", None, entered_the_one_way_step=False)


def a_moment_ago(world: World) -> None:
    world.clock.elapsed = 10


def promoting(world: World) -> None:
    world.databases.set(status="modifying")


@pytest.mark.parametrize("status", ["backing-up", "storage-initialization", "storage-optimization"])
def test_work_on_the_storage_puts_nobody_off(status: str) -> None:
    world = World()
    world.databases.set(status=status)
    assert not isinstance(world.ask(), Refusal)


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (another_holds, f"{RUN} does not hold the fence"),
        (nobody_holds, f"{RUN} does not hold the fence: {PRIMARY} is open"),
        (in_progress, "is in progress: Step Functions drives it."),
        (a_moment_ago, "Ask again in 35 s."),
        (promoting, "is modifying: a promotion may be under way."),
    ],
)
def test_what_is_not_plain_is_refused_and_changes_nothing(broken: Callable[[World], None], why: str) -> None:
    world = World()
    broken(world)
    before = world.register.record
    answer = world.ask()
    assert isinstance(answer, Refusal)
    assert why in answer.reason
    assert world.register.record == before
    assert [(one.kind, one.reason) for one in world.journal.events] == [("run-refused", answer.reason)]


def test_taking_over_twice_is_told_the_same_and_takes_no_new_epoch() -> None:
    """Its answer may have been lost."""
    once = take_over(MINE, RUN, NOW)(MemoryRegister().fenced_by(RUN).record)
    assert isinstance(once, LeaderRecord)
    assert take_over(MINE, RUN, NOW)(once) == once
