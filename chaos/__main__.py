"""`make chaos`: every case of the matrix, then thousands of drawn ones with two or three faults; or one case by its name.

    make chaos ARGS="--runs 5000 --seed 1"      other cases: the seed draws them
    make chaos ARGS="--situation rebuild"       a part of the matrix
    make chaos ARGS="--share 5 --seed 7"        a fifth of it, which the seed draws: something of every state and every fault
    make chaos ARGS="--case drawn-17"           one case again, with everything that happened in it

Exit status 0 when no promise was broken. A summary is written to runbooks/evidence/chaos/ with --keep, else to reports/chaos/.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from chaos import evidence
from chaos.case import Situation
from chaos.playing import Played, case_named, listed, play_all, play_one, record_calls
from chaos.share import share_of

ROOT = Path(__file__).resolve().parents[1]
KEPT, REPORTS = ROOT / "runbooks" / "evidence" / "chaos", ROOT / "reports" / "chaos"
DEFAULT_RUNS = 2000


def main(arguments: list[str] | None = None) -> int:
    """Exit status 0 when no case broke a promise, 1 when one did, 2 when there is no such case."""
    parser = argparse.ArgumentParser(prog="make chaos", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=DEFAULT_RUNS, help=f"drawn cases (default {DEFAULT_RUNS})")
    parser.add_argument(
        "--seed", type=int, default=1, help="of the first drawn case; each next one counts on (default 1)"
    )
    parser.add_argument("--case", help="play this one case, and print what happened in it")
    parser.add_argument("--workers", type=int, default=2, help="processes (default 2)")
    parser.add_argument(
        "--share",
        type=int,
        default=1,
        metavar="N",
        help="every Nth of the matrix's cases, drawn by --seed, with each state and each kind of fault (default 1: all)",
    )
    parser.add_argument("--no-matrix", action="store_true", help="only the drawn cases")
    parser.add_argument(
        "--record-calls", action="store_true", help="keep anew which calls a run makes, after a change of them"
    )
    parser.add_argument("--keep", action="store_true", help="write the summary to runbooks/evidence/chaos")
    parser.add_argument(
        "--situation",
        action="append",
        default=[],
        choices=list(Situation),
        help="only the matrix's cases in this situation (repeatable), and no drawn ones",
    )
    options = parser.parse_args(arguments)
    console = Console()
    if options.runs < 0 or options.seed < 0 or options.workers < 1 or options.share < 1:
        console.print("--runs and --seed count from 0, and --workers and --share from 1.")
        return 2
    if options.share > 1 and options.no_matrix:
        console.print("--share takes a part of the matrix, and --no-matrix leaves it out: give one of them.")
        return 2
    if options.record_calls:
        record_calls()
        return 0
    if options.case:
        return _one(options.case, console)
    return _all(options, console)


def _one(name: str, console: Console) -> int:
    try:
        case = case_named(name)
    except ValueError as error:
        console.print(str(error), markup=False, highlight=False)
        return 2
    played, story = play_one(case)
    console.print(f"{case.name}\n", *story, sep="\n", markup=False, highlight=False, soft_wrap=True)
    for told in played.broken:
        console.print(f"BROKEN {told}", markup=False, highlight=False, soft_wrap=True)
    return 1 if played.broken else 0


def _all(options: argparse.Namespace, console: Console) -> int:
    began = datetime.now(UTC)
    cases = [] if options.no_matrix else listed(options.situation)
    names = [case.name for case in share_of(cases, options.share, options.seed)]
    runs = 0 if options.situation else options.runs
    drawn = [f"drawn-{seed}" for seed in range(options.seed, options.seed + runs)]
    played: list[Played] = []
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("cases", total=len(names) + len(drawn))
        for one in play_all([*names, *drawn], options.workers):
            played.append(one)
            progress.advance(task)
            if one.broken:
                _tell(one, progress.console)
    summary = evidence.summarize(played, began, datetime.now(UTC), options.seed, len(cases))
    written = evidence.write(summary, KEPT if options.keep else REPORTS)
    broken = summary["broken"]
    console.print(
        f"{summary['cases']} cases ({summary['systematic']} of the matrix's {len(cases)}, and {summary['drawn']} drawn) in "
        f"{summary['seconds']:.0f} s, {broken} broke a promise: {written}",
        soft_wrap=True,
    )
    return 1 if broken else 0


def _tell(one: Played, console: Console) -> None:
    console.print(f"{one.name}: {'; '.join(one.broken)}", markup=False, highlight=False, soft_wrap=True)
    console.print(f'  again: make chaos ARGS="--case {one.reproduce}"', markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
