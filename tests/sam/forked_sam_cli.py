"""SAM CLI's own command, imported once and forked for each call: its imports are four fifths of what it computes.

SAM CLI's own Python runs this file. For each line of JSON from its input it forks a process that has the arguments, folder,
environment and output which `sam` would be started with, and calls what `sam` calls; it answers with that exit status.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from typing import Any


def main() -> None:
    from samcli.cli.main import cli
    from samcli.commands.local.invoke import cli as _loaded  # noqa: F401 -- what `sam local invoke` would import

    gc.freeze()
    # Not by iteration, which reads ahead: a child has the same input.
    while line := sys.stdin.readline():
        if (child := os.fork()) == 0:
            become(json.loads(line))
            cli(prog_name="sam")
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


def become(call: dict[str, Any]) -> None:
    """As a process is that a shell starts."""
    outputs = (os.open(call[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600) for name in ("stdout", "stderr"))
    for number, file in enumerate((os.open(os.devnull, os.O_RDONLY), *outputs)):
        os.dup2(file, number)
        os.close(file)
    os.chdir(call["folder"])
    os.environ.clear()
    os.environ.update(call["environment"])
    sys.argv[1:] = call["arguments"]


if __name__ == "__main__":
    main()
