"""What do the APIs want of the real processes, and what have the processes reported back?

The emulated RDS and ECS write here what was asked for; the lab's control loop reads it, acts, and reports; whoever
asked to hear of reports is told.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

DatabaseReport = Callable[[str, str, dict[str, Any]], None]


class DesiredState:
    """Every change raises `version`. Safe from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._version = 0
        self._services: dict[tuple[str, str, str], dict[str, Any]] = {}
        self._databases: dict[tuple[str, str], dict[str, Any]] = {}
        self._backups: dict[tuple[str, str], dict[str, Any]] = {}
        self._listeners: list[DatabaseReport] = []
        # Whether somebody makes a real server for every DB instance: the lab does, a test of the APIs alone does not.
        self.makes_servers = False

    def set_service(self, region: str, cluster: str, service: str, desired: int) -> None:
        """The number of tasks that the API wants."""
        self._update(self._services, (region, cluster, service), {"desired": desired})

    def report_running(self, region: str, cluster: str, service: str, running: int) -> None:
        """The number of tasks that really answer."""
        self._update(self._services, (region, cluster, service), {"running": running})

    def running(self, region: str, cluster: str, service: str) -> int:
        with self._changed:
            return int(self._services.get((region, cluster, service), {}).get("running", 0))

    def set_database(self, region: str, instance: str, **fields: Any) -> None:
        """Fields of a DB instance: status, promotion_requested, source, made_from, and host and port of its server."""
        self._update(self._databases, (region, instance), fields)

    def rename_database(self, region: str, old: str, new: str) -> None:
        """The same instance with the same server, from now on called `new`."""
        with self._changed:
            self._databases[region, new] = self._databases.pop((region, old), {})
            self._version += 1
            self._changed.notify_all()

    def forget_database(self, region: str, instance: str) -> None:
        """There is no such instance any more, and its server is nobody's."""
        with self._changed:
            self._databases.pop((region, instance), None)
            self._version += 1
            self._changed.notify_all()

    def report_backup(self, region: str, backup: dict[str, Any]) -> None:
        """Of automated backups that have come to `region`, by their `arn`: whose they are, and what they reach."""
        with self._changed:
            self._backups[region, backup["arn"]] = backup

    def backups(self, region: str) -> list[dict[str, Any]]:
        with self._changed:
            return [backup for (where, _), backup in self._backups.items() if where == region]

    def database(self, region: str, instance: str) -> dict[str, Any]:
        with self._changed:
            return dict(self._databases.get((region, instance), {}))

    def on_database_report(self, listener: DatabaseReport) -> None:
        """`listener(region, instance, report)` is called for every report of the real server."""
        self._listeners.append(listener)

    def report_database(self, region: str, instance: str, report: dict[str, Any]) -> None:
        for listener in self._listeners:
            listener(region, instance, report)

    def snapshot(self, after: int, wait_seconds: float) -> dict[str, Any]:
        """Everything, once the version is higher than `after` or `wait_seconds` have passed."""
        with self._changed:
            self._changed.wait_for(lambda: self._version > after, wait_seconds)
            return {
                "version": self._version,
                "services": [
                    {"region": region, "cluster": cluster, "service": service, "desired": 0, "running": 0, **fields}
                    for (region, cluster, service), fields in self._services.items()
                ],
                "databases": [
                    {"region": region, "instance": instance, "promotion_requested": False, **fields}
                    for (region, instance), fields in self._databases.items()
                ],
            }

    def _update(self, table: dict[Any, dict[str, Any]], key: tuple[str, ...], fields: dict[str, Any]) -> None:
        with self._changed:
            entry = table.setdefault(key, {})
            if {**entry, **fields} != entry:
                entry.update(fields)
                self._version += 1
                self._changed.notify_all()
