"""Runs one task of the service."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import uuid

import uvicorn

from webapi.service.app import TaskSettings, create_app
from webapi.service.plan_source import read_plan


def main() -> int:
    """Exit status 2 when the environment does not say which task this is."""
    parser = argparse.ArgumentParser(prog="python -m webapi.service", description=__doc__)
    parser.add_argument("--host", default="0.0.0.0")  # noqa: S104 - a container's port is reached from outside
    parser.add_argument("--port", type=int, default=8080)
    options = parser.parse_args()
    missing = [name for name in ("AWS_REGION", "PLAN_PARAMETER") if not os.environ.get(name)]
    if missing:
        print(f"{' and '.join(missing)} must be set in the environment.", file=sys.stderr)  # noqa: T201
        return 2
    logging.basicConfig(
        level=logging.INFO,
        format='{"at":"%(asctime)s","level":"%(levelname)s","logger":"%(name)s","message":"%(message)s"}',
    )
    region, parameter = os.environ["AWS_REGION"], os.environ["PLAN_PARAMETER"]
    settings = TaskSettings(region, os.environ.get("SERVICE_TASK_ID") or uuid.uuid4().hex[:8])
    app = create_app(settings, lambda: read_plan(parameter, region))
    uvicorn.run(app, host=options.host, port=options.port, access_log=False, log_level="warning", timeout_keep_alive=65)
    return 0


if __name__ == "__main__":
    sys.exit(main())
