"""How does the lab speak to its emulated AWS, beside the AWS APIs?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

import urllib3

CALL_SECONDS = 5.0


class CloudUnavailable(OSError):
    """The emulated AWS did not answer, or refused what it was told; the text says which."""


class CloudControl:
    """A client for the paths under /_lab/. Safe from any thread; every method raises CloudUnavailable."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._pool = urllib3.PoolManager(maxsize=8, retries=False)

    def set_dark(self, region: str, dark: bool) -> None:
        self._post(f"regions/{region}", {"dark": dark})

    def set_link(self, source: str, target: str, cut: bool) -> None:
        self._post("links", {"from": source, "to": target, "cut": cut})

    def register_names(self, names: Mapping[str, tuple[str, int]]) -> None:
        """Host name -> where it really listens."""
        self._post("names", {name: f"{host}:{port}" for name, (host, port) in names.items()})

    def journal(self, after: int = 0, wait_seconds: float = 0.0) -> dict[str, Any]:
        """{"entries": [...], "last": n}; waits for a new entry for up to `wait_seconds`."""
        return self._get(f"journal?after={after}&wait={wait_seconds}", wait_seconds)

    def desired(self, after: int = 0, wait_seconds: float = 0.0) -> dict[str, Any]:
        """{"version", "services", "databases"}; waits for a newer version for up to `wait_seconds`."""
        return self._get(f"desired?after={after}&wait={wait_seconds}", wait_seconds)

    def dns(self, name: str) -> dict[str, Any]:
        """Route 53's answer for a name at this moment."""
        return self._get(f"dns/{quote(name)}", 0.0)

    def set_database_endpoint(self, region: str, instance: str, host: str, port: int) -> None:
        self._post(f"databases/{region}/{instance}", {"endpoint": {"host": host, "port": port}})

    def make_servers(self, made: bool = True) -> None:
        """Whether a DB instance is `creating` until its server is reported."""
        self._post("servers", {"made": made})

    def report_database(
        self, region: str, instance: str, event: str, reason: str = "", address: tuple[str, int] | None = None
    ) -> None:
        """`event` is created (then with the server's address), creation-failed, promoted or promotion-failed."""
        where = {} if address is None else {"host": address[0], "port": address[1]}
        self._post(f"databases/{region}/{instance}", {"event": event, "reason": reason, **where})

    def report_snapshot(self, region: str, instance: str, snapshot: str, at: datetime | None) -> None:
        """Its files are there, the newest of `at`; None: they could not be had."""
        event = {"event": "backed-up", "at": at.isoformat()} if at else {"event": "backup-failed"}
        self._post(f"databases/{region}/{instance}", {**event, "snapshot": snapshot})

    def report_backup(self, region: str, arn: str, source: tuple[str, str], window: tuple[datetime, datetime]) -> None:
        """Automated backups of `source`, (Region, instance), have come to `region` and reach over `window`."""
        earliest, latest = (one.isoformat() for one in window)
        told = {"arn": arn, "instance": source[1], "resource_id": f"db-{source[1]}", "source_region": source[0]}
        self._post(f"backups/{region}", {**told, "earliest": earliest, "latest": latest})

    def permissions(self) -> dict[str, Any]:
        """By the ARN of each that acted: grants `used` and `unused` as [action, resource], calls `denied`."""
        return self._get("permissions", 0.0)

    def authorize(self, call: Mapping[str, Any]) -> str | None:
        """None when the caller's role allows the call, else why it does not."""
        body = json.dumps(call, default=str).encode()
        reason: str | None = self._call("POST", "authorize", body, CALL_SECONDS)["denied"]
        return reason

    def report_tasks(self, region: str, cluster: str, service: str, running: int) -> None:
        self._post(f"services/{region}/{cluster}/{service}", {"running": running})

    def set_targets(self, region: str, target_group_arn: str, targets: Sequence[tuple[str, int]]) -> None:
        """The healthy targets of a target group are exactly these."""
        addresses = [list(target) for target in targets]
        self._post(f"targets/{region}", {"target_group": target_group_arn, "targets": addresses})

    def _get(self, path: str, wait_seconds: float) -> dict[str, Any]:
        return self._call("GET", path, None, CALL_SECONDS + wait_seconds)

    def _post(self, path: str, body: Mapping[str, Any]) -> None:
        self._call("POST", path, json.dumps(body).encode(), CALL_SECONDS)

    def _call(self, method: str, path: str, body: bytes | None, timeout_seconds: float) -> dict[str, Any]:
        url = f"{self.endpoint}/_lab/{path}"
        try:
            answer = self._pool.request(method, url, body=body, timeout=timeout_seconds)
        except urllib3.exceptions.HTTPError as error:
            raise CloudUnavailable(f"the emulated AWS did not answer {method} {path}: {error}") from error
        if answer.status != 200:
            raise CloudUnavailable(f"the emulated AWS answered {answer.status} to {method} {path}: {answer.data!r}")
        found: dict[str, Any] = json.loads(answer.data)
        return found
