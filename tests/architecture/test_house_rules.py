"""Do the project's files keep the rules that no linter knows?"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    path
    for folder in ("functions", "webapi", "lab")
    for path in (ROOT / folder).rglob("*.py")
    if path.name != "__init__.py"
)
VAGUE_NAMES = {"utils", "util", "helper", "helpers", "manager", "common", "misc"}
LONGEST_MODULE_LINES = 330
LONGEST_FUNCTION_LINES = 60


def identity(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@pytest.mark.parametrize("path", MODULES, ids=identity)
def test_a_module_settles_one_question_and_says_which(path: Path) -> None:
    assert path.stem not in VAGUE_NAMES
    assert ast.get_docstring(parsed(path)), "a module starts by saying what it settles"


@pytest.mark.parametrize("path", MODULES, ids=identity)
def test_a_module_and_its_functions_stay_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_MODULE_LINES
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            assert node.end_lineno - node.lineno <= LONGEST_FUNCTION_LINES, f"{node.name} is long"


def test_no_two_test_modules_share_a_name() -> None:
    """pytest imports them by it, and a run that collects both ends in an error."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []


def test_what_a_lane_of_its_own_runs_lies_in_the_folder_that_the_lane_names() -> None:
    """The Makefile names it, so a drill elsewhere would never be run."""
    lanes = {"drill": "drills", "book": "runbooks", "sam": "sam"}
    marked = [
        (path.relative_to(ROOT / "tests").parts[0], lane)
        for path in (ROOT / "tests").rglob("test_*.py")
        for lane in lanes
        if f"pytest.mark.{lane}\n" in (text := path.read_text()) or f"pytest.mark.{lane}," in text
    ]
    assert {lane for _, lane in marked} == set(lanes)
    assert [(folder, lane) for folder, lane in marked if folder != lanes[lane]] == []


def test_lock_files_name_no_index_and_hash_everything() -> None:
    for lock in (ROOT / "requirements").glob("*.lock"):
        text = lock.read_text()
        assert "http://" not in text
        assert "https://" not in text
        pins = [line for line in text.splitlines() if "==" in line and not line.startswith(("#", " "))]
        assert pins
        assert text.count("--hash=sha256:") >= len(pins)
