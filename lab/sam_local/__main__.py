"""Let `sam local invoke` reach a running lab: `python -m lab.sam_local`, beside `drlab up`. Ctrl-C ends it."""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from lab.commands.options import DEFAULT_CLOUD_PORT
from lab.sam_local.reach import reachable

# The address that Docker gives its bridge on a machine where it does not collide.
DEFAULT_BRIDGE = "172.17.0.1/16"


def main() -> int:
    """Exit status 2 when the lab does not answer, or the bridge is not there."""
    parser = argparse.ArgumentParser(prog="python -m lab.sam_local", description=__doc__)
    parser.add_argument("--cloud-port", type=int, default=DEFAULT_CLOUD_PORT, help="of the lab's AWS APIs")
    parser.add_argument("--bridge", default=DEFAULT_BRIDGE, help=f"the bridge's address (default {DEFAULT_BRIDGE})")
    options = parser.parse_args()
    console, ended = Console(), threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    try:
        with reachable(f"http://127.0.0.1:{options.cloud_port}", options.bridge) as endpoint:
            console.print(f"Functions in containers reach the lab at {endpoint}. Ctrl-C ends this.", soft_wrap=True)
            ended.wait()
    except (BotoCoreError, ClientError, OSError, ValueError) as error:
        console.print(f"drlab: the lab cannot be made reachable: {error}", style="bold red", markup=False)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
