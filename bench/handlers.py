"""How long does a handler take to start, as a ratio to importing boto3 and Powertools' Logger alone?

Each measurement is a fresh process; the two kinds alternate, so that a machine whose speed drifts
slows both. Target: 1.3 or less for the import and the first client. The one function that serves an HTTP API is compared
with the same and its web framework: it is asked by people, and no run waits for it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

ROUNDS = 7
TARGET = 1.3
ROOT = Path(__file__).parents[1]
BASELINE = "import boto3; from aws_lambda_powertools import Logger; boto3.session.Session().client('ssm')"
HANDLER = "import handlers.{name}; from failover.wiring.this_region import client; client('ssm')"
WEB = f"{BASELINE}; from fastapi import FastAPI; from mangum import Mangum; FastAPI()"
BASELINES = {"operator_api": WEB}
TIMED = "import time; began = time.perf_counter(); {body}; print(time.perf_counter() - began)"


def main() -> None:
    names = sorted(path.stem for path in (ROOT / "functions" / "handlers").glob("[a-z]*.py"))
    bodies = {body: body for body in (BASELINE, WEB)} | {name: HANDLER.format(name=name) for name in names}
    seconds: dict[str, list[float]] = {what: [] for what in bodies}
    for _ in range(ROUNDS):
        for what, body in bodies.items():
            seconds[what].append(_measure(body))
    took = {what: statistics.median(found) for what, found in seconds.items()}
    print(
        f"baseline: {took[BASELINE] * 1000:.0f} ms, with the web framework {took[WEB] * 1000:.0f} ms (median of {ROUNDS})"
    )
    for name in names:
        ratio = took[name] / took[BASELINES.get(name, BASELINE)]
        print(f"{name:36s} {ratio:5.2f} x baseline  {'ok' if ratio <= TARGET else f'over {TARGET}'}")


def _measure(body: str) -> float:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "functions"),
        "AWS_REGION": "us-west-2",
        "AWS_DEFAULT_REGION": "us-west-2",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "POWERTOOLS_SERVICE_NAME": "bench",
        "POWERTOOLS_METRICS_NAMESPACE": "bench",
        "PLAN_PARAMETER": "/drlab/app/plan",
    }
    done = subprocess.run(
        [sys.executable, "-c", TIMED.format(body=body)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return float(done.stdout.strip().splitlines()[-1])


if __name__ == "__main__":
    main()
