"""How does a task start without importing its libraries first? It imports them, then waits to be told where to listen.

Stands for a host that has the image already. Standard input: one line, the service's arguments as a JSON list; none at
all ends the process.
"""

from __future__ import annotations

import json
import os
import sys

from lab.region.task_role import take_on
from webapi.service.__main__ import main


def wait_and_serve() -> int:
    """The service's exit code; 0 when its input ends first."""
    # Nobody reads what a task prints: it belongs in the log, which is where standard error goes.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    line = sys.stdin.readline()
    if not line:
        return 0
    take_on()
    return main(json.loads(line))


if __name__ == "__main__":
    sys.exit(wait_and_serve())
