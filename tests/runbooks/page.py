"""What does a runbook page tell people to type, and what does it say they will see?

A page is Markdown. Each fenced `console` block holds commands after `$ `, each with what it prints. A comment
`<!-- lab: ... -->` is for the rehearsal alone: what the lab does before the next block.
"""

from __future__ import annotations

import doctest
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
RUNBOOKS = ROOT / "runbooks"
PROMPT, MORE = "$ ", "> "
CUE = re.compile(r"<!--\s*lab:\s*(\S+)\s*(.*?)\s*-->", re.DOTALL)
TOLERANT = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class PageError(ValueError):
    """A page that cannot be rehearsed; the text says which line and why."""


@dataclass(frozen=True)
class Command:
    """What is typed, what it prints (`...` stands for anything), and where the page says so."""

    line: int
    text: str
    prints: str

    def difference(self, printed: str) -> str | None:
        """How `printed` differs from the page, None when it is as the page says."""
        checker = doctest.OutputChecker()
        # An empty column leaves nothing between two spaces.
        want = re.sub(r" \.\.\. (?=\S)", " ...", f"{self.prints}\n") if self.prints else ""
        got = printed
        if checker.check_output(want, got, TOLERANT):
            return None
        return checker.output_difference(doctest.Example(self.text, want), got, TOLERANT)


@dataclass(frozen=True)
class Cue:
    """What the lab does, or what it must know about the next block."""

    line: int
    word: str
    rest: str


def pages() -> list[Path]:
    """The procedures, the alarms' pages and the game days; not the index pages, nor what is only read."""
    found = [*RUNBOOKS.glob("*.md"), *RUNBOOKS.glob("alarms/*.md"), *RUNBOOKS.glob("gamedays/*.md")]
    generated = {"README.md", "fault-scenarios.md"}
    return sorted(path for path in found if path.name not in generated)


def name_of(page: Path) -> str:
    return page.relative_to(RUNBOOKS).with_suffix("").as_posix()


def steps(page: Path) -> list[Command | Cue]:
    """In the order of the page. Raises PageError."""
    found: list[Command | Cue] = []
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        line = token.map[0] + 1 if token.map else 0
        if token.type == "html_block":
            found += [Cue(line, word, " ".join(rest.split())) for word, rest in CUE.findall(token.content)]
        elif token.type == "fence" and token.info.strip() == "console":
            found += _commands(token.content, line + 1, page)
    return found


def _commands(block: str, first: int, page: Path) -> Iterator[Command]:
    typed: list[str] = []
    printed: list[str] = []
    at = first
    for number, line in enumerate(block.splitlines(), first):
        if line.startswith(PROMPT):
            if typed:
                yield Command(at, "\n".join(typed), "\n".join(printed))
            typed, printed, at = [line.removeprefix(PROMPT)], [], number
        elif typed and not printed and typed[-1].endswith("\\"):
            typed.append(line.removeprefix(MORE))
        elif typed:
            printed.append(line)
        else:
            raise PageError(f"{name_of(page)}, line {number}: a console block begins with `$ `")
    if typed:
        yield Command(at, "\n".join(typed), "\n".join(printed))
