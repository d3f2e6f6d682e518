"""How are thousands of cases played, on every core, and each again by its name?"""

from __future__ import annotations

import multiprocessing
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache

from chaos import matrix
from chaos.case import Case, from_name
from chaos.history import History
from chaos.invariants import violations
from chaos.matrix import Recorded
from chaos.world import World, opened

DRAWN = "drawn-"
_open: list[tuple[World, ExitStack]] = []


@dataclass(frozen=True)
class Played:
    """A case and what it broke. `met` are those of its faults that had their occasion; `reproduce` names it to `--case`."""

    name: str
    reproduce: str
    faults: tuple[tuple[str, str], ...]
    met: int
    ended: tuple[str, ...]
    broken: tuple[str, ...]


def case_named(name: str) -> Case:
    """A case of the matrix or a drawn one. Raises ValueError."""
    if not name.startswith(DRAWN):
        return from_name(name)
    seed = name.removeprefix(DRAWN)
    if not seed.isdecimal():
        raise ValueError(f"{name} names no case: a drawn case is {DRAWN} and its seed, a whole number.")
    return matrix.drawn(_calls(), int(seed))


def listed(situations: Collection[str] = ()) -> list[Case]:
    """The matrix's cases, of these situations where some are named."""
    cases = matrix.all_cases(_calls())
    return [case for case in cases if not situations or case.situation in situations]


def record_calls() -> None:
    """Keep the calls of runs without a fault, from which every case is made."""
    with opened() as world:
        matrix.keep(matrix.recorded(world))


def play_one(case: Case) -> tuple[Played, list[str]]:
    """The case, and its story line by line."""
    with opened() as world:
        history = world.play(case)
        unmet = [f"{one.name} had no occasion" for one in case.faults if one not in world.gate.met]
        return _played(world, case, case.name, history), [*_story(history), *unmet]


def play_all(names: Iterable[str], workers: int) -> Iterator[Played]:
    """As they come in. Each worker has a world of its own."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers, initializer=_open_world) as pool:
        yield from pool.imap_unordered(_play, names, chunksize=8)


def _open_world() -> None:
    """For as long as the process lives."""
    stack = ExitStack()
    _open.append((stack.enter_context(opened()), stack))


def _play(name: str) -> Played:
    world, _ = _open[0]
    case = case_named(name)
    return _played(world, case, name, world.play(case))


@lru_cache(maxsize=1)
def _calls() -> Recorded:
    return matrix.kept()


def _played(world: World, case: Case, reproduce: str, history: History) -> Played:
    return Played(
        name=case.name,
        reproduce=reproduce,
        faults=tuple((one.state, str(one.kind)) for one in case.faults),
        met=len(world.gate.met & set(case.faults)),
        ended=tuple(f"{one.entered[-1] if one.entered else 'nothing'} {one.status}" for one in history.ended),
        broken=tuple(violations(case, history)),
    )


def _story(history: History) -> Iterator[str]:
    for at, record in history.chosen:
        yield f"{at:%H:%M:%S.%f} record: epoch {record.epoch}, {record.leader} {record.state}, by {record.run or 'nobody'}"
    for promotion in history.promotions:
        yield f"{promotion.at:%H:%M:%S.%f} promotion accepted, asked for by {promotion.run}"
    for region in (history.old, history.new):
        writes = [one.at for one in history.acknowledged if one.region == region]
        if writes:
            yield f"{len(writes)} writes acknowledged by {region}, {writes[0]:%H:%M:%S.%f} to {writes[-1]:%H:%M:%S.%f}"
    for run in history.ended:
        yield f"{run.run}: {run.status}: {' '.join(run.entered)}"
    for name, outcome in history.outcomes.items():
        yield f"outcome of {name}: {outcome['result']}: {outcome['summary']}"
    for name, told in history.reconciled.items():
        yield f"reconciled {name}: {told['told']}"
    for message in history.told:
        yield f"told: {message.subject}"
