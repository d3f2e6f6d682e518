"""Is nothing acknowledged missing on a replica that is said to hold everything, whatever the tasks and the clock did?"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from control_plane_world import holder
from hypothesis import given, settings
from hypothesis import strategies as st

from failover.domain.heartbeat import Lsn
from failover.domain.lease_holders import Confirmations, HoldsEverything, LeaseHolder, MayLack, judge, may_confirm

LEASE = 3
WAIT = timedelta(seconds=LEASE)
OPEN_EPOCH, FENCE_EPOCH = 1, 2


def shown(*holders: LeaseHolder, replayed: int | None = 1000) -> Confirmations:
    return Confirmations(holders, None if replayed is None else Lsn(replayed))


def test_a_replica_that_shows_every_task_stopped_holds_everything() -> None:
    found = judge(shown(holder("a", 2, 0), holder("b", 2, 0.5, lsn=995)), FENCE_EPOCH, WAIT)
    assert isinstance(found, HoldsEverything)
    assert found.reason == (
        "All 2 tasks of the old leader confirmed that they stopped, and the replica has replayed to 0/3E8,"
        " past the leader's 0/3E3."
    )


def test_a_task_that_died_without_a_word_is_outlasted_by_one_that_watched_the_fence_for_a_whole_lease() -> None:
    dead = holder("dead")
    waiting = judge(shown(dead, holder("b", 2, 2.9)), FENCE_EPOCH, WAIT)
    assert waiting == MayLack("dead of the old leader has not confirmed that it stopped.")
    assert isinstance(judge(shown(dead, holder("b", 2, 3)), FENCE_EPOCH, WAIT), HoldsEverything)


@pytest.mark.parametrize(
    ("confirmations", "why"),
    [
        (shown(), "No task of the old leader has confirmed the fence of epoch 2"),
        (shown(holder("a")), "No task of the old leader has confirmed"),
        (shown(holder("a", 1, 60)), "No task of the old leader has confirmed"),
        (shown(holder("a", 2, 0), replayed=None), "no known position"),
        (shown(holder("a", 2, 0), replayed=989), "replayed to 0/3DD, and the leader was at 0/3DE"),
        (shown(holder("a", 2, 0), holder("x"), holder("y")), "x and 1 more of the old leader has not confirmed"),
    ],
)
def test_what_is_not_shown_is_not_believed(confirmations: Confirmations, why: str) -> None:
    found = judge(confirmations, FENCE_EPOCH, WAIT)
    assert isinstance(found, MayLack)
    assert why in found.reason


def test_only_a_task_that_leads_in_the_judged_epoch_may_confirm_its_fence() -> None:
    assert may_confirm([holder("a")], 1)
    assert not may_confirm([holder("a", 5), holder("b", 1, 2)], 1)
    assert not may_confirm([], 1)


def test_what_a_task_said_is_written_down_as_plain_json() -> None:
    assert holder("a", 2, 0.5).to_dict() == {"task": "a", "epoch": 2, "watched_seconds": 0.5, "lsn": "0/3DE"}
    assert holder("a").to_dict()["watched_seconds"] is None


def test_the_newest_confirmation_says_where_the_leader_stood() -> None:
    """A task that may still acknowledge says nothing of where its log ends."""
    assert shown(holder("a", 2, 0, lsn=5), holder("b", 2, 0, lsn=7), holder("c", lsn=9)).source == Lsn(7)
    assert shown(holder("c", lsn=9)).source is None


def test_a_replica_that_has_replayed_just_to_the_confirmation_holds_what_came_before_it() -> None:
    assert isinstance(judge(shown(holder("a", 2, 0), replayed=990), FENCE_EPOCH, WAIT), HoldsEverything)


def test_a_confirmation_of_another_fence_does_not_wait_for_this_one() -> None:
    """A task that watched an earlier fence for long has not watched this one."""
    seen = shown(holder("old", 1, 60), holder("new", 2, 1), holder("silent"))
    assert isinstance(judge(seen, FENCE_EPOCH, WAIT), MayLack)


@dataclass
class Task:
    """What a task of the service does, a step at a time: register, read the record, act on what it read."""

    name: str
    registered: bool = False
    reading: tuple[int, bool] | None = None
    lease_until: int | None = None
    watched_since: int | None = None
    committed: list[int] = field(default_factory=list)


@dataclass
class Leader:
    """The old leader's Region: one log, in the order of commits. Entries are rows, or what a task says of itself."""

    tasks: list[Task]
    now: int = 0
    fenced: bool = False
    log: list[LeaseHolder | None] = field(default_factory=list)
    acknowledged: set[int] = field(default_factory=set)

    def say(self, task: Task, epoch: int, watched: int | None) -> None:
        seconds = None if watched is None else timedelta(seconds=watched)
        self.log.append(LeaseHolder(task.name, epoch, seconds, Lsn(len(self.log))))

    def keep(self, task: Task) -> None:
        """One step of the lease keeper; the record is read at the first of the two steps of a reading."""
        if task.reading is not None:
            asked_at, fenced = task.reading
            task.reading = None
            if fenced:
                task.lease_until, task.registered = None, False
                task.watched_since = self.now if task.watched_since is None else task.watched_since
                self.say(task, FENCE_EPOCH, self.now - task.watched_since)
            elif task.registered:
                task.lease_until, task.registered = asked_at + LEASE, False
        elif task.registered or task.watched_since is not None:
            task.reading = (self.now, self.fenced)
        else:
            self.say(task, OPEN_EPOCH, None)
            task.registered = True

    def commit(self, task: Task) -> None:
        self.log.append(None)
        task.committed.append(len(self.log) - 1)

    def acknowledge(self, task: Task) -> None:
        if task.committed:
            row = task.committed.pop(0)
            if task.lease_until is not None and self.now < task.lease_until:
                self.acknowledged.add(row)

    def do(self, action: str, task: Task) -> None:
        match action:
            case "pass":
                self.now += 1
            case "fence":
                self.fenced = True
            case "keep":
                self.keep(task)
            case "commit":
                self.commit(task)
            case "acknowledge":
                self.acknowledge(task)

    def on_the_replica(self, length: int) -> Confirmations:
        newest = {one.task: one for one in self.log[:length] if one is not None}
        return Confirmations(tuple(newest.values()), Lsn(length))


