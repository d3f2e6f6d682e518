"""Does the register get its majority from copies that hang, fail, forget or are outrun?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from memory_copies import MemoryCopy

from failover.application.leader_register import LeaderRegister, NoMajority
from failover.domain.leader_record import LeaderRecord, Refusal, fence, genesis, hand_over
from failover.domain.register_protocol import TRIES, Ballot, Copy, Versioned, agreed, majority, proposal

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FIRST = genesis("ap-southeast-2", NOW)
A, B, C = "ap-southeast-2", "us-west-2", "us-east-1"
Register = Callable[..., LeaderRegister]


@pytest.fixture
def copies() -> dict[str, MemoryCopy]:
    return {region: MemoryCopy() for region in (A, B, C)}


@pytest.fixture
def register(copies: dict[str, MemoryCopy]) -> Iterator[Register]:
    """Makes registers on `copies` that do not really pause between tries, and wait for every copy that does not hang."""
    executor = ThreadPoolExecutor(3 * TRIES)
    usual = {"writer": "test", "grace": timedelta(seconds=5), "executor": executor, "sleep": lambda _: None}
    yield lambda **fields: LeaderRegister(copies, **{**usual, **fields})
    for copy in copies.values():
        copy.let_go.set()
    executor.shutdown()


@pytest.fixture
def ours(register: Register) -> LeaderRegister:
    """A register whose copies all hold the first record."""
    made: LeaderRegister = register()
    made.initialise(FIRST)
    return made


def refused(outcome: LeaderRecord | Refusal) -> str:
    assert isinstance(outcome, Refusal), outcome
    return outcome.reason


def cut_off(copies: dict[str, MemoryCopy]) -> None:
    """What a run that crashed leaves behind: A and B have promised, and A alone has accepted its fence."""
    fenced, ballot = fence("run-1", NOW)(FIRST), Ballot(9, "crashed")
    assert isinstance(fenced, LeaderRecord)
    copies[A].held = Versioned(Copy(ballot, ballot, fenced), "accepted")
    copies[B].held = Versioned(replace(copies[B].held.copy, promise=ballot), "promised")


def accepts(copy: Copy) -> bool:
    return copy.accepted == copy.promise


@pytest.mark.scenario("F34", "F41")
def test_one_dark_copy_stops_nothing(ours: LeaderRegister, copies: dict[str, MemoryCopy]) -> None:
    copies[A].dark = True
    assert ours.read() == FIRST
    fenced = ours.change(fence("run-1", NOW))
    assert ours.read() == fenced


@pytest.mark.scenario("F41")
def test_two_dark_copies_stop_everything_and_each_copy_s_answer_is_told(
    ours: LeaderRegister, copies: dict[str, MemoryCopy]
) -> None:
    copies[A].dark = copies[C].dark = True
    told = r"ap-southeast-2 failed \(ReadTimeoutError\), us-east-1 failed \(ReadTimeoutError\), us-west-2 (has not )?answered"
    with pytest.raises(NoMajority, match=told):
        ours.read()
    with pytest.raises(NoMajority, match=told):
        ours.change(fence("run-1", NOW))


def test_a_copy_that_was_dark_during_a_change_is_brought_up_by_the_next(
    ours: LeaderRegister, copies: dict[str, MemoryCopy]
) -> None:
    copies[A].dark = True
    ours.change(fence("run-1", NOW))
    copies[A].dark = False
    opened = ours.change(hand_over("run-1", B, NOW, NOW))
    assert [copy.held.copy.value for copy in copies.values()] == [opened] * 3


@pytest.mark.scenario("F35")
def test_a_copy_that_hangs_does_not_slow_the_others(
    ours: LeaderRegister, register: Register, copies: dict[str, MemoryCopy]
) -> None:
    copies[A].let_go.clear()
    began = time.monotonic()
    assert isinstance(register(grace=timedelta(milliseconds=20)).change(fence("run-1", NOW)), LeaderRecord)
    assert ours.read().run == "run-1"
    assert time.monotonic() - began < 5, "the slow copy would have taken ten seconds a call"


def test_a_write_that_arrives_late_is_outvoted(
    ours: LeaderRegister, register: Register, copies: dict[str, MemoryCopy]
) -> None:
    """A's acceptance of the fence hangs, and lands only when the next change has been made by the others."""

    def hang_from_now_on(_: Copy) -> bool:
        copies[A].let_go.clear()
        return False

    copies[A].refuses = hang_from_now_on
    with ThreadPoolExecutor(3 * TRIES) as executor:
        theirs = register(executor=executor, grace=timedelta(milliseconds=500))
        fenced = theirs.change(fence("run-1", NOW))
        opened = theirs.change(hand_over("run-1", B, NOW, NOW))
        copies[A].refuses = lambda _: False
        copies[A].let_go.set()
    assert copies[A].held.copy.value == fenced
    assert ours.read() == opened
    copies[B].dark = True
    assert ours.change(lambda record: record) == opened


