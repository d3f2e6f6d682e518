"""Which cases are there? Each call of each state with each fault, and what befalls functions, Regions, runs and events."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

from chaos.case import Case, Situation, Then
from chaos.faults import BEFORE, Fault, Kind, OfDarkness, OfEvent, OfExecution, OfFunction, OfRegion
from chaos.installation import PRIMARY, REGIONS
from chaos.interpreter import FAILOVER, REBUILDING, REHEARSING, Workflow
from chaos.plot import WAIT_STATE
from chaos.unfolding import PROBE
from chaos.world import World, unfolding_of

# Whose calls are tried in which situation: each state once, where it matters most, and the register's changes in the dark.
ONLY = {
    Situation.CUT_OFF: None,
    Situation.ASKED: ("AwaitApproval",),
    Situation.REFUSED: ("StandDown",),
    Situation.DARK: ("FencePrimary", "OpenSecondary"),
    # For whole Regions only.
    Situation.DOWN: (),
    # Where a switchover does something else than a failover.
    Situation.SWITCHOVER: ("CheckPrimaryHealth", "WarmSecondary", "FencePrimary", "BoundDataLoss", "PromoteReplica"),
    # Where a database comes about in another way than by the promotion of a replica.
    Situation.RESTORE: ("CheckSecondaryReadiness", "RestoreFromLatestSnapshot"),
    Situation.AURORA: ("CheckSecondaryReadiness", "FailoverGlobalCluster"),
    Situation.AURORA_SWITCHOVER: ("SwitchoverGlobalCluster",),
    Situation.REBUILD: None,
    Situation.REHEARSAL: None,
    Situation.REHEARSAL_OF_DAMAGE: ("RehearseRestore",),
}
# Those calls that another situation has as well are tried there.
AS_IN = {Situation.REHEARSAL_OF_DAMAGE: Situation.REHEARSAL}
PLANNED_ONLY = ("WarmSecondary",)
# In place of PromoteReplica, each in a situation of its own.
IN_ITS_PLACE = {
    "RestoreFromLatestSnapshot": Situation.RESTORE,
    "FailoverGlobalCluster": Situation.AURORA,
    "SwitchoverGlobalCluster": Situation.AURORA_SWITCHOVER,
}
TASKS = FAILOVER.tasks
ENTERED = tuple(state for state in TASKS if state not in (*PLANNED_ONLY, *IN_ITS_PLACE))
# Those that a run enters by itself, in each kind of run.
ON_THE_WAY = tuple(state for state in ENTERED if state not in ("AwaitApproval", "StandDown"))
SWITCHED = tuple(state for state in TASKS if state in (*ON_THE_WAY, *PLANNED_ONLY))
# No request to AWS is behind these: they are refused in no way of AWS's, and nothing of them is on its way.
OWN = ("http", "postgres")
OWN_KINDS = (Kind.DIES_BEFORE, Kind.DIES_AFTER, Kind.ANSWER_LOST, Kind.TIMES_OUT, Kind.TIMES_OUT_FOR_EVER)
# In the dark a copy is missing already; what matters is which call of the other two is the last.
DARK_KINDS = (Kind.DIES_BEFORE, Kind.DIES_AFTER, Kind.ANSWER_LOST, Kind.LANDS_LATE, Kind.TIMES_OUT_FOR_EVER)
# Where each call is one that is tried in full elsewhere: a question that is not answered ends in one of these ways.
BRIEF = (
    *(Situation.RESTORE, Situation.AURORA, Situation.AURORA_SWITCHOVER, Situation.REBUILD),
    *(Situation.REHEARSAL, Situation.REHEARSAL_OF_DAMAGE),
)
BRIEF_KINDS = (Kind.DIES_AFTER, Kind.TIMES_OUT_FOR_EVER, Kind.DENIED_FOR_EVER)
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceToPointInTime.html
OF_MAKING = (Kind.NO_ROOM, Kind.NO_ROOM_FOR_EVER)
MAKES = ("rds.RestoreDBInstance", "rds.CreateDBInstance")
# A question that arrives late, or whose answer is lost, is one that was not answered.
OF_WRITES = (Kind.LANDS_LATE, Kind.ANSWER_LOST, Kind.DIES_BEFORE)
READS = ("Get", "Describe", "List")
CALLS = Path(__file__).with_name("calls.json")
Calls = list[tuple[str, str, int]]
# None: those by which the minute's probe takes the fence away from a run that was aborted.
Recorded = dict[Situation | None, Calls]
ABANDONED = Case(Situation.CUT_OFF, (Fault("BoundDataLoss", OfExecution.ABORTED_BEFORE),))


def recorded(world: World) -> Recorded:
    """The calls of a run without a fault, in each situation."""
    found: Recorded = {}
    for situation in (one for one in Situation if ONLY[one] != ()):
        world.play(Case(situation))
        found[situation] = list(world.gate.calls)
    world.play(ABANDONED)
    found[None] = [
        (state, what, number)
        for state, what, number in world.gate.calls
        if state == PROBE and _writes(what) and not what.startswith(OWN)
    ]
    return found


def kept() -> Recorded:
    """The same, as it was kept."""
    stored = json.loads(CALLS.read_text(encoding="utf-8"))
    return {
        None if name == ABANDONED.name else Situation(name): [_call(one) for one in stored[name]] for name in stored
    }


def keep(calls: Recorded) -> None:
    """A line a call, so that a change of the functions shows."""
    shown = {
        situation or ABANDONED.name: [f"{one[0]}/{one[1]}#{one[2]}" for one in found]
        for situation, found in calls.items()
    }
    CALLS.write_text(json.dumps(shown, indent=1) + "\n", encoding="utf-8")


def _call(line: str) -> tuple[str, str, int]:
    state, _, rest = line.partition("/")
    what, _, number = rest.rpartition("#")
    return state, what, int(number)


def all_cases(calls: Recorded) -> list[Case]:
    """Every case, each once, in the order of the states."""
    cases = [
        *(Case(situation) for situation in Situation),
        *_of_calls(calls),
        *_of_functions(),
        *_of_regions(calls),
        *_of_executions(),
        *_of_events(),
        *of_darkness(),
    ]
    return list(dict.fromkeys(cases))


def drawn(calls: Recorded, seed: int) -> Case:
    """A case with two faults or three, the same for the same seed."""
    draw = random.Random(seed)  # noqa: S311 - it chooses, and keeps no secret
    situation = draw.choice([one for one in Situation if one is not Situation.DOWN])
    cases = [case for case in all_cases(calls) if case.situation is situation and not _dark(case)]
    known = [fault for case in cases for fault in case.faults]
    elsewhere = [case for case in _of_functions() if workflow_of(case.situation) is workflow_of(situation)]
    known += [case.faults[0] for case in elsewhere if situation is Situation.CUT_OFF or draw.random() < 0.5]
    known += _some_calls(calls[situation], draw)
    known = [fault for fault in known if not _polled_for_long(fault)]
    faults = tuple(dict.fromkeys(draw.sample(known, draw.choice((2, 2, 3)))))
    return Case(situation, faults, draw.choice(list(Then)))


def workflow_of(situation: Situation) -> Workflow:
    """Whose run it is that faults befall."""
    return unfolding_of(situation).workflow


def _dark(case: Case) -> bool:
    return any(isinstance(one.kind, OfDarkness) for one in case.faults)


def _some_calls(calls: Calls, draw: random.Random) -> Iterator[Fault]:
    for state, what, number in draw.sample(calls, 20):
        yield Fault(state, draw.choice(_kinds(what)), what, number)


def _kinds(what: str) -> tuple[Kind, ...]:
    if what.startswith(OWN):
        return OWN_KINDS
    kinds = (kind for kind in Kind if what.startswith(MAKES) or kind not in OF_MAKING)
    return tuple(kind for kind in kinds if _writes(what) or kind not in OF_WRITES)


def _kinds_in(situation: Situation, what: str) -> tuple[Kind, ...]:
    if situation is Situation.DARK:
        return DARK_KINDS
    if situation in BRIEF and (what.startswith(OWN) or not _writes(what)):
        return BRIEF_KINDS if not what.startswith(OWN) else (Kind.DIES_AFTER, Kind.TIMES_OUT_FOR_EVER)
    return _kinds(what)


def _polled_for_long(fault: Fault) -> bool:
    """What never comes is asked for as often as the workflow has it, which takes a minute to play: once."""
    if fault.kind is Kind.NO_ROOM_FOR_EVER:
        return fault.state != "RestoreFromLatestSnapshot"
    return fault.state == "RehearseRestore" and fault.what.startswith("postgres") and fault.for_ever


def _writes(what: str) -> bool:
    return not what.split(".")[1].startswith(READS)


def _of_calls(calls: Recorded) -> Iterator[Case]:
    for situation in (one for one in Situation if one in calls):
        for state, what, number in calls[situation]:
            wanted = ONLY[situation]
            if state == PROBE or (wanted is not None and state not in wanted):
                continue
            if situation in AS_IN and (state, what, number) in calls[AS_IN[situation]]:
                continue
            if situation is Situation.DARK and what.endswith(PRIMARY):
                continue
            faults = (Fault(state, kind, what, number) for kind in _kinds_in(situation, what))
            for one in faults:
                elsewhere = situation in AS_IN or one.kind is Kind.NO_ROOM_FOR_EVER
                if not (elsewhere and _polled_for_long(one)):
                    yield Case(situation, (one,))
    for state, what, number in calls[None]:
        for kind in _kinds(what):
            yield Case(Situation.CUT_OFF, (*ABANDONED.faults, Fault(state, kind, what, number)))


def _of_functions() -> Iterator[Case]:
    for situation, state in (_place("ReceiveAlarm"), *_places()):
        for kind in OfFunction:
            yield Case(situation, (Fault(state, kind),))


def _of_regions(calls: Recorded) -> Iterator[Case]:
    """Those Regions that a state's function calls at all."""
    for situation, state in (_place("ReceiveAlarm"), *_places()):
        for region in REGIONS:
            if any(one == state and what.endswith(region) for one, what, _ in calls[situation]):
                for kind in OfRegion:
                    yield Case(situation, (Fault(state, kind, region),))