ACTIONS = st.sampled_from(
    [(action, task) for action in ("keep", "keep", "commit", "acknowledge", "pass") for task in range(2)]
)


# What it covers is covered above; to trace two thousand schedules takes longer than to try them.
@pytest.mark.untraced
@settings(max_examples=2000, deadline=None)
@given(st.integers(0, 3), st.lists(ACTIONS, max_size=12), st.lists(ACTIONS, max_size=25))
def test_no_schedule_of_tasks_makes_a_replica_that_holds_everything_lack_a_write(
    leading: int, before: list[tuple[str, int]], after: list[tuple[str, int]]
) -> None:
    """Writes acknowledged later count as well: a promotion is not undone by them. A task that is not scheduled hangs."""
    leader = Leader([Task("a"), Task("b")])
    at_first = [("keep", number) for number in range(2) if leading & (1 << number)] * 3
    for action, number in [*at_first, *before, ("fence", 0), *after]:
        leader.do(action, leader.tasks[number])
    for length in range(len(leader.log) + 1):
        if isinstance(judge(leader.on_the_replica(length), FENCE_EPOCH, WAIT), HoldsEverything):
            assert all(row < length for row in leader.acknowledged)


def led(schedule: str) -> Leader:
    """`ka kb` are steps of the keepers of a and b, `c.` commits, `y.` acknowledges, `F` fences, `t` lets time pass."""
    leader = Leader([Task("a"), Task("b")])
    verbs = {"k": "keep", "c": "commit", "y": "acknowledge", "F": "fence", "t": "pass"}
    for step in schedule.split():
        leader.do(verbs[step[0]], leader.tasks["ab".index(step[1:] or "a")])
    return leader


def test_the_model_would_find_a_rule_that_forgot_the_silent_task() -> None:
    """b still acknowledges after a has confirmed: a rule that asked only a would lose what b writes then."""
    leader = led("ka ka ka kb kb kb F ka ka ka ka cb yb")
    confirmed = next(place for place, one in enumerate(leader.log, 1) if one is not None and one.watched is not None)
    assert any(row >= confirmed for row in leader.acknowledged)
    assert isinstance(judge(leader.on_the_replica(confirmed), FENCE_EPOCH, WAIT), MayLack)


def test_the_model_reaches_both_ways_to_hold_everything() -> None:
    both = led("ka ka ka kb kb kb F ka ka ka ka ka ka kb kb kb kb")
    assert isinstance(judge(both.on_the_replica(len(both.log)), FENCE_EPOCH, WAIT), HoldsEverything)
    outlasted = led("ka ka ka kb kb kb F ka ka ka t t t ka ka ka ka cb yb")
    assert isinstance(judge(outlasted.on_the_replica(len(outlasted.log)), FENCE_EPOCH, WAIT), HoldsEverything)
    assert not outlasted.acknowledged
