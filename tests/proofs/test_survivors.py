"""Is every mutant that the tests did not notice told, unless it is explained word for word?"""

from __future__ import annotations

import ast
import json
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from proofs.mutate import AREAS, EXPLAINED, KILLED, TIMEOUT, not_covered, play, stage
from proofs.survivors import Mutant, read_mutants, unexplained

MUTATED = """
def x_late__mutmut_orig(a, b):
    return a < b


def x_late__mutmut_1(a, b):
    return a <= b
"""
SURVIVOR = Mutant("failover.domain.lease.late", "return a < b", "return a <= b", 0)
ENTRY = {"function": SURVIVOR.function, "was": SURVIVOR.was, "becomes": SURVIVOR.becomes, "why": "they are never equal"}


def test_a_mutant_is_read_from_what_mutmut_left(tmp_path: Path) -> None:
    folder = tmp_path / "failover" / "domain"
    folder.mkdir(parents=True)
    (folder / "lease.py").write_text(MUTATED)
    codes = {"failover.domain.lease.x_late__mutmut_1": 0}
    (folder / "lease.py.meta").write_text(json.dumps({"exit_code_by_key": codes}))
    assert read_mutants(tmp_path) == [SURVIVOR]


def test_what_was_noticed_is_no_survivor_and_what_was_not_run_is_one() -> None:
    def left(code: int | None) -> list[Mutant]:
        one = Mutant(SURVIVOR.function, SURVIVOR.was, SURVIVOR.becomes, code)
        return unexplained([one], [], (KILLED, TIMEOUT))

    assert [left(KILLED), left(TIMEOUT)] == [[], []]
    no_test_reached_it = 33
    assert all(left(code) for code in (0, None, no_test_reached_it))


@pytest.mark.parametrize("given_more_time", [KILLED, 0, TIMEOUT])
def test_a_mutant_that_ran_out_of_time_is_asked_once_more_with_more_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given_more_time: int
) -> None:
    """mutmut ends a mutant by the clock: what a busy machine slowed down has not been noticed by any test."""
    given: list[float] = []

    def mutmut(*_: object, cwd: Path, **__: object) -> subprocess.CompletedProcess[str]:
        settings = tomllib.loads((cwd / "pyproject.toml").read_text())["tool"]["mutmut"]
        given.append(settings["timeout_constant"])
        folder = cwd / "mutants" / "src" / "failover" / "domain"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "lease.py").write_text(MUTATED)
        code = TIMEOUT if len(given) == 1 else given_more_time
        (folder / "lease.py.meta").write_text(
            json.dumps({"exit_code_by_key": {"failover.domain.lease.x_late__mutmut_1": code}})
        )
        return subprocess.CompletedProcess([], 0)

    stage(AREAS["refused-events"], tmp_path / "staged")
    monkeypatch.setattr(subprocess, "run", mutmut)
    assert [one.exit_code for one in play(tmp_path / "staged", 1)] == [given_more_time]
    at_first, once_more = given
    assert once_more > at_first


def test_a_survivor_is_explained_word_for_word_and_with_a_reason() -> None:
    assert unexplained([SURVIVOR], [ENTRY], (KILLED,)) == []
    assert unexplained([SURVIVOR], [{**ENTRY, "why": ""}], (KILLED,)) == [SURVIVOR]
    assert unexplained([SURVIVOR], [{**ENTRY, "becomes": "return a > b"}], (KILLED,)) == [SURVIVOR]


def test_every_explanation_is_about_a_line_that_still_stands() -> None:
    root = Path(__file__).parents[2] / "functions"
    for one in json.loads(EXPLAINED.read_text()):
        of, _, function = one["function"].rpartition(".")
        # A method's name has its class before it.
        module = of if (root / f"{of.replace('.', '/')}.py").is_file() else of.rpartition(".")[0]
        source = (root / f"{module.replace('.', '/')}.py").read_text()
        assert one["was"] in source, one
        assert f"def {function}(" in source, one


@pytest.mark.parametrize(
    ("becomes", "wording"),
    [
        ('return Refusal("XXNo request has this token.XX")', True),
        ('return Refusal("NO REQUEST HAS THIS TOKEN.")', True),
        ("return Refusal(None)", False),
        ('return Start("No request has this token.")', False),
    ],
)
def test_how_a_text_reads_is_told_apart_from_whether_there_is_one(becomes: str, wording: bool) -> None:
    mutant = Mutant(SURVIVOR.function, 'return Refusal("No request has this token.")', becomes, 0)
    assert mutant.of_wording is wording
    assert unexplained([mutant], [], (KILLED, TIMEOUT)) == ([] if wording else [mutant])


def test_a_text_inside_another_is_wording_too() -> None:
    was = """f"It is at {place or 'no known place'}." """
    assert Mutant("f", was, was.replace("no known place", "XXno known placeXX"), 0).of_wording


def test_a_word_without_a_space_may_be_a_key_and_is_no_wording() -> None:
    assert not Mutant("f", 'return data["key"]', 'return data["KEY"]', 0).of_wording


@pytest.mark.parametrize("module", sorted({one for area in AREAS.values() for one in area.modules}))
def test_no_literal_with_a_space_decides_anything(module: str) -> None:
    """Such a literal is taken for wording when its mutants survive: it must be no key, and be compared with nothing."""
    tree = ast.parse((Path(__file__).parents[2] / "functions/failover" / module).read_text())
    assert [text for node in ast.walk(tree) for text in _deciding(node) if " " in text] == []


def test_every_module_of_decisions_is_asked_about_or_told_to_be_in_no_area() -> None:
    root = Path(__file__).parents[2] / "functions" / "failover"
    asked = [one for area in AREAS.values() for one in area.modules]
    assert len(asked) == len(set(asked))
    assert all((root / one).is_file() for one in asked)
    told = {*asked, *not_covered()}
    assert told >= {one.relative_to(root).as_posix() for one in (root / "domain").rglob("*.py") if one.name[0] != "_"}


def _deciding(node: ast.AST) -> Iterator[str]:
    """The literals in `node` by which it looks something up, or with which it compares."""
    match node:
        case ast.Compare():
            parts: list[ast.AST | None] = [node.left, *node.comparators]
        case ast.Subscript():
            parts = [node.slice]
        case ast.Dict():
            parts = [*node.keys]
        case ast.Call(func=ast.Attribute(attr="get" | "startswith" | "endswith" | "fullmatch")):
            parts = [*node.args]
        case _:
            parts = []
    for part in parts:
        for inner in ast.walk(part) if part is not None else ():
            if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                yield inner.value
