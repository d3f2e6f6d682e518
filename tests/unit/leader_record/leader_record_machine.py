"""Runs, tasks, a person and everything that can go wrong between them and the copies, as rules for hypothesis to play."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from interleavings import (
    LEASE_STEPS,
    MARGIN_STEPS,
    NEW,
    NOW,
    OLD,
    REGIONS,
    Mishap,
    Run,
    Steps,
    World,
    renews,
    violation,
)

from failover.domain.leader_record import acknowledge, reopen

TASKS = {"task-old-1": OLD, "task-old-2": OLD, "task-new": NEW}
PERSON = "person"
# To its end, or as often to somewhere within its first try.
TO_THE_END = 400
MOVES = st.sampled_from([TO_THE_END] * 20 + list(range(20)))
MISHAPS = st.sampled_from([None, None, None, *Mishap])
LONGEST_PAUSE = LEASE_STEPS + MARGIN_STEPS


def one_of(which: str) -> st.SearchStrategy[str]:
    """Of those that the machine's method `which` names at this moment."""
    return st.runner().flatmap(lambda machine: st.sampled_from(getattr(machine, which)()))


class LeaderRecordMachine(RuleBasedStateMachine):
    """Four runs, of which two lead to each Region, against three tasks. What is under way goes on only when it is let.

    One that is never let again has crashed, and may hold the fence. A copy that is dark for what somebody does and not
    for what another does is a link that is cut.
    """

    wait_steps: ClassVar[int] = LEASE_STEPS + MARGIN_STEPS
    reached: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.runs = {f"run{number}": Run(f"run{number}", OLD if number % 2 else NEW) for number in range(4)}
        self.under_way: dict[str, Steps] = {}
        self.lost = False
        self.looked_at = 0
        self.broken: str | None = None

    def busy(self) -> list[str]:
        return sorted(self.under_way)

    def may_fence(self) -> list[str]:
        return [one.name for one in self._idle_runs() if one.held_since is None and one.last is None]

    def may_hand_over(self) -> list[str]:
        return [one.name for one in self._idle_runs() if one.held_since is not None]

    def may_reopen(self) -> list[str]:
        return [one.name for one in self._idle_runs() if one.tried]

    def may_renew(self) -> list[str]:
        return [name for name in TASKS if name not in self.under_way]

    def _idle_runs(self) -> list[Run]:
        return [one for name, one in self.runs.items() if name not in self.under_way and not one.over]

    def _begin(self, who: str, steps: Steps, moves: int) -> None:
        self.under_way[who] = steps
        self._let(who, moves)

    def _let(self, who: str, moves: int) -> None:
        for _ in range(moves):
            self.world.now += 1
            try:
                next(self.under_way[who])
            except StopIteration:
                del self.under_way[who]
                break
        self.world.mishaps.clear()

    @precondition(lambda self: self.may_fence())
    @rule(run=one_of("may_fence"), moves=MOVES)
    def fences(self, run: str, moves: int) -> None:
        self._begin(run, self.runs[run].fences(self.world), moves)

    @precondition(lambda self: self.may_hand_over())
    @rule(run=one_of("may_hand_over"), moves=MOVES)
    def waits_out_the_lease_and_hands_over(self, run: str, moves: int) -> None:
        since = self.runs[run].held_since
        assert since is not None
        self.world.now = max(self.world.now, since + self.wait_steps)
        self._begin(run, self.runs[run].hands_over(self.world), moves)

    @precondition(lambda self: self.may_reopen())
    @rule(run=one_of("may_reopen"), moves=MOVES)
    def reopens(self, run: str, moves: int) -> None:
        self._begin(run, self.runs[run].reopens(self.world), moves)

    @precondition(lambda self: PERSON not in self.under_way)
    @rule(moves=MOVES)
    def acknowledges(self, moves: int) -> None:
        def steps() -> Steps:
            yield from self.world.change(PERSON, acknowledge(NOW))

        self._begin(PERSON, steps(), moves)

    @precondition(lambda self: self.may_renew())
    @rule(task=one_of("may_renew"), moves=MOVES)
    def renews(self, task: str, moves: int) -> None:
        self._begin(task, renews(self.world, task, TASKS[task]), moves)

    @precondition(lambda self: self.under_way)
    @rule(who=one_of("busy"), moves=MOVES, mishap=MISHAPS)
    def goes_on(self, who: str, moves: int, mishap: Mishap | None) -> None:
        """`mishap` befalls its next call."""
        if mishap is not None:
            self.world.mishaps[who] = mishap
        self._let(who, moves)

    @rule(steps=st.integers(1, LONGEST_PAUSE))
    def time_passes(self, steps: int) -> None:
        self.world.now += steps

    @precondition(lambda self: self.world.late)
    @rule(number=st.integers(0, 7))
    def a_late_request_arrives(self, number: int) -> None:
        region, request = self.world.late.pop(number % len(self.world.late))
        self.world.objects[region].do(request)
        self.reached["late request"] += 1

    @rule(region=st.sampled_from([None, *REGIONS]))
    def a_copy_goes_dark(self, region: str | None) -> None:
        """The one that was dark before comes back: with two dark nothing moves."""
        self.world.dark = region

    @precondition(lambda self: all(one.copy for one in self.world.objects.values()))
    @rule(region=st.sampled_from(REGIONS))
    def a_copy_is_lost(self, region: str) -> None:
        """Not a second one before the first is filled: then the protocol promises nothing."""
        self.reached["a lost copy was filled"] += self.lost
        self.world.objects[region].copy = None
        self.lost = True

    @invariant()
    def every_promise_is_kept(self) -> None:
        told = len(self.world.seen) + len(self.world.leases) + len(self.world.holds)
        if told != self.looked_at:
            self.looked_at = told
            self.broken = violation(self.world)
            assert self.broken is None, self.broken

    def teardown(self) -> None:
        """Whichever copy is dark at the end, whoever asks is told of nothing older than was told before."""
        world = self.world
        if self.broken is not None:
            return
        for world.dark in REGIONS:
            for _ in world.change("the last", reopen("nobody", NOW)):
                world.now += 1
        self.every_promise_is_kept()
        self.reached["two held the fence"] += len(world.holds) > 1
        self.reached["the other Region led"] += any(lease.record.leader == NEW for lease, _ in world.leases)
        self.reached["a run crashed"] += any(name in self.runs for name in self.under_way)
        self.reached["a copy was lost"] += self.lost
        self.reached["acknowledged"] += any(one.record.hold_until and one.record.acknowledged for one in world.seen)
