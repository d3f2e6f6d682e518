"""How does the API's desired state become real processes, and how does AWS's state learn of them?

One thread for each concern, each waiting on the cloud's long poll: DB instances get servers and promotions
(`database_servers`), a desired count starts tasks, and only tasks that answer /livez become targets of the Region's
load balancer.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from lab.cloud.control_client import CloudControl

POLL_SECONDS = 0.2
logger = logging.getLogger(__name__)


class Databases(Protocol):
    """The servers of the DB instances; told of all instances whenever one changed. Must return at once."""

    def follow(self, cloud: CloudControl, entries: Sequence[Mapping[str, Any]]) -> None: ...


class Tasks(Protocol):
    """A Region's tasks: brings their number to `desired`, and returns the addresses of the live ones."""

    def reconcile(self, desired: int) -> list[tuple[str, int]]: ...


class ControlLoop:
    """Runs until `stop`; failures of the real parts are reported to the emulated AWS, never swallowed."""

    def __init__(
        self,
        cloud: CloudControl,
        databases: Databases,
        tasks: Mapping[str, Tasks],
        targets_changed: Callable[[str, list[tuple[str, int]]], None],
    ) -> None:
        """`tasks` are by Region; `targets_changed(region, addresses)` is called on every change."""
        self._cloud = cloud
        self._databases = databases
        self._tasks = tasks
        self._targets_changed = targets_changed
        self._stopping = threading.Event()
        self._desired: dict[str, int] = dict.fromkeys(tasks, 0)
        self._changed = {region: threading.Event() for region in tasks}
        self._keepers = [
            threading.Thread(target=self._keep_tasks, args=(region,), name=f"tasks-{region}", daemon=True)
            for region in tasks
        ]

    def start(self) -> None:
        threading.Thread(target=self._follow, name="desired-state", daemon=True).start()
        for keeper in self._keepers:
            keeper.start()

    def stop(self) -> None:
        """Stop acting; the processes themselves are ended by whoever started them.

        Nothing waits for the open question after the desired state: its answer is no longer acted on.
        """
        self._stopping.set()
        for event in self._changed.values():
            event.set()
        for keeper in self._keepers:
            keeper.join(5)

    def _follow(self) -> None:
        version = 0
        while not self._stopping.is_set():
            try:
                desired = self._cloud.desired(after=version, wait_seconds=1.0)
            except OSError:
                if self._stopping.wait(POLL_SECONDS):
                    return
                continue
            if self._stopping.is_set():
                return
            version = desired["version"]
            for service in desired["services"]:
                self._want(service["region"], service["desired"])
            self._databases.follow(self._cloud, desired["databases"])

    def _want(self, region: str, count: int) -> None:
        if region in self._desired and self._desired[region] != count:
            self._desired[region] = count
            self._changed[region].set()

    def _keep_tasks(self, region: str) -> None:
        """Reconcile on every change of the desired count, and often enough to see a task die."""
        known: list[tuple[str, int]] | None = None
        while not self._stopping.is_set():
            live = sorted(self._tasks[region].reconcile(self._desired[region]))
            if live != known:
                try:
                    self._targets_changed(region, live)
                    known = live
                except OSError as error:
                    logger.warning("the targets of %s are told again: %s", region, error)
            self._changed[region].wait(POLL_SECONDS)
            self._changed[region].clear()