def test_what_has_become_impossible_is_not_waited_for(ours: LeaderRegister, copies: dict[str, MemoryCopy]) -> None:
    """With its own Region dark, a run that lost a race on another copy would wait out the timeout on each try."""
    copies[A].let_go.clear()
    copies[B].dark = copies[C].dark = True
    began = time.monotonic()
    with pytest.raises(NoMajority, match="ap-southeast-2 has not answered"):
        ours.read()
    with pytest.raises(NoMajority):
        ours.change(fence("run-1", NOW))
    assert time.monotonic() - began < 5


def test_copies_that_all_hang_are_not_waited_for_beyond_patience(
    ours: LeaderRegister, register: Register, copies: dict[str, MemoryCopy]
) -> None:
    for copy in copies.values():
        copy.let_go.clear()
    began = time.monotonic()
    with pytest.raises(NoMajority, match="has not answered"):
        register(patience=timedelta(milliseconds=50)).read()
    assert time.monotonic() - began < 5


def test_tries_are_bounded_and_pauses_random_and_growing(
    ours: LeaderRegister, register: Register, copies: dict[str, MemoryCopy]
) -> None:
    copies[A].dark = copies[B].dark = True
    before, pauses = copies[C].calls, list[float]()
    with pytest.raises(NoMajority, match=f"in {TRIES} tries"):
        register(sleep=pauses.append, draw=lambda: 0.5).change(fence("run-1", NOW))
    # A try ends at once when the first two have failed, and may then not have asked the third.
    assert copies[C].calls - before <= TRIES
    assert pauses == [0.025, 0.05, 0.1, 0.2, 0.2, 0.2, 0.2]


def test_a_refusal_rests_on_a_record_that_a_majority_holds(ours: LeaderRegister, copies: dict[str, MemoryCopy]) -> None:
    """One copy alone holds run-1's fence: refusing run-2 for it makes it so on a majority."""
    cut_off(copies)
    copies[B].dark = True
    assert "run-1 holds the fence" in refused(ours.change(fence("run-2", NOW)))
    assert copies[C].held.copy.value == copies[A].held.copy.value
    assert ours.read().run == "run-1"


def test_a_change_that_was_cut_off_and_not_seen_by_the_next_is_gone_for_good(
    ours: LeaderRegister, copies: dict[str, MemoryCopy]
) -> None:
    cut_off(copies)
    copies[A].dark = True
    fenced = ours.change(fence("run-2", NOW))
    copies[A].dark = False
    assert ours.read() == fenced
    assert "run-2 holds the fence" in refused(ours.change(fence("run-1", NOW)))


def test_what_no_two_copies_agree_on_is_not_read_until_the_next_change(
    ours: LeaderRegister, copies: dict[str, MemoryCopy]
) -> None:
    cut_off(copies)
    copies[C].dark = True
    with pytest.raises(NoMajority):
        ours.read()
    settled = ours.change(lambda record: record)
    assert ours.read() == settled


def test_no_two_changes_share_a_ballot(ours: LeaderRegister, copies: dict[str, MemoryCopy]) -> None:
    """Two functions may work for one run at once, under one name."""
    writers = set[str]()
    for _ in range(3):
        ours.change(lambda record: record)
        writers.add(copies[A].held.copy.accepted.writer)
    assert len(writers) == 3
    assert all(writer.startswith("test:") for writer in writers)


def test_each_try_outbids_the_one_before() -> None:
    """Even where the copies that answer have not heard of it."""
    steps = proposal(lambda current: current or FIRST, frozenset((A, B, C)), "test", False, lambda: 0.0)
    numbers = []
    next(steps)
    for _ in range(3):
        writes = steps.send({region: Versioned(Copy(value=FIRST), "1") for region in (A, B)})
        assert isinstance(writes, dict)
        numbers += [{write.copy.promise.number for write in writes.values()}]
        assert steps.send({}) == timedelta(0)
        steps.send({})
    assert numbers == [{1}, {2}, {3}]


def test_calls_that_still_queue_are_taken_back(copies: dict[str, MemoryCopy]) -> None:
    """Behind hanging calls they would only keep the next ones waiting."""
    copies[A].let_go.clear()
    with ThreadPoolExecutor(1) as executor:
        alone = LeaderRegister({A: copies[A]}, "test", timedelta(0), executor, timedelta(milliseconds=20))
        for _ in range(3):
            with pytest.raises(NoMajority):
                alone.read()
        copies[A].let_go.set()
    assert copies[A].calls <= 1


def test_a_lost_copy_has_no_say_while_another_is_dark(
    ours: LeaderRegister, register: Register, copies: dict[str, MemoryCopy]
) -> None:
    """A and B chose the fence, C was dark. With A's copy lost and B dark, C's old record is no ground for a second one."""
    copies[C].dark = True
    assert isinstance(ours.change(fence("run-1", NOW)), LeaderRecord)
    copies[C].dark, copies[B].dark = False, True
    copies[A].lose()
    with pytest.raises(NoMajority, match=r"ap-southeast-2 holds no record, us-east-1 answered, us-west-2 failed"):
        register().change(fence("run-2", NOW))
    with pytest.raises(NoMajority, match="ap-southeast-2 holds no record"):
        ours.read()
    copies[B].dark = False
    assert isinstance(register().change(fence("run-2", NOW)), Refusal)


