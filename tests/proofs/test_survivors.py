"""Is every mutant that the tests did not notice told, unless it is explained word for word?"""

from __future__ import annotations

import json
from pathlib import Path

from proofs.mutate import EXPLAINED, KILLED, TIMEOUT
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


def test_a_survivor_is_explained_word_for_word_and_with_a_reason() -> None:
    assert unexplained([SURVIVOR], [ENTRY], (KILLED,)) == []
    assert unexplained([SURVIVOR], [{**ENTRY, "why": ""}], (KILLED,)) == [SURVIVOR]
    assert unexplained([SURVIVOR], [{**ENTRY, "becomes": "return a > b"}], (KILLED,)) == [SURVIVOR]


def test_every_explanation_is_about_a_line_that_still_stands() -> None:
    root = Path(__file__).parents[2] / "functions"
    for one in json.loads(EXPLAINED.read_text()):
        module, _, function = one["function"].rpartition(".")
        source = (root / f"{module.replace('.', '/')}.py").read_text()
        assert one["was"] in source, one
        assert f"def {function}(" in source, one
