"""Is a workflow's definition read by the grammar once, and what is kept of it as good as what was read?"""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser, ASLParserException

from lab.cloud.step_functions.parsed_workflows import WORTH_KEEPING_CHARACTERS, kept

DEFINITION = (Path(__file__).parents[2] / "statemachines" / "failover.asl.json").read_text(encoding="utf-8")


class Counted:
    def __init__(self) -> None:
        self.read: list[str] = []

    def __call__(self, definition: str) -> tuple[str, str]:
        self.read.append(definition)
        return definition.upper(), "a tree"


@pytest.fixture
def grammar() -> Counted:
    return Counted()


LONG = "a" * WORTH_KEEPING_CHARACTERS


def test_a_definition_is_read_once_by_however_many_processes(grammar: Counted, tmp_path: Path) -> None:
    assert kept(grammar, tmp_path / "new")(LONG) == (LONG.upper(), "a tree")
    assert kept(grammar, tmp_path / "new")(LONG) == (LONG.upper(), None)
    assert grammar.read == [LONG]


def test_another_definition_is_read_too(grammar: Counted, tmp_path: Path) -> None:
    parse = kept(grammar, tmp_path)
    assert [parse(LONG)[0], parse(f"{LONG}b")[0], parse("short")[0], parse("short")[0]] == [
        LONG.upper(),
        f"{LONG}b".upper(),
        "SHORT",
        "SHORT",
    ]
    assert grammar.read == [LONG, f"{LONG}b", "short", "short"]


@pytest.mark.parametrize("damage", [b"", b"no pickle", pickle.dumps(1)[:-1]])
def test_a_damaged_file_is_written_anew(grammar: Counted, tmp_path: Path, damage: bytes) -> None:
    parse = kept(grammar, tmp_path)
    parse(LONG)
    (file,) = tmp_path.iterdir()
    file.write_bytes(damage)
    assert parse(LONG) == (LONG.upper(), "a tree")
    assert parse(LONG) == (LONG.upper(), None)


def test_a_folder_that_cannot_be_written_keeps_nothing_and_stops_nobody(grammar: Counted, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    parse = kept(grammar, tmp_path / "file")
    assert parse(LONG) == parse(LONG) == (LONG.upper(), "a tree")


def test_the_failover_workflow_comes_back_as_it_was_read(tmp_path: Path) -> None:
    parse = kept(AmazonStateLanguageParser.parse, tmp_path)
    read, loaded = parse(DEFINITION)[0], parse(DEFINITION)[0]
    assert len(list(tmp_path.iterdir())) == 1
    assert loaded is not read
    assert pickle.dumps(loaded) == pickle.dumps(pickle.loads(pickle.dumps(read)))  # noqa: S301 - just written


def test_a_definition_that_the_grammar_refuses_is_refused_every_time(tmp_path: Path) -> None:
    parse = kept(AmazonStateLanguageParser.parse, tmp_path)
    for _ in range(2):
        with pytest.raises(ASLParserException):
            parse(DEFINITION.replace('"States"', '"Stats"'))
