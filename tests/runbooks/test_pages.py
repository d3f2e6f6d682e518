"""Can every runbook page be rehearsed at all, and be found?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lab.documentation.workflow import DEFINITION, REBUILD, REHEARSAL, load
from tests.runbooks.page import RUNBOOKS, Command, Cue, PageError, name_of, pages, steps


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_a_page_has_commands_that_the_lab_executes_and_says_what_they_print(page: Path) -> None:
    found = steps(page)
    commands = [one for one in found if isinstance(one, Command)]
    excused = [one for one in found if isinstance(one, Cue) and one.word == "aws-only"]
    assert len(commands) > len(excused), "a page of which nothing is executed proves nothing"
    assert all(len(one.rest.split()) > 2 for one in excused), "what runs on AWS only says why"
    for one in commands:
        assert not one.prints or one.prints.replace(".", "").split(), (
            f"line {one.line}: `...` alone is true of anything"
        )


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_a_page_says_first_when_to_use_it_and_the_index_leads_to_it(page: Path) -> None:
    title, _, rest = page.read_text(encoding="utf-8").partition("\n")
    assert title.startswith("# ")
    assert rest.strip().splitlines()[0].strip()
    folder = page.parent
    index = "\n".join(path.read_text() for path in {folder / "README.md", RUNBOOKS / "README.md"} if path.exists())
    assert f"({page.name})" in index or f"({name_of(page)}.md)" in index, "no index page leads to it"


def test_the_index_names_every_page_with_a_command_that_no_test_types() -> None:
    """One each: it says so."""
    excused = [
        name_of(page) for page in pages() for one in steps(page) if isinstance(one, Cue) and one.word == "aws-only"
    ]
    said = (RUNBOOKS / "README.md").read_text(encoding="utf-8").partition("\n| What you see")[0]
    assert sorted(re.findall(r"\]\(([^)]+)\.md\)", said)) == sorted(excused)


@pytest.mark.parametrize(("page", "workflow"), [("runs", DEFINITION), ("rebuilds", REBUILD), ("rehearsals", REHEARSAL)])
def test_the_page_of_a_run_that_took_too_long_says_how_long_that_is(page: str, workflow: Path) -> None:
    hours = {21_600: "six hours", 36_000: "ten hours"}[load(workflow)["TimeoutSeconds"]]
    assert hours in (RUNBOOKS / "alarms" / f"timed-out-{page}.md").read_text(encoding="utf-8")


def test_a_command_s_output_is_compared_word_by_word_and_dots_stand_for_anything() -> None:
    page = Command(1, "drlab status", "Leader   us-west-2, open, epoch ..., since ...\n...\nno run in progress")
    assert page.difference("Leader us-west-2, open, epoch 3, since 2026\nLast run x\nno run in progress\n") is None
    told = page.difference("Leader ap-southeast-2, open, epoch 3, since 2026\nno run in progress\n")
    assert told is not None
    assert "ap-southeast-2" in told
    assert Command(1, "true", "").difference("something\n")
    assert Command(1, "drlab readiness", "Check ... Seen").difference("Check         Seen\n") is None
    assert (
        Command(1, "drlab failover", "it is ....\n...\nIt ends.").difference("it is 1.\nand so on\nIt ends.\n") is None
    )


def test_commands_and_cues_come_in_the_order_of_the_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# Title\n\n<!-- lab: fault region-dark -->\n\n1. Look:\n\n   ```console\n   $ drlab status \\\n   >   --json\n"
        "   {\n   ...\n   $ true\n   ```\n\n   If not: go home.\n",
        encoding="utf-8",
    )
    assert steps(page) == [
        Cue(3, "fault", "region-dark"),
        Command(8, "drlab status \\\n  --json", "{\n..."),
        Command(12, "true", ""),
    ]


def test_a_block_that_does_not_begin_with_a_command_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.runbooks.page.RUNBOOKS", tmp_path)
    page = tmp_path / "page.md"
    page.write_text("# Title\n\n```console\nLeader us-west-2\n```\n", encoding="utf-8")
    with pytest.raises(PageError, match="line 4: a console block begins with"):
        steps(page)
