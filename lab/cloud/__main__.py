"""Runs the emulated AWS as a process: prints `ready <port>`, and ends on SIGTERM or when its standard input closes."""

from __future__ import annotations

import argparse
import gc
import logging
import signal
import sys
import threading
from pathlib import Path

from lab.cloud.server import CloudServer


def main() -> int:
    """Exit status 0 after an ordinary end, 1 when the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m lab.cloud", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--time-scale", type=float, default=60.0, help="AWS seconds in one lab second")
    parser.add_argument("--mailbox", type=Path, required=True, help="where e-mail is delivered (mbox)")
    parser.add_argument("--state-dir", type=Path, required=True, help="functions' code and logs")
    parser.add_argument("--die-with-stdin", action="store_true", help="end when standard input closes")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    options.state_dir.mkdir(parents=True, exist_ok=True)
    # What is imported and deployed stays; going through all of it again and again takes a tenth of that time.
    gc.set_threshold(50_000, 20, 20)
    try:
        server = CloudServer(options.port, options.time_scale, options.mailbox, options.state_dir)
    except OSError as error:
        print(f"port {options.port} cannot be used: {error.strerror}", file=sys.stderr)  # noqa: T201
        return 1
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: server.stop())
    if options.die_with_stdin:
        threading.Thread(target=_stop_with_stdin, args=(server,), name="stdin", daemon=True).start()
    gc.freeze()
    print(f"ready {server.port}", flush=True)  # noqa: T201
    server.serve()
    return 0


def _stop_with_stdin(server: CloudServer) -> None:
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    sys.exit(main())
