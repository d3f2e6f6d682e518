"""What does `sam local invoke` print for a function and an event?

Its programs are forked from one that has imported SAM CLI (forked_sam_cli.py), or started as a shell starts them.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from container_engine import IMAGE, Engine
from emulator import SAM_ENVIRONMENT

from lab.settings import SECONDARY_REGION

# SAM CLI looks for the function's logs at the end; a call that hangs for longer has gone wrong.
INVOKED_WITHIN_SECONDS = 120
# The port of the discard service, which no machine has had for decades.
NOBODY_LISTENS = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Printed:
    """The function's answer, and everything else."""

    answer: Any
    log: str


class Started:
    """Each call is a program of its own, as a shell starts it."""

    def call(self, arguments: Sequence[str], environment: dict[str, str], folder: Path) -> tuple[str, str]:
        """What it printed to its output and to its error output. Raises subprocess.TimeoutExpired."""
        done = subprocess.run(
            [str(SAM_ENVIRONMENT / "bin" / "sam"), *arguments],
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=INVOKED_WITHIN_SECONDS,
        )
        return done.stdout, done.stderr


class Forked:
    """Each call is a fork of a program that has imported SAM CLI."""

    def __init__(self, program: subprocess.Popen[str]) -> None:
        self._program = program

    def call(self, arguments: Sequence[str], environment: dict[str, str], folder: Path) -> tuple[str, str]:
        """What it printed to its output and to its error output. Raises AssertionError where it did not end."""
        outputs = {name: folder / name for name in ("stdout", "stderr")}
        asked = {"arguments": arguments, "environment": environment, "folder": str(folder)}
        asked |= {name: str(path) for name, path in outputs.items()}
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        watch = threading.Timer(INVOKED_WITHIN_SECONDS, self._kill)
        watch.start()
        try:
            self._program.stdin.write(f"{json.dumps(asked)}\n")
            self._program.stdin.flush()
            ended = self._program.stdout.readline()
        finally:
            watch.cancel()
        printed = tuple(path.read_text(errors="replace") if path.exists() else "" for path in outputs.values())
        assert ended, f"`sam {' '.join(arguments)}` did not end within {INVOKED_WITHIN_SECONDS} s. {printed}"
        return printed[0], printed[1]

    def _kill(self) -> None:
        os.killpg(self._program.pid, 9)


@contextmanager
def forked() -> Iterator[Forked]:
    program = subprocess.Popen(
        [str(SAM_ENVIRONMENT / "bin" / "python"), str(Path(__file__).parent / "forked_sam_cli.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with program:
        try:
            yield Forked(program)
        finally:
            program.kill()


@dataclass(frozen=True)
class Sam:
    """`sam local invoke` on an engine, with a folder for what it is given."""

    program: Started | Forked
    engine: Engine
    folder: Path

    def invoke(
        self, function: str, event: dict[str, Any], template: Path, *options: str, image: str = IMAGE
    ) -> Printed:
        given = self.folder / f"{function}.json"
        given.write_text(json.dumps(event))
        arguments = (
            *("local", "invoke", function, "--event", str(given)),
            *("--template", str(template), "--region", SECONDARY_REGION),
            *("--invoke-image", image, "--skip-pull-image", "--no-memory-limit", *options),
        )
        output, log = self.program.call(arguments, environment(self.engine.environment()), self.folder)
        last = (output.strip().splitlines() or [""])[-1]
        try:
            return Printed(json.loads(last), log)
        except ValueError:
            return Printed(None, output + log)


def environment(given: dict[str, str]) -> dict[str, str]:
    """The lab's own credentials of the Region, and none of the user's.

    Before each call SAM CLI asks STS whose they are, and where AWS is not reached it asks for up to twelve seconds. What it
    takes when nobody answers is the lab's own account.
    """
    return {
        **{name: value for name, value in given.items() if not name.startswith("AWS_")},
        "AWS_ACCESS_KEY_ID": f"LAB-{SECONDARY_REGION}",
        "AWS_SECRET_ACCESS_KEY": "lab",
        "AWS_DEFAULT_REGION": SECONDARY_REGION,
        "AWS_ENDPOINT_URL_STS": NOBODY_LISTENS,
        "AWS_MAX_ATTEMPTS": "1",
        "SAM_CLI_TELEMETRY": "0",
    }
