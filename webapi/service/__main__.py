"""How is one task of the service run? `python -m webapi.service --host 127.0.0.1 --port 8080`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import uvicorn

from webapi.service.app import service_app
from webapi.service.cloud import Aws
from webapi.service.log_lines import write_json_lines
from webapi.service.settings import Settings, SettingsError
from webapi.service.task import Task

# A load balancer keeps idle connections for 60 s by default, and a target must keep them longer:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html#connection-idle-timeout
IDLE_CONNECTION_SECONDS = 65
# ECS kills a task 30 s after SIGTERM by default:
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html (stopTimeout)
LONGEST_SHUTDOWN_SECONDS = 10
LONGEST_BACKLOG = 1024


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT. Exit code 2: the environment cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m webapi.service", description="One task of the service.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="TCP port to listen on (default: %(default)s)")
    chosen = parser.parse_args(arguments)
    try:
        settings = Settings.read(os.environ)
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    write_json_lines(settings)
    uvicorn.Server(
        server_settings(Task(settings, Aws(settings.region, settings.task_id)), chosen.host, chosen.port)
    ).run()
    return 0


def server_settings(task: Task, host: str, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        service_app(task),
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=IDLE_CONNECTION_SECONDS,
        timeout_graceful_shutdown=LONGEST_SHUTDOWN_SECONDS,
        backlog=LONGEST_BACKLOG,
        lifespan="on",
    )


if __name__ == "__main__":
    sys.exit(main())
