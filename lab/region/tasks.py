"""Which of a Region's service tasks run and answer now, and what brings their number to what is desired?

Stands for Amazon ECS: it starts what is missing, replaces a task that dies or no longer answers /livez, and takes a
task out of the load balancer before it stops it.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-load-balancing.html
"""

from __future__ import annotations

import http.client
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from lab.host.processes import Processes, ProcessFailed, Started
from lab.region.ports import free_port
from lab.secret_key import secret_key
from lab.settings import ACCOUNT_ID, SERVICE

HOST = "127.0.0.1"
ANSWER_WITHIN = timedelta(seconds=1)
START_WITHIN = timedelta(seconds=30)
STOP_WITHIN = timedelta(seconds=3)
MISSES_UNTIL_UNHEALTHY = 2
PAUSE_AFTER_A_FAILED_START = timedelta(seconds=1)
# The variable that tells a task whose role it acts with.
SERVICE_ARN = "DRLAB_ECS_SERVICE_ARN"

Address = tuple[str, int]
Command = Callable[[Address], Sequence[str]]
logger = logging.getLogger(__name__)


def service_command(address: Address) -> Sequence[str]:
    """The protected service, listening at `address`, as its task role allows."""
    return [sys.executable, "-m", "lab.region.task_role", *_listen_at(address)]


def _listen_at(address: Address) -> list[str]:
    host, port = address
    return ["--host", host, "--port", str(port)]


class TaskImage:
    """The service with its imports behind it, from which tasks are forked; the imports begin at once."""

    def __init__(self, processes: Processes) -> None:
        """Raises ProcessFailed."""
        self._lock = threading.Lock()
        self._processes = processes
        self._parent = processes.start(
            [sys.executable, "-m", "lab.region.prepared_task"],
            name="the task image",
            log=processes.state_directory / "task-image.log",
            piped=True,
        )

    @property
    def pid(self) -> int:
        return self._parent.pid

    def fork(self, name: str, address: Address, environment: Mapping[str, str], log: Path) -> Started:
        """A task that listens at `address`, once the imports are done. Raises ProcessFailed."""
        task = {"environment": environment, "log": str(log), "arguments": _listen_at(address)}
        with self._lock:
            self._parent.send_line(json.dumps(task))
            pid = int(self._parent.read_line(START_WITHIN))
        return self._processes.adopt(pid, name=name, log=log)


@dataclass
class Task:
    """One task; `answered` once /livez did, `misses` are the checks in a row that it failed."""

    process: Started
    address: Address
    started_at: float = field(default_factory=time.monotonic)
    answered: bool = False
    misses: int = 0

    @property
    def healthy(self) -> bool:
        return self.answered and self.misses < MISSES_UNTIL_UNHEALTHY

    @property
    def hopeless(self) -> bool:
        """It failed its checks, or never passed one in the time that a start may take."""
        if self.answered:
            return self.misses >= MISSES_UNTIL_UNHEALTHY
        return time.monotonic() - self.started_at > START_WITHIN.total_seconds()


