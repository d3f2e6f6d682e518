"""Is every fault that must be survived proven to be, by tests that say so?"""

from __future__ import annotations

import re

from lab.documentation.scenarios import marked, scenarios

PROVEN = {name for one in marked() for name in one.scenarios}
KNOWN = [one.id for one in scenarios()]


def test_the_scenarios_are_numbered_without_a_gap() -> None:
    assert [f"F{number:02}" for number in range(1, len(KNOWN) + 1)] == KNOWN


def test_every_scenario_has_a_test_that_proves_its_outcome() -> None:
    assert sorted(set(KNOWN) - PROVEN) == []


def test_no_mark_names_a_scenario_that_there_is_not() -> None:
    unknown = {name: one.name for one in marked() for name in one.scenarios if name not in KNOWN}
    assert unknown == {}


def test_only_tests_are_marked_and_each_scenario_once() -> None:
    for one in marked():
        assert one.name.startswith("test_"), f"{one.path.name}: {one.name} is no test"
        assert one.path.name.startswith("test_"), f"{one.path.name} is not collected"
        assert len(set(one.scenarios)) == len(one.scenarios), f"{one.name} names a scenario twice"


def test_a_scenario_says_its_outcome_in_sentences_and_names_a_source() -> None:
    for one in scenarios():
        assert one.fault.endswith(".")
        assert one.outcome.endswith(".")
        assert re.match(r"https://[\w.-]+/", one.source), one.id
