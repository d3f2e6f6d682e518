"""Which faults must be survived, and which tests prove that each is? The page lists what the tests themselves say."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
SCENARIOS = TESTS / "scenarios" / "scenarios.yaml"
DOCUMENT = ROOT / "runbooks" / "fault-scenarios.md"
MARK = "scenario"

_HEAD = """\
# What goes wrong, and what happens then

<!-- Written by lab/documentation/scenarios.py from tests/scenarios/scenarios.yaml and the tests' marks: `make documents`.
Do not edit. -->

{count} faults, each with the only outcome that is safe. Below each stand the tests that prove it; `pytest -m scenario` runs
them all.
"""


@dataclass(frozen=True)
class Scenario:
    """A fault, the moment it strikes, the only safe outcome, and where that is known from."""

    id: str
    fault: str
    when: str
    outcome: str
    source: str


@dataclass(frozen=True)
class Marked:
    """A test, and the scenarios whose outcome it says that it proves."""

    path: Path
    name: str
    scenarios: tuple[str, ...]


def scenarios(path: Path = SCENARIOS) -> list[Scenario]:
    """By id. Raises TypeError when an entry has another key, or lacks one."""
    return sorted((Scenario(**one) for one in yaml.safe_load(path.read_text())), key=lambda one: one.id)


def marked(folder: Path = TESTS) -> list[Marked]:
    """Every function below `folder` that carries the mark, read from the source: nothing is imported."""
    return [one for path in sorted(folder.rglob("*.py")) for one in _marked_in(path)]


def render(known: Sequence[Scenario], proofs: Sequence[Marked]) -> str:
    """The page."""
    by_scenario: Mapping[str, list[Marked]] = {
        one.id: [proof for proof in proofs if one.id in proof.scenarios] for one in known
    }
    return "\n".join([_HEAD.format(count=len(known)), *(_section(one, by_scenario[one.id]) for one in known)])


def _section(one: Scenario, proofs: Sequence[Marked]) -> str:
    lines = [f"## {one.id}: {one.fault}", "", f"*{one.when}*: {one.outcome} [Source]({one.source})", ""]
    lines += [f"- [`{proof.name}`](../{proof.path.relative_to(ROOT).as_posix()})" for proof in proofs]
    return "\n".join([*lines, ""])


def _marked_in(path: Path) -> Iterator[Marked]:
    text = path.read_text(encoding="utf-8")
    if f"mark.{MARK}" not in text:
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            named = tuple(name for decorator in node.decorator_list for name in _names(decorator))
            named += tuple(dict.fromkeys(_names_of_cases(node.decorator_list)))
            if named:
                yield Marked(path, node.name, named)


def _names(decorator: ast.expr) -> Iterator[str]:
    """The ids in `@pytest.mark.scenario("F01", "F02")`."""
    if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute) and decorator.func.attr == MARK:
        for argument in decorator.args:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield argument.value


def _names_of_cases(decorators: Sequence[ast.expr]) -> Iterator[str]:
    """The ids in `pytest.param(..., marks=pytest.mark.scenario("F01"))`: of a table, only some rows may be a scenario's."""
    for decorator in decorators:
        for node in ast.walk(decorator):
            if isinstance(node, ast.keyword) and node.arg == "marks":
                yield from _names(node.value)