def test_a_lost_copy_is_given_what_the_others_choose(ours: LeaderRegister, copies: dict[str, MemoryCopy]) -> None:
    copies[A].lose()
    fenced = ours.change(fence("run-1", NOW))
    assert copies[A].held.copy == copies[B].held.copy
    copies[B].dark = True
    assert ours.read() == fenced


def test_initialising_again_gives_a_lost_copy_its_record_back(
    ours: LeaderRegister, copies: dict[str, MemoryCopy]
) -> None:
    fenced = ours.change(fence("run-1", NOW))
    copies[B].lose()
    assert ours.initialise(genesis(B, NOW)) == fenced
    assert copies[B].held.copy.value == fenced


def test_a_proposal_of_which_nothing_came_gains_no_lost_copy(
    ours: LeaderRegister, copies: dict[str, MemoryCopy]
) -> None:
    """One that had accepted too early could make a majority for a record that two intact copies never chose."""
    copies[A].lose()
    copies[B].refuses = accepts
    with pytest.raises(NoMajority):
        ours.change(fence("run-1", NOW))
    assert copies[A].held.version is None


def test_a_lost_copy_stays_absent_while_the_others_hold_promises_alone(
    register: Register, copies: dict[str, MemoryCopy]
) -> None:
    """An initialisation that was cut off: a copy made of a promise would count for one that remembers."""
    for copy in copies.values():
        copy.refuses = accepts
    with pytest.raises(NoMajority):
        register().initialise(FIRST)
    for copy in copies.values():
        copy.refuses = lambda _: False
    copies[A].lose()
    assert refused(register().change(fence("run-1", NOW))) == "there is no leader record yet: initialise it first."
    assert copies[A].held.version is None


def test_two_lost_copies_stop_every_change_and_are_not_mended(
    ours: LeaderRegister, copies: dict[str, MemoryCopy]
) -> None:
    """The one that is left may have missed what the others chose: a person has to say."""
    copies[A].lose()
    copies[B].lose()
    assert "no leader record in ap-southeast-2, us-west-2" in refused(ours.change(fence("run-1", NOW)))
    with pytest.raises(NoMajority, match="no leader record in ap-southeast-2, us-west-2"):
        ours.initialise(genesis(B, NOW))
    assert copies[C].held.copy.value == FIRST


def test_initialising_never_overwrites(ours: LeaderRegister, register: Register) -> None:
    assert register().initialise(genesis(B, NOW)) == FIRST


def test_the_first_record_is_not_written_while_a_copy_is_silent(
    register: Register, copies: dict[str, MemoryCopy]
) -> None:
    """It might be the one that holds the record which the other two have lost."""
    copies[C].dark = True
    with pytest.raises(NoMajority):
        register().initialise(FIRST)
    copies[C].dark = False
    assert register().initialise(FIRST) == FIRST


@pytest.mark.parametrize("reached", [0, 1, 2])
def test_initialising_that_was_cut_off_is_finished_by_the_next(
    register: Register, copies: dict[str, MemoryCopy], reached: int
) -> None:
    """Cut off at the promises, or when `reached` copies had accepted the first record."""
    for region in (A, B, C)[reached:]:
        copies[region].refuses = accepts if reached else (lambda _: True)
    if reached < 2:
        with pytest.raises(NoMajority):
            register().initialise(FIRST)
    else:
        assert register().initialise(FIRST) == FIRST
    for copy in copies.values():
        copy.refuses = lambda _: False
    assert register().initialise(FIRST) == FIRST
    assert register().read() == FIRST


def test_a_change_before_the_first_record_is_refused_and_leaves_nothing(
    register: Register, copies: dict[str, MemoryCopy]
) -> None:
    reason = refused(register().change(fence("run-1", NOW)))
    assert reason.startswith("there is no leader record in ap-southeast-2, us-east-1, us-west-2: initialise it")
    assert all(copy.held.version is None for copy in copies.values())
    with pytest.raises(NoMajority):
        register().read()


@pytest.mark.parametrize(("copies", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (7, 4)])
def test_two_majorities_always_have_a_copy_in_common(copies: int, needed: int) -> None:
    assert majority(copies) == needed
    assert 2 * needed > copies


def test_equal_records_under_different_ballots_are_not_agreed_on() -> None:
    """A minority's proposal may repeat the value; and no ballot has two values, so both must be the same."""

    def held(number: int, record: LeaderRecord) -> Versioned:
        ballot = Ballot(number, "w")
        return Versioned(Copy(ballot, ballot, record), "1")

    other = genesis(B, NOW)
    assert agreed({A: held(1, FIRST), B: held(2, FIRST)}, 3) is None
    assert agreed({A: held(1, FIRST), B: held(1, other)}, 3) is None
    assert agreed({A: held(1, FIRST), B: held(1, FIRST), C: held(2, other)}, 3) == FIRST
