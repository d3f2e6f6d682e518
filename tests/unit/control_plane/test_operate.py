"""Is a person who acknowledges told what it came to: a failover is acknowledged now, was before, or never was?"""

from __future__ import annotations

from datetime import timedelta

import pytest
from control_plane_world import NOW, PRIMARY, STANDBY, MemoryJournal, MemoryRegister, VirtualClock

from failover.application.operate import Operate, Operated
from failover.domain.leader_record import Change, LeaderRecord, Refusal, fence, hand_over, reopen

BY = "arn:aws:iam::123456789012:user/kim"
RUN = "failover-e1-0123abcd"
NOW_IT_IS, IT_WAS = (
    "The last failover is acknowledged.",
    "The last failover was acknowledged before: nothing is changed.",
)
THERE_WAS_NONE = "No failover or switchover has made another Region the leader yet: there is nothing to acknowledge."


class World:
    def __init__(self, register: MemoryRegister | None = None) -> None:
        self.register, self.journal, self.clock = register or MemoryRegister(), MemoryJournal(), VirtualClock()

    def acknowledge(self) -> Operated:
        answer = Operate(self.register, self.journal, self.clock, BY).acknowledge()
        self.clock.sleep(timedelta(minutes=1))
        return answer

    def fail_over(self) -> None:
        self.register.change(fence(RUN, NOW))
        self.register.change(hand_over(RUN, STANDBY, NOW, NOW + timedelta(hours=1)))

    def told(self) -> list[tuple[str, str]]:
        return [(event.kind, event.reason) for event in self.journal.events]


def test_only_the_first_acknowledgement_of_a_failover_is_called_one() -> None:
    """Who acknowledged it is read from the journal: a second person, who changed nothing, must not be named for it."""
    world = World()
    world.fail_over()
    first, second = world.acknowledge(), world.acknowledge()
    assert (first, second) == (Operated(True, NOW_IT_IS, True), Operated(True, IT_WAS, True))
    assert world.told() == [("acknowledged", NOW_IT_IS), ("nothing-to-acknowledge", IT_WAS)]


@pytest.mark.parametrize("stood_down", [False, True])
def test_without_a_failover_there_is_nothing_to_acknowledge(stood_down: bool) -> None:
    """A run that stood down moved nothing."""
    world = World()
    if stood_down:
        world.register.change(fence(RUN, NOW))
        world.register.change(reopen(RUN, NOW))
    before = world.register.record
    assert world.acknowledge() == Operated(True, THERE_WAS_NONE, True)
    assert (world.register.record, world.register.record.leader) == (before, PRIMARY)
    assert world.told() == [("nothing-to-acknowledge", THERE_WAS_NONE)]


class AsksItselfAgain(MemoryRegister):
    """As the leader register does when it cannot tell whether its first proposal was chosen, and it was."""

    def change(self, change: Change) -> LeaderRecord | Refusal:
        super().change(change)
        return super().change(change)


def test_a_change_that_the_register_had_to_make_twice_is_still_ones_own() -> None:
    world = World(AsksItselfAgain())
    world.fail_over()
    assert world.acknowledge().reason == NOW_IT_IS
