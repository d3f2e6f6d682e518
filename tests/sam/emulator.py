"""AWS's own Runtime Interface Emulator with AWS's own runtime client, on the host: a function without a container.

The emulator is the one that SAM CLI puts into its images (samcli/local/rapid); memory is not limited here.
https://github.com/aws/aws-lambda-runtime-interface-emulator
"""

from __future__ import annotations

import json
import os
import platform
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).parents[2]
SAM_ENVIRONMENT = Path(os.environ.get("DRLAB_SAM_VENV", ROOT / ".venv-sam"))
STARTED_WITHIN_SECONDS = 10
# The emulator answers a timeout a little after the function's own.
ANSWERED_WITHIN_SECONDS = 90


@dataclass(frozen=True)
class Answered:
    """What the emulator answered: a function's own answer, or how it failed."""

    body: Any
    seconds: float

    @property
    def error(self) -> str:
        return str(self.body.get("errorType", "")) if isinstance(self.body, dict) else ""


def missing() -> str | None:
    """Why functions cannot run this way here, None when they can."""
    if platform.system() != "Linux":
        return "the Runtime Interface Emulator runs on Linux only"
    if not (SAM_ENVIRONMENT / "bin" / "sam").exists() or not emulator().exists():
        return f"{SAM_ENVIRONMENT} has no SAM CLI: run `make sam-local`, which makes it"
    return None


def emulator() -> Path:
    architecture = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"
    return packages(SAM_ENVIRONMENT) / "samcli" / "local" / "rapid" / f"aws-lambda-rie-{architecture}"


def packages(environment: Path) -> Path:
    return next((environment / "lib").glob("python3*")) / "site-packages"


class Emulated:
    """One function, started and kept warm. Leaving it ends it and whatever it started."""

    def __init__(self, code: Path, configuration: Mapping[str, Any], own_packages: Path, region: str) -> None:
        self._port, runtime_port = free_port(), free_port()
        self._process = subprocess.Popen(
            [
                str(emulator()),
                *("--runtime-interface-emulator-address", f"127.0.0.1:{self._port}"),
                *("--runtime-api-address", f"127.0.0.1:{runtime_port}"),
                *(str(SAM_ENVIRONMENT / "bin" / "python"), "-m", "awslambdaric", configuration["Handler"]),
            ],
            cwd=code,
            env=_environment(code, configuration, own_packages, region),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def __enter__(self) -> Emulated:
        deadline = time.monotonic() + STARTED_WITHIN_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port), 0.2).close()
            except OSError:
                assert time.monotonic() < deadline, f"the emulator did not listen. {self.end()}"
                time.sleep(0.005)
            else:
                return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def invoke(self, event: Any) -> Answered:
        """Send one event. A function that raises, times out or dies is answered as Lambda words it."""
        began = time.monotonic()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}/2015-03-31/functions/function/invocations", json.dumps(event).encode()
        )
        try:
            with urllib.request.urlopen(request, timeout=ANSWERED_WITHIN_SECONDS) as answer:
                text = answer.read().decode()
        except urllib.error.HTTPError as failed:
            # 502 for a function that died: what the emulator says of it is in the body.
            text = failed.read().decode()
        return Answered(_parsed(text), time.monotonic() - began)

    def end(self) -> str:
        """End it, if it has not ended; what it logged since the last time."""
        if self._process.stdout is None or self._process.stdout.closed:
            return ""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        logged, _ = self._process.communicate(timeout=5)
        return logged.decode(errors="replace")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _parsed(text: str) -> Any:
    """A timeout is answered as plain text, everything else as JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _environment(code: Path, configuration: Mapping[str, Any], own_packages: Path, region: str) -> dict[str, str]:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime"""
    return {
        "PATH": os.environ.get("PATH", ""),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        **configuration.get("Environment", {}).get("Variables", {}),
        # The root for webapi/, which the operators' layer brings on AWS.
        "PYTHONPATH": os.pathsep.join((str(code), str(own_packages), str(ROOT))),
        "LAMBDA_TASK_ROOT": str(code),
        "_HANDLER": configuration["Handler"],
        "AWS_LAMBDA_FUNCTION_NAME": configuration["FunctionName"],
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration.get("MemorySize", 512)),
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(configuration["Timeout"]),
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": f"LAB-{region}",
        "AWS_SECRET_ACCESS_KEY": "lab",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
