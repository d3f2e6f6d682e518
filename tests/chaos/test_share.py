"""Is a share of the matrix as large as it says, of everything something, and another with another seed?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chaos import __main__ as command
from chaos import matrix
from chaos.case import Case
from chaos.faults import Kind, OfDarkness, OfEvent, OfExecution, OfFunction, OfRegion
from chaos.playing import Played
from chaos.share import share_of

CASES = matrix.all_cases(matrix.kept())
KINDS = (Kind, OfFunction, OfRegion, OfDarkness, OfExecution, OfEvent)


@pytest.mark.parametrize("every", [2, 5, 100, 100_000])
def test_every_state_every_situation_and_every_kind_of_fault_is_in_every_share(every: int) -> None:
    taken = share_of(CASES, every, seed=1)
    assert len(taken) == len(set(taken)) >= len(CASES) / every
    assert {case.situation for case in taken} == {case.situation for case in CASES}
    assert states(taken) == states(CASES)
    kinds = {fault.kind for case in taken for fault in case.faults}
    assert kinds == {kind for each in KINDS for kind in each}


def test_a_fifth_is_about_a_fifth() -> None:
    assert len(CASES) / 5 <= len(share_of(CASES, 5, seed=1)) <= len(CASES) / 4


def test_a_seed_draws_the_same_share_again_and_another_one_another() -> None:
    assert share_of(CASES, 5, seed=1) == share_of(CASES, 5, seed=1)
    assert len(set(share_of(CASES, 5, seed=1)) - set(share_of(CASES, 5, seed=2))) > 100


def test_a_share_of_one_is_all_in_order() -> None:
    assert share_of(CASES, 1, seed=7) == CASES


def test_the_summary_says_how_many_of_how_many(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "play_all", lambda names, _: [Played(name, name, (), 0, (), ()) for name in names])
    monkeypatch.setattr(command, "REPORTS", tmp_path)
    assert command.main(["--share", "5", "--runs", "3"]) == 0
    taken = len(share_of(CASES, 5, seed=1))
    told = capsys.readouterr().out
    assert f"{taken + 3} cases ({taken} of the matrix's {len(CASES)}, and 3 drawn)" in told
    report = re.search(r"promise: (.+\.md)", told)
    assert report is not None
    assert f"{taken} of the matrix's {len(CASES)} cases" in Path(report[1]).read_text()


@pytest.mark.parametrize("arguments", [["--share", "0"], ["--share", "5", "--no-matrix"]])
def test_a_share_of_nothing_is_refused_in_a_sentence(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(arguments) == 2
    assert "--share" in capsys.readouterr().out


def states(cases: list[Case]) -> set[str]:
    return {fault.state for case in cases for fault in case.faults}