class RegionTasks:
    """The tasks of one Region. Safe to use from several threads; `reconcile` is meant to be called again and again."""

    def __init__(
        self,
        region: str,
        processes: Processes,
        endpoint: str,
        plan_parameter: str,
        command: Command = service_command,
    ) -> None:
        """Start nothing yet. `endpoint` is the emulated AWS's URL; `command` is what a task runs."""
        self._region = region
        self._processes = processes
        self._environment = {
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": f"LAB-{region}",
            "AWS_SECRET_ACCESS_KEY": secret_key(region),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "PLAN_PARAMETER": plan_parameter,
            SERVICE_ARN: f"arn:aws:ecs:{region}:{ACCOUNT_ID}:service/{SERVICE}/{SERVICE}",
        }
        self._command = command
        self._lock = threading.Lock()
        self._tasks: list[Task] = []
        self._leaving: list[Task] = []
        self._prepared: list[TaskImage] = []
        self._count = 0
        self._start_not_before = 0.0
        self._lost = False
        self._frozen = False
        self._checks = ThreadPoolExecutor(4, thread_name_prefix=f"livez-{region}")

    def prepare(self, image: TaskImage, count: int) -> None:
        """The next `count` tasks are to be the service itself, forked from `image`."""
        with self._lock:
            self._prepared = [image] * count

    def reconcile(self, desired: int) -> list[Address]:
        """Start or stop tasks towards `desired`; returns where the healthy ones listen.

        Does not wait for a start (but for the imports of the image that it is forked from): a new task is returned by the
        call that finds it answering. Takes about ANSWER_WITHIN when a task hangs.
        Raises ProcessFailed when a task cannot even be started.
        """
        with self._lock:
            self._stop_those_leaving()
            tasks = list(self._tasks)
        for task, alive in zip(tasks, self._checks.map(_answers, tasks), strict=True):
            task.answered = task.answered or alive
            task.misses = 0 if alive else task.misses + 1
        with self._lock:
            if not self._lost and not self._frozen:
                self._replace_failed()
                self._start_missing(desired)
                self._take_out(len(self._tasks) - desired)
            return [task.address for task in self._tasks if task.healthy and task.process.is_alive()]

    def running(self) -> int:
        """How many tasks' processes exist, healthy or not."""
        with self._lock:
            return sum(task.process.is_alive() for task in self._tasks)

    def addresses(self) -> list[Address]:
        """Where its tasks listen, whether or not they answer: how somebody inside the Region reaches them."""
        with self._lock:
            return [task.address for task in self._tasks]

    def kill_all(self) -> None:
        """Lose every task at once; none is started again until `restore`."""
        with self._lock:
            self._lost = True
            for task in [*self._tasks, *self._leaving]:
                self._processes.kill_tree(task.process)
            self._tasks, self._leaving = [], []

    def freeze(self) -> None:
        """Stop every task from running: sockets stay open, nothing answers, nothing is replaced until `restore`."""
        with self._lock:
            self._frozen = True
            for task in self._tasks:
                self._processes.freeze(task.process)

    def restore(self) -> None:
        """End what `kill_all` or `freeze` began: frozen tasks run on, lost ones are started by `reconcile`."""
        with self._lock:
            for task in self._tasks:
                self._processes.thaw(task.process)
                task.misses = 0
            self._lost = self._frozen = False

    def _stop_those_leaving(self) -> None:
        leaving, self._leaving = self._leaving, []
        for task in leaving:
            self._processes.terminate(task.process, within=STOP_WITHIN)

    def _replace_failed(self) -> None:
        for task in list(self._tasks):
            if task.process.is_alive() and not task.hopeless:
                continue
            self._processes.kill_tree(task.process)
            self._tasks.remove(task)
            if not task.answered:
                self._start_not_before = time.monotonic() + PAUSE_AFTER_A_FAILED_START.total_seconds()

    def _start_missing(self, desired: int) -> None:
        while len(self._tasks) < desired and time.monotonic() >= self._start_not_before:
            address = (HOST, free_port())
            self._tasks.append(Task(self._start(address), address))

    def _start(self, address: Address) -> Started:
        self._count += 1
        name = f"task-{self._region}-{self._count}"
        environment = {**self._environment, "SERVICE_TASK_ID": name}
        log = self._processes.state_directory / f"{name}.log"
        if self._prepared:
            try:
                return self._prepared.pop().fork(name, address, environment, log)
            except ProcessFailed as error:
                logger.warning("%s is started from nothing: %s", name, error)
        return self._processes.start(self._command(address), name=name, env=environment, log=log)

    def _take_out(self, surplus: int) -> None:
        """The newest leave first. They stop in the next round, when the load balancer knows."""
        for _ in range(surplus):
            self._leaving.append(self._tasks.pop())


def _answers(task: Task) -> bool:
    connection = http.client.HTTPConnection(*task.address, timeout=ANSWER_WITHIN.total_seconds())
    try:
        connection.request("GET", "/livez")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
