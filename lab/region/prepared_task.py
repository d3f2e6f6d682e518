"""How do a lab's first tasks start without each importing the same libraries? One process does, and forks them.

Stands for a host that has the image already. Standard input: for each task one line, its environment, log and arguments
as JSON; answered by its process id. The end of the input ends this process, and none of its tasks.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from typing import Any

import boto3

from lab.cloud import service_models
from lab.region.task_role import take_on
from webapi.service.__main__ import main


def fork_tasks() -> int:
    """Exit code 0; in a task, the service's."""
    _read_service_models()
    # Nobody here asks for a task's end, and none is to remain as a zombie.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    # A collection in a task would touch, and so copy, every page that it shares with its parent.
    gc.collect()
    gc.freeze()
    while line := sys.stdin.readline():
        task = os.fork()
        if task == 0:
            return _become(json.loads(line))
        sys.stdout.write(f"{task}\n")
        sys.stdout.flush()
    return 0


def _read_service_models() -> None:
    """Those that a task needs, once for all tasks."""
    service_models.share()
    session = boto3.session.Session(aws_access_key_id="image", aws_secret_access_key="image")  # noqa: S106
    for service in ("s3", "secretsmanager", "ssm"):
        session.client(service, region_name="us-west-2")


def _become(task: dict[str, Any]) -> int:
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # Nobody reads what a task prints: it belongs in the log.
    for path, flags, replaced in ((os.devnull, os.O_RDONLY, (0,)), (task["log"], os.O_WRONLY | os.O_APPEND, (1, 2))):
        opened = os.open(path, flags | os.O_CREAT, 0o666)
        for descriptor in replaced:
            os.dup2(opened, descriptor)
        os.close(opened)
    os.environ.update(task["environment"])
    take_on()
    return main(task["arguments"])


if __name__ == "__main__":
    sys.exit(fork_tasks())
