"""Which mutants did the tests not notice, and which of those are explained?"""

from __future__ import annotations

import ast
import difflib
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Mutant:
    """One change: in which function, what stood there, and what stands there now. `exit_code` is the tests'; None: not run."""

    function: str
    was: str
    becomes: str
    exit_code: int | None

    @property
    def of_wording(self) -> bool:
        """Whether nothing but how a text reads was changed: its capitals, or marks around it.

        A text is a literal with a space in it. tests/proofs holds that no module of an area uses such a literal to decide.
        """
        return any(
            self.becomes == self.was.replace(text, reads, 1)
            for text in (*re.findall(r'"[^"]*"', self.was), *re.findall(r"'[^']*'", self.was))
            if " " in text
            for reads in (f"{text[0]}XX{text[1:-1]}XX{text[0]}", text.lower(), text.upper())
        )

    def told(self) -> str:
        return f"{self.function}: {self.was} -> {self.becomes}"


def read_mutants(folder: Path) -> list[Mutant]:
    """What mutmut left in its tree of mutated sources."""
    found = []
    for meta in sorted(folder.rglob("*.meta")):
        codes = json.loads(meta.read_text())["exit_code_by_key"]
        if codes:
            bodies = _bodies(meta.with_suffix(""))
            module = meta.relative_to(folder).as_posix().removesuffix(".py.meta").replace("/", ".")
            found += [_mutant(module, key.rpartition(".")[2], code, bodies) for key, code in codes.items()]
    return found


def unexplained(
    mutants: Sequence[Mutant], explained: Sequence[dict[str, Any]], noticed: Collection[int]
) -> list[Mutant]:
    """The survivors, but those of wording, that no entry `{function, was, becomes, why}` names.

    What was not run, or met no test, survived.
    """
    known = {(one["function"], one["was"], one["becomes"]) for one in explained if one["why"]}
    survivors = [one for one in mutants if one.exit_code not in noticed and not one.of_wording]
    return [one for one in survivors if (one.function, one.was, one.becomes) not in known]


def _bodies(source: Path) -> dict[str, list[str]]:
    text = source.read_text()
    lines = text.splitlines()
    return {
        node.name: lines[node.lineno : node.end_lineno]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def _mutant(module: str, name: str, code: int | None, bodies: dict[str, list[str]]) -> Mutant:
    """mutmut names the mutants of a function x_NAME__mutmut_1 and so on, and the function itself x_NAME__mutmut_orig."""
    function = name.rpartition("__mutmut_")[0]
    lines = list(
        difflib.ndiff(_stripped(bodies[f"{function}__mutmut_orig"], function), _stripped(bodies[name], function))
    )
    plain = function.removeprefix("xǁ").removeprefix("x_").replace("ǁ", ".")
    was, becomes = (" ".join(line[2:] for line in lines if line.startswith(sign)) for sign in ("- ", "+ "))
    return Mutant(f"{module}.{plain}", was, becomes, code)


def _stripped(lines: list[str], function: str) -> list[str]:
    return [line.strip() for line in lines if f"{function}__mutmut_" not in line]
