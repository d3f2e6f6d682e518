"""Do a Region's tasks come to the number that is desired, and stay lost when the Region is?"""

from __future__ import annotations

import http.client
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
import pytest

from lab.host.processes import Processes
from lab.host.reaper import is_alive
from lab.region.tasks import Address, RegionTasks, TaskImage

STAND_IN = Path(__file__).with_name("stand_in_service.py")
WITHIN_SECONDS = 20.0


def stand_in(address: Address) -> Sequence[str]:
    host, port = address
    return [sys.executable, str(STAND_IN), "--host", host, "--port", str(port)]


@pytest.fixture
def processes() -> Iterator[Processes]:
    with Processes() as processes:
        yield processes


@pytest.fixture
def tasks(processes: Processes) -> RegionTasks:
    return RegionTasks("us-west-2", processes, "http://127.0.0.1:1", "/drlab/app/plan", stand_in)


@pytest.fixture
def image(processes: Processes) -> TaskImage:
    return TaskImage(processes)


def reconciled(tasks: RegionTasks, desired: int, until: Callable[[list[Address]], bool]) -> list[Address]:
    """What `reconcile` says once `until` holds; it is called as often as the lab's control loop does."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while not until(found := tasks.reconcile(desired)):
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found


def named(address: Address) -> str:
    connection = http.client.HTTPConnection(*address, timeout=10)
    connection.request("GET", "/livez")
    name = json.loads(connection.getresponse().read())["task"]
    connection.close()
    return str(name)


def test_a_task_counts_only_once_it_answers(tasks: RegionTasks) -> None:
    assert tasks.reconcile(2) == []
    assert tasks.running() == 2
    found = reconciled(tasks, 2, lambda live: len(live) == 2)
    assert {named(address) for address in found} == {"task-us-west-2-1", "task-us-west-2-2"}


def test_a_surplus_task_leaves_the_list_before_it_stops(tasks: RegionTasks) -> None:
    """The load balancer must stop sending to it first."""
    before = reconciled(tasks, 2, lambda live: len(live) == 2)
    after = tasks.reconcile(1)
    assert after == before[:1]
    assert tasks.running() == 1
    assert named(before[1]) == "task-us-west-2-2"
    assert tasks.reconcile(1) == after
    with pytest.raises(ConnectionRefusedError):
        named(before[1])


def test_lost_tasks_stay_lost_until_the_region_is_restored(tasks: RegionTasks) -> None:
    reconciled(tasks, 2, lambda live: len(live) == 2)
    tasks.kill_all()
    assert tasks.running() == 0
    assert [tasks.reconcile(2) for _ in range(3)] == [[], [], []]
    assert tasks.running() == 0
    tasks.restore()
    found = reconciled(tasks, 2, lambda live: len(live) == 2)
    assert {named(address) for address in found} == {"task-us-west-2-3", "task-us-west-2-4"}


def is_not_healthy_while_it_is_frozen(tasks: RegionTasks) -> None:
    before = reconciled(tasks, 1, lambda live: len(live) == 1)
    tasks.freeze()
    reconciled(tasks, 1, lambda live: not live)
    assert tasks.running() == 1
    tasks.restore()
    assert reconciled(tasks, 1, lambda live: len(live) == 1) == before


def test_frozen_tasks_are_not_healthy_and_run_on_when_restored(tasks: RegionTasks) -> None:
    is_not_healthy_while_it_is_frozen(tasks)


def test_a_task_that_dies_is_replaced() -> None:
    with Processes() as processes:

        def first_one_dies(address: Address) -> Sequence[str]:
            started.append(address)
            return [sys.executable, "-c", "raise SystemExit(1)"] if len(started) == 1 else stand_in(address)

        started: list[Address] = []
        tasks = RegionTasks("us-west-2", processes, "http://127.0.0.1:1", "/drlab/app/plan", first_one_dies)
        assert reconciled(tasks, 1, lambda live: len(live) == 1) == [started[1]]


def test_a_forked_task_is_the_next_and_a_process_of_its_own(tasks: RegionTasks, image: TaskImage) -> None:
    """It is the service itself, in a session of its own; what is started after it is what the Region runs otherwise."""
    tasks.prepare(image, 1)
    assert tasks.running() == 0
    first = reconciled(tasks, 1, lambda live: len(live) == 1)
    [forked] = psutil.Process(image.pid).children()
    assert os.getsid(forked.pid) == forked.pid
    both = reconciled(tasks, 2, lambda live: len(live) == 2)
    assert both[:1] == first
    assert named(both[1]) == "task-us-west-2-2"
    tasks.kill_all()
    # It is killed at once, and gone once the process that forked it has heard of that.
    forked.wait(10)
    assert tasks.running() == 0


def test_a_forked_task_that_is_frozen_is_not_healthy_and_runs_on_when_thawed(
    tasks: RegionTasks, image: TaskImage
) -> None:
    tasks.prepare(image, 1)
    is_not_healthy_while_it_is_frozen(tasks)


def test_an_image_that_died_is_done_without(tasks: RegionTasks, image: TaskImage) -> None:
    tasks.prepare(image, 1)
    psutil.Process(image.pid).kill()
    assert [named(address) for address in reconciled(tasks, 1, lambda live: len(live) == 1)] == ["task-us-west-2-1"]


def test_forked_tasks_end_with_the_lab() -> None:
    """They are no children of the lab, and outlive the process that forked them."""
    with Processes() as processes:
        tasks = RegionTasks("us-west-2", processes, "http://127.0.0.1:1", "/drlab/app/plan", stand_in)
        image = TaskImage(processes)
        tasks.prepare(image, 1)
        tasks.reconcile(1)
        [forked] = psutil.Process(image.pid).children()
        psutil.Process(image.pid).kill()
        assert tasks.running() == 1
    assert not is_alive(forked)