def _of_executions() -> Iterator[Case]:
    for situation, state in (*_places(), _place(WAIT_STATE)):
        for kind in OfExecution:
            for then in Then:
                yield Case(situation, (Fault(state, kind),), then)


def _of_events() -> Iterator[Case]:
    for situation, state in (*_places(), _place(WAIT_STATE)):
        for kind in OfEvent:
            yield Case(situation, (Fault(state, kind),))


def of_darkness() -> Iterator[Case]:
    """Each Region, and each two of them, before a run and from every state of it on: of a failover and of a switchover."""
    sets = [dark for size in (1, 2) for dark in combinations(REGIONS, size)]
    for situation, states in ((Situation.DOWN, ON_THE_WAY), (Situation.SWITCHOVER, SWITCHED)):
        for state in (BEFORE, *states, WAIT_STATE):
            for dark in sets:
                yield Case(situation, (Fault(state, OfDarkness.DARK, ",".join(dark)),))


def _places() -> Iterator[tuple[Situation, str]]:
    """Each state in the situation in which a failover enters it, and each that another run enters."""
    yield from (_place(state) for state in (*ENTERED, *IN_ITS_PLACE))
    yield from ((Situation.SWITCHOVER, state) for state in SWITCHED)
    yield from ((Situation.REBUILD, state) for state in REBUILDING.tasks)
    yield from ((Situation.REHEARSAL, state) for state in REHEARSING.tasks)


def _place(state: str) -> tuple[Situation, str]:
    return situation_of(state), state


def situation_of(state: str) -> Situation:
    """Where a state is entered at all."""
    ends = {"AwaitApproval": Situation.ASKED, "StandDown": Situation.REFUSED, **IN_ITS_PLACE}
    return ends.get(state, Situation.CUT_OFF)
