"""How is a page's command typed? Into one shell for the whole page, in the repository's folder, as its reader does."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from datetime import timedelta

from lab.host.processes import Processes
from tests.runbooks.page import ROOT

LONGEST_COMMAND = timedelta(seconds=90)


class Terminal:
    """A shell among a lab's processes: the lab ends it. `known` are the variables that the reader has set."""

    def __init__(self, processes: Processes, known: Mapping[str, str]) -> None:
        path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
        self._shell = processes.start(
            ["bash", "--noprofile", "--norc", "-c", f"cd '{ROOT}' && exec bash --noprofile --norc 2>&1"],
            name="the reader's shell",
            env={**known, "PATH": path, "NO_COLOR": "1", "AWS_PAGER": ""},
            piped=True,
        )

    def know(self, name: str, value: str) -> None:
        """From now on the reader has set this variable."""
        self.type(f"export {name}='{value}'")

    def type(self, command: str) -> tuple[str, int]:
        """What it prints, standard error included, and its exit status. Raises ProcessFailed when it hangs."""
        over = uuid.uuid4().hex
        self._shell.send_line(f"{{ {command}\n}} </dev/null\nprintf '\\n{over} %d\\n' $?")
        printed: list[str] = []
        while not (line := self._shell.read_line(LONGEST_COMMAND)).startswith(over):
            printed.append(line)
        text = "\n".join(printed).rstrip()
        return (f"{text}\n" if text else ""), int(line.split()[1])
